"""How an API is asked at one time, for people who watch."""

from typing import Protocol, runtime_checkable

import msgspec

__all__ = ["BudgetState", "Budgeting"]


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


@runtime_checkable
class Budgeting(Protocol):
    """A resource that keeps budgets."""

    def states(self) -> list[BudgetState]:
        """Those of the APIs that are being asked."""
        ...
