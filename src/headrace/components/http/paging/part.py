"""What one task of a sync is to do; kept with the task, so another process can do it."""

from typing import Literal

import msgspec

from headrace.components.http.paging.position import Position
from headrace.components.http.paging.trail import Trail
from headrace.sdk import Json

__all__ = ["Part", "Plan"]


class Plan(msgspec.Struct, frozen=True, omit_defaults=True):
    """What is known of all pages, where their number is known.

    Attributes:
        pages: how many there are.
        size: records of each but the last.
        total: records in all; None where the number of pages alone was said.
        is_promised: whether the settings say where that stands.
        first: the digest of the first page's records.
    """

    pages: int
    size: int
    total: int | None
    is_promised: bool
    first: str

    def expected(self, number: int, total: int | None) -> int:
        """How many records a page must have by a total; 0 where nothing is known."""
        total = self.total if total is None else total
        return 0 if total is None else max(min(self.size, total - (number - 1) * self.size), 0)


class Part(msgspec.Struct, frozen=True, omit_defaults=True):
    """One task of a sync.

    Attributes:
        number: of the page, from 1.
        at: see `Position`.
        does: `follow`: the page, and then whatever is next. `read`: the page alone. `expand`: make the tasks
            of pages from here on.
        trail: what was seen on the way, with `follow`.
        plan: of all pages.
        since: where an incremental run began.
        repeats: the total because of which the page is read again; None if it is not.
        again: its page failed below; it is fetched once more.
        beyond: all that was promised has been read; the page may not be there.
        wants: how many records are wanted of the page; 0 for all.
    """

    number: int
    at: int | str | None = None
    does: Literal["follow", "read", "expand"] = "read"
    trail: Trail | None = None
    plan: Plan | None = None
    since: int | float | str | None = None
    repeats: int | None = None
    again: bool = False
    beyond: bool = False
    wants: int = 0

    @property
    def position(self) -> Position:
        """Where the page lies."""
        return Position(self.number, self.at)

    def resume(self) -> Json:
        """As JSON."""
        resume: Json = msgspec.to_builtins(self)
        return resume

    @classmethod
    def parse(cls, resume: Json) -> "Part":
        """Read what `resume` gave."""
        return msgspec.convert(resume, cls)
