"""Fixed keys of the tests: nothing they protect is anybody's."""

import base64

MASTER = bytes(range(32))
BLIND = bytes(range(32, 64))
WEBHOOK_SECRET = "whsec_" + base64.b64encode(b"jianka-test-secret-0123456789ab").decode()
