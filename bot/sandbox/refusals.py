"""What the Bot API refuses, in its own words."""

from dataclasses import dataclass


@dataclass
class Refusal(Exception):
    """A refused call: HTTP status, the API's description and, for 429, seconds to wait."""

    code: int
    description: str
    retry_after: int | None = None

    def envelope(self) -> dict[str, object]:
        """The JSON body the Bot API answers with."""
        body: dict[str, object] = {
            "ok": False,
            "error_code": self.code,
            "description": self.description,
        }
        if self.retry_after is not None:
            body["parameters"] = {"retry_after": self.retry_after}
        return body


def bad_request(words: str) -> Refusal:
    """A 400 in the API's wording."""
    return Refusal(400, f"Bad Request: {words}")


def forbidden(words: str) -> Refusal:
    """A 403 in the API's wording."""
    return Refusal(403, f"Forbidden: {words}")


def conflict(words: str) -> Refusal:
    """A 409 in the API's wording."""
    return Refusal(409, f"Conflict: {words}")


def too_many(retry_after: int) -> Refusal:
    """A 429; `retry_after` in seconds."""
    return Refusal(429, f"Too Many Requests: retry after {retry_after}", retry_after)


UNAUTHORIZED = Refusal(401, "Unauthorized")
NOT_FOUND = Refusal(404, "Not Found")
