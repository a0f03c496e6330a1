"""How an API is asked: for people who watch, and for other processes that ask it as well."""

from collections.abc import Iterable, Set
from typing import Protocol, runtime_checkable

import msgspec

__all__ = ["BudgetState", "BudgetWord", "Budgeting", "Peers"]


class BudgetState(msgspec.Struct, frozen=True):
    """What is asked of one API, and what it lets be asked.

    Attributes:
        api: host and port; the scheme's own port is left out.
        in_flight: requests whose answers are awaited.
        most: of them at once.
        waiting: requests that wait to be sent.
        rate_per_s: that is kept to; None without one.
        left: requests that the API still takes, as far as it says.
        resets_at_ns: when it takes more than `left`, Unix time.
        held_until_ns: nothing is sent before, Unix time; None where nothing is held back.
        reason: why: `Retry-After`, or `no requests left`; empty where nothing is held back.
    """

    api: str
    in_flight: int
    most: int
    waiting: int
    rate_per_s: float | None = None
    left: int | None = None
    resets_at_ns: int | None = None
    held_until_ns: int | None = None
    reason: str = ""


class BudgetWord(msgspec.Struct, frozen=True, array_like=True):
    """What a process that asks an API says to the others.

    Attributes:
        api: which, with a hint at the credentials.
        reserved: requests that it has in flight, or may have.
        held_s: for how long the API wants to be left alone.
    """

    api: str
    reserved: int
    held_s: float = 0.0


class Peers(Protocol):
    """The processes that execute flows together with this one.

    Attributes:
        me: the id of this process.
        is_heard: what this one says reaches others, as it seems.
    """

    me: str

    @property
    def is_heard(self) -> bool:
        """See above."""
        ...

    def members(self) -> Set[str]:
        """The ids of those that are known, with this one."""
        ...

    def hasten(self) -> None:
        """Have what is to be said be said at once."""
        ...


@runtime_checkable
class Budgeting(Protocol):
    """A resource that keeps budgets."""

    def states(self) -> list[BudgetState]:
        """Those of the APIs that are being asked."""
        ...

    def join(self, peers: Peers) -> None:
        """Share budgets with other processes; to be called before they are asked for."""
        ...

    def words(self) -> list[BudgetWord]:
        """What the others are to know now; to be called every second or so, and when it was hastened."""
        ...

    def hear(self, member: str, words: Iterable[BudgetWord]) -> None:
        """Another process has said this."""
        ...
