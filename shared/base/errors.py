"""What the domain says when it says no: a code and parameters, worded at the edge."""

from __future__ import annotations


class Refusal(Exception):
    """A rule said no. `code` names the catalogue entry `error.<code>`; params fill it."""

    def __init__(self, code: str, /, **params: object) -> None:
        super().__init__(code)
        self.code = code
        self.params = params

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, Refusal) and self.code == other.code and self.params == other.params
        )

    def __hash__(self) -> int:
        return hash(self.code)

    def __str__(self) -> str:
        return self.code


class Misconfigured(Exception):
    """A setting, file or database is not fit to start with. The text says what to mend."""
