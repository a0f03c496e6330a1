"""How far a request has come."""

import time

import msgspec
from yarl import URL

__all__ = ["Progress"]


class Progress(msgspec.Struct):
    """How far a request has come; the pool and the connection write it, since they alone know.

    Attributes:
        url: that is asked now: redirects change it.
        connected: there is a connection for it.
        reused: which has carried other requests before.
        answered: the head of its answer has come.
        sent: some server may have seen something, of this request or of one that redirected to it.
    """

    url: URL
    connected: bool = False
    reused: bool = False
    answered: bool = False
    sent: bool = False
    started_s: float = msgspec.field(default_factory=time.monotonic)

    def ask(self, url: URL) -> None:
        """Begin a request of its own, or one that a redirect leads to."""
        self.url = url
        self.connected = self.reused = self.answered = False
