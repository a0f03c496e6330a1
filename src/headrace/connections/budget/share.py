"""The part of an API's budget that this process takes, of all that ask it. Pure, but for who they are."""

from math import inf

from headrace.sdk.budget import Peers

__all__ = ["Share"]

_SETTLING_S = 1.0
"""Who begins to ask is known to all after so long; until then all take no more than if everybody asked."""
_FORGOTTEN_S = 3.5
"""Who has not said for so long that they ask do not."""
_TURN_S = 2.0
"""Where some can have a request more than others, or one at all, they take turns."""


class Share:
    """An equal part for each process that asks, and for each that might while it is not known who does.

    Requests at once are kept to by all together: each process says how many it has reserved, and takes no
    more than the others leave, so that who comes waits until those who had more have less in flight.

    Attributes:
        parts: that a rate is divided into.
        most: requests of this process that may be in flight.
        is_asked: whether this process asks.
    """

    def __init__(self, peers: Peers) -> None:
        self.parts = 1
        self.most = 0
        self.is_asked = False
        self._peers = peers
        self._reserved: dict[str, int] = {}
        self._heard_s: dict[str, float] = {}
        self._came_s = -inf

    def begin(self, now_s: float) -> None:
        """This process begins to ask."""
        self.is_asked = True
        self._came_s = now_s
        self._peers.hasten()

    def end(self) -> None:
        """This process asks no more."""
        self.is_asked = False

    def hasten(self) -> None:
        """Have the others told at once."""
        self._peers.hasten()

    def hear(self, member: str, reserved: int, now_s: float) -> None:
        """Another process asks, and has reserved so many requests at once."""
        if member not in self._reserved:
            self._came_s = now_s
            if self.is_asked:
                self._peers.hasten()
        self._reserved[member] = reserved
        self._heard_s[member] = now_s

    def leave(self, member: str) -> None:
        """Another process does not ask any more."""
        self._reserved.pop(member, None)
        self._heard_s.pop(member, None)

    def is_free(self, now_s: float) -> bool:
        """Whether no other process asks."""
        for member in [id_ for id_, heard_s in self._heard_s.items() if now_s - heard_s > _FORGOTTEN_S]:
            self.leave(member)
        return not self._reserved

    def divide(self, total: int, now_s: float, wall_s: float) -> None:
        """Find out what this process may take now.

        Args:
            total: requests that all together may have in flight.
            now_s: on a clock that only goes forward.
            wall_s: on one that all processes share, more or less.
        """
        self.is_free(now_s)
        crowd = {self._peers.me, *self._reserved}
        if now_s - self._came_s < _SETTLING_S or not self._peers.is_heard:
            crowd |= self._peers.members()
        place = (sorted(crowd).index(self._peers.me) + int(wall_s / _TURN_S)) % len(crowd)
        fair = total // len(crowd) + (place < total % len(crowd))
        self.parts = len(crowd)
        self.most = max(min(fair, total - sum(self._reserved.values())), 0)
