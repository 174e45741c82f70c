"""A claim's picture as both faces of staff serve it: drawn anew when it came, and only a picture.

That nothing keeps it, looks into it or runs in it is said by the headers of every answer of a
face: no-store, nosniff, and a policy that lets nothing load.
"""

from __future__ import annotations

from flask import Response

_NAME = "claim.jpg"


def served(jpeg: bytes) -> Response:
    """The picture, to be shown in a page."""
    response = Response(jpeg, content_type="image/jpeg")
    response.headers["Content-Disposition"] = f'inline; filename="{_NAME}"'
    response.headers["Cache-Control"] = "no-store"
    return response
