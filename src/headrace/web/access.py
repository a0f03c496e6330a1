"""Who may do what: a token for everything, and one for looking alone."""

import secrets
from enum import Enum
from hmac import compare_digest

import msgspec

__all__ = ["Access", "Tokens", "new_token"]


class Access(Enum):
    """What a token opens."""

    READ = "read"
    """Look at everything, change nothing."""
    FULL = "full"


def new_token() -> str:
    """A token that nobody guesses: 256 random bits, in characters that a URL takes."""
    return secrets.token_urlsafe(32)


class Tokens(msgspec.Struct, frozen=True):
    """The tokens of a server; `read` may be empty, and opens nothing then."""

    full: str
    read: str = ""

    def __repr__(self) -> str:
        return "Tokens(…)"

    def access(self, authorization: str) -> Access | None:
        """What the value of an `Authorization` header opens; None: nothing.

        It takes as long for each wrong token.
        """
        scheme, _, given = authorization.partition(" ")
        if scheme.lower() != "bearer":
            return None
        token = given.strip().encode("latin-1", errors="replace")  # the bytes that came
        is_full = compare_digest(token, self.full.encode())
        is_read = compare_digest(token, self.read.encode()) and bool(self.read)
        if is_full:
            return Access.FULL
        return Access.READ if is_read else None
