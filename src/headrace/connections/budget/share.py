"""The part of an API's budget that this process takes, of all that ask it. Pure, but for who they are."""

from collections.abc import Set
from math import inf

from headrace.sdk.budget import Peers

__all__ = ["Share"]

_SETTLING_S = 1.0
"""Who begins to ask is known to all after so long; until then all take no more than if everybody asked."""
_FORGOTTEN_S = 3.5
"""Who has not said for so long that they ask do not."""
_TURN_S = 5.0
"""Where some can have a request more than others, or one at all, they take turns."""
_NOTICE_S = 0.25
"""What is more than one's own part is said so long before it is taken."""


class Share:
    """An equal part for each process that asks, and for each that might while it is not known who does.

    Requests at once are kept to by all together: each process says how many it has reserved, and takes no
    more than the others leave, so that who comes waits until those who had more have less in flight. The
    part that a process has if all ask is its own, and taken at once; what is more only some time after it
    was said. So two that begin or grow at the same moment do not take the same.

    Attributes:
        parts: that a rate is divided into.
        most: requests of this process that may be in flight.
        reserved: them, and those that will be in a moment.
        is_asked: whether this process asks.
    """

    def __init__(self, peers: Peers) -> None:
        self.parts = 1
        self.most = 0
        self.reserved = 0
        self.is_asked = False
        self._peers = peers
        self._reserved: dict[str, int] = {}
        self._heard_s: dict[str, float] = {}
        self._came_s = -inf
        self._reserved_s = -inf

    def begin(self, now_s: float) -> None:
        """This process begins to ask."""
        self.is_asked = True
        self._came_s = now_s
        self._peers.hasten()

    def end(self) -> None:
        """This process asks no more."""
        self.is_asked = False
        self.most = self.reserved = 0

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

    def leave(self, member: str, now_s: float) -> None:
        """Another process does not ask any more; its part is left for a moment, since it may begin again."""
        if member in self._reserved:
            self._reserved[member] = 0
            self._heard_s[member] = min(self._heard_s[member], now_s + _SETTLING_S - _FORGOTTEN_S)

    def is_free(self, now_s: float) -> bool:
        """Whether no other process asks."""
        for member in [id_ for id_, heard_s in self._heard_s.items() if now_s - heard_s > _FORGOTTEN_S]:
            del self._reserved[member], self._heard_s[member]
        return not self._reserved

    def divide(self, total: int, now_s: float, wall_s: float) -> None:
        """Find out what this process may take now.

        Args:
            total: requests that all together may have in flight.
            now_s: on a clock that only goes forward.
            wall_s: on one that all processes share, more or less.
        """
        self.is_free(now_s)
        known = {self._peers.me, *self._reserved, *self._peers.members()}
        is_settled = now_s - self._came_s >= _SETTLING_S and self._peers.is_heard
        crowd = {self._peers.me, *self._reserved} if is_settled else known
        self.parts = len(crowd)
        fair = _parts(total, crowd, int(wall_s / _TURN_S))[self._peers.me]
        wanted = max(min(fair, total - sum(self._reserved.values())), 0)
        own = _parts(total, known)
        others = sum(max(own[id_], self._reserved.get(id_, 0)) for id_ in known if id_ != self._peers.me)
        self._take(wanted, max(min(own[self._peers.me], total - others), 0), now_s)

    def _take(self, wanted: int, own: int, now_s: float) -> None:
        """Take so many at once, if nobody else can take these, or it was said that they will be taken."""
        if wanted > self.reserved:
            self._reserved_s = now_s
            self._peers.hasten()
        self.reserved = wanted
        is_noted = now_s - self._reserved_s >= _NOTICE_S
        self.most = wanted if is_noted else min(wanted, max(self.most, own))


def _parts(total: int, crowd: Set[str], turn: int = 0) -> dict[str, int]:
    """Equal parts for all; where there is a rest, one more for those whose turn it is."""
    part, rest = divmod(total, len(crowd))
    places = ((id_, (place + turn) % len(crowd)) for place, id_ in enumerate(sorted(crowd)))
    return {id_: part + (place < rest) for id_, place in places}
