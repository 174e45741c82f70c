"""The one table of every route of every face: a new one is not served before it stands here."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from doors import ENROL, SERVED, SIGN_IN

EVERYBODY = """
GET /static/<path:filename>
GET /healthz
GET /readyz
GET /metrics
GET /openapi.json
GET /i/
GET /i/<code>
POST /i/<code>
GET /i/<code>/confirm
GET /i/<code>/done
GET /i/<code>/qr.png
GET /i/<code>/terms
GET /i/<code>/privacy
GET /i/<code>/stop
POST /i/<code>/stop
GET /i/<code>/data
POST /i/<code>/data
GET /i/claim/<word>
POST /i/claim/<word>
GET /tablet/static/<path:filename>
GET /tablet/enrol
POST /tablet/enrol
GET /desk/static/<path:filename>
GET /desk/sign-in
POST /desk/sign-in
"""
"""What follows there is proven by a code, a link or a journey of one's own: test_guessing."""
SIGNED = """
POST /api/v1/events
"""
DEVICE = """
GET /tablet/sign-in
POST /tablet/sign-in
GET /tablet/walk-in
POST /tablet/walk-in
GET /tablet/walk-in/confirm
POST /tablet/walk-in/confirm
GET /tablet/walk-in/done
POST /tablet/walk-in/return
"""
COUNTER = """
GET /tablet/
GET /tablet/show
POST /tablet/show
POST /tablet/show/code
POST /tablet/show/open
GET /tablet/show/<reference>
POST /tablet/show/<reference>/bind
GET /tablet/register
GET /tablet/tasks
GET /tablet/today
GET /tablet/claims
GET /tablet/claims/<number>
GET /tablet/claims/<number>/credit
POST /tablet/claims/<number>/credit
GET /tablet/claims/<number>/refuse
POST /tablet/claims/<number>/refuse
POST /tablet/claims/<number>/assign
POST /tablet/claims/<number>/picture
GET /tablet/claims/<number>/picture/<int:look>
POST /tablet/claims/<number>/note
POST /tablet/register
"""
READ = """
GET /desk/
GET /desk/campaigns
GET /desk/campaigns/<slug>
GET /desk/campaigns/<slug>/friends/<int:number>
GET /desk/campaigns/<slug>/programme
GET /desk/campaigns/<slug>/programme.yaml
GET /desk/campaigns/<slug>/recoverable
GET /desk/campaigns/<slug>/rows/<what>
GET /desk/campaigns/<slug>/versions/<int:number>
GET /desk/approvals
GET /desk/approvals/<int:number>
GET /desk/audit
POST /desk/audit/file
GET /desk/cases
GET /desk/cases/<int:number>
GET /desk/cases/watched
GET /desk/claims
GET /desk/claims/<int:number>
POST /desk/claims/<int:number>/picture
GET /desk/claims/<int:number>/picture/<int:look>
POST /desk/claims/file
GET /desk/inquiries/<int:number>/progress
GET /desk/payouts
GET /desk/payouts/<int:number>
POST /desk/payouts/<int:number>/copy
GET /desk/payouts/asked/<int:number>
GET /desk/people
POST /desk/people
GET /desk/people/<kind>/<int:number>
GET /desk/remedies
GET /desk/remedies/<int:number>
POST /desk/remedies/friends
GET /desk/repairs
GET /desk/reviews
GET /desk/reviews/<int:number>
GET /desk/reviews/<int:number>/lines.csv
GET /desk/trials
GET /desk/trials/<int:number>
GET /desk/trials/<int:number>/chart.svg
"""
CHANGE = """
POST /desk/answers
POST /desk/approvals/<int:number>/confirm
POST /desk/approvals/<int:number>/turn-down
GET /desk/campaigns/<slug>/edit
POST /desk/campaigns/<slug>/edit
POST /desk/campaigns/<slug>/edit/preview
POST /desk/campaigns/<slug>/friends/<int:number>/cleared
POST /desk/campaigns/<slug>/friends/<int:number>/fraud
GET /desk/campaigns/<slug>/move/<to>
POST /desk/campaigns/<slug>/move/<to>
POST /desk/campaigns/<slug>/repairs
GET /desk/campaigns/<slug>/write-off
POST /desk/campaigns/<slug>/write-off
POST /desk/cases/<int:number>/appeal
POST /desk/cases/<int:number>/appeal/decide
POST /desk/cases/<int:number>/assign
POST /desk/cases/<int:number>/clear
POST /desk/cases/<int:number>/confirm
POST /desk/cases/<int:number>/find
POST /desk/cases/<int:number>/send-back
POST /desk/claims/<int:number>/assign
POST /desk/claims/<int:number>/credit
POST /desk/claims/<int:number>/note
POST /desk/claims/<int:number>/refuse
POST /desk/drafts
POST /desk/inquiries/<int:number>/stop
GET /desk/new-campaign
POST /desk/payouts
POST /desk/payouts/<int:number>/cancel
POST /desk/payouts/<int:number>/confirm
POST /desk/payouts/<int:number>/file
POST /desk/people/<kind>/<int:number>/look
POST /desk/proposals
POST /desk/remedies/<int:number>/agree
POST /desk/remedies/<int:number>/refuse
GET /desk/remedies/goodwill
POST /desk/remedies/goodwill
POST /desk/repairs/<int:number>/apply
POST /desk/reviews
POST /desk/reviews/<int:number>/propose
POST /desk/trials
"""
LOCK = """
POST /tablet/lock
"""
LEAVE = """
POST /desk/sign-out
"""
"""The last of each: nobody is signed in afterwards."""
DEMO = """
GET /api/v1/demo/log
"""

AT_TABLETS = ("teller", "teller elsewhere", "manager", "manager elsewhere")
AT_DESKS = ("desk", "manager at the desk", "manager elsewhere at the desk")
TABLET, DESK = "tablet", "desk"
DOORS: Mapping[str, Mapping[str, str]] = {
    EVERYBODY: {"": SERVED},
    SIGNED: {"bank": SERVED, "": "401"},
    DEVICE: {TABLET: SERVED, **dict.fromkeys(AT_TABLETS, SERVED), "": TABLET + ENROL},
    COUNTER: {
        **dict.fromkeys(AT_TABLETS, SERVED), TABLET: TABLET + SIGN_IN, "": TABLET + ENROL,
    },
    READ: {**dict.fromkeys((*AT_DESKS, "auditor"), SERVED), "": DESK + SIGN_IN},
    CHANGE: {**dict.fromkeys(AT_DESKS, SERVED), "auditor": "403", "": DESK + SIGN_IN},
    LOCK: {**dict.fromkeys((TABLET, *AT_TABLETS), TABLET + SIGN_IN), "": TABLET + ENROL},
    LEAVE: {"": DESK + SIGN_IN},
}  # fmt: skip
"""What each group of routes says to whom; the empty name is everybody else."""
SANDBOX = """
DELETE /sandbox/api/faults
GET /
GET /bank/apply
GET /bot<token>/<method>
GET /file/bot<token>/<path:path>
GET /sandbox/api/bank
GET /sandbox/api/bot
GET /sandbox/api/chats/<chat>/messages
GET /sandbox/api/clock
GET /sandbox/api/files/<file_id>
GET /sandbox/api/log
GET /sandbox/api/product
GET /sandbox/api/sms
GET /sandbox/api/stage
GET /sandbox/api/users
GET /sandbox/api/users/<int:user_id>/changes
GET /static/<path:filename>
PATCH /sandbox/api/users/<int:user_id>
POST /bank/apply
POST /bot<token>/<method>
POST /sandbox/api/bank/applications
POST /sandbox/api/bank/applications/<number>/<step>
POST /sandbox/api/bank/events/<event_id>/resend
POST /sandbox/api/clock/next-day
POST /sandbox/api/faults
POST /sandbox/api/groups
POST /sandbox/api/stage/restart
POST /sandbox/api/users
POST /sandbox/api/users/<int:user_id>/<any(block, unblock):verb>
POST /sandbox/api/users/<int:user_id>/choose
POST /sandbox/api/users/<int:user_id>/clear
POST /sandbox/api/users/<int:user_id>/contact
POST /sandbox/api/users/<int:user_id>/document
POST /sandbox/api/users/<int:user_id>/inline
POST /sandbox/api/users/<int:user_id>/photo
POST /sandbox/api/users/<int:user_id>/press
POST /sandbox/api/users/<int:user_id>/say
POST /sandbox/api/users/<int:user_id>/sticker
POST /sandbox/api/users/<int:user_id>/tap
POST /sandbox/sms
"""
"""One machine's toy on 127.0.0.1, which production does not start: it knows no role."""


def named(group: str) -> set[str]:
    """The routes of a group."""
    return set(group.split("\n")) - {""}


def table() -> Iterator[tuple[str, Mapping[str, str]]]:
    """Each route with what it says to whom, in the order in which they are tried."""
    for group, says in DOORS.items():
        for route in filter(None, group.split("\n")):
            yield route, says


def said(says: Mapping[str, str], who: str) -> str:
    """What a route says to somebody."""
    return says.get(who, says[""])
