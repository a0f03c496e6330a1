"""The times that a cron expression names in a time zone, forwards and backwards, at changes of clocks too.

cronsim tells which local times a schedule names; which moments those are is told here, by the rules of
Debian's cron. Moments are whole seconds of Unix time.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import chain
from zoneinfo import ZoneInfo

from cronsim import CronSim

__all__ = ["Calendar"]

_SECOND_NS = 10**9
_SECOND = timedelta(seconds=1)
_STRIDE_S = 7 * 86_400
"""No zone has changed its clocks twice within a week."""


class Calendar:
    """Times of a cron expression in a time zone.

    A schedule whose minute or hour begins with `*` fires whenever the clock on the wall shows such a time:
    never for a time that a change of clocks leaves out, twice for one that comes twice. Any other names
    fixed times: one that is left out fires right after the gap, one that comes twice fires the first time.
    """

    def __init__(self, expression: str, timezone: str) -> None:
        """Set up; `expression` has five fields, or six with seconds first, and must be right."""
        self.identity = f"{expression} in {timezone}"
        self.text = expression if timezone == "UTC" else f"{expression} {timezone}"
        self.timezone = timezone
        self._expression = expression
        self._zone = ZoneInfo(timezone)
        minute, hour = expression.split()[-5:-3]
        self._is_fixed = not minute.startswith("*") and not hour.startswith("*")

    def next_after(self, after_ns: int, anchor_ns: int) -> int | None:
        """See `Schedule`."""
        _ = anchor_ns  # the calendar is the same for all
        after = after_ns // _SECOND_NS
        due = self._fixed_after(after) if self._is_fixed else self._shown_after(after)
        return None if due is None else due * _SECOND_NS

    def last_until(self, until_ns: int, anchor_ns: int) -> int | None:
        """See `Schedule`."""
        _ = anchor_ns
        until = until_ns // _SECOND_NS
        due = self._fixed_until(until) if self._is_fixed else self._shown_until(until)
        return None if due is None else due * _SECOND_NS

    def _fixed_after(self, after: int) -> int | None:
        # The second pass of a local hour names times that fired in the first: those are left behind.
        moments = (self._moment(local) for local in self._named(self._local(after)))
        return next((moment for moment in moments if moment > after), None)

    def _fixed_until(self, until: int) -> int | None:
        local = datetime.fromtimestamp(until, self._zone)
        first_pass = until + _offset(local.replace(fold=0))  # in a second pass, all of the first is behind
        named = self._named(_naive(first_pass) + _SECOND, backwards=True)
        moments = (self._moment(local) for local in named)
        return next((moment for moment in moments if moment <= until), None)

    def _shown_after(self, after: int) -> int | None:
        start = after
        while True:
            offset = self._offset_at(start)
            local = next(self._named(_naive(after + offset)), None)
            if local is None:
                return None
            due = _seconds(local) - offset
            change = self._change(start, due)
            if change is None:
                return due
            start, after = change, change - 1

    def _shown_until(self, until: int) -> int | None:
        while True:
            offset = self._offset_at(until)
            local = next(self._named(_naive(until + offset) + _SECOND, backwards=True), None)
            if local is None:
                return None
            due = _seconds(local) - offset
            change = self._change(until, due)
            if change is None:
                return due
            until = change

    def _named(self, local: datetime, *, backwards: bool = False) -> Iterator[datetime]:
        """The local times that the schedule names, after or before one; it ends after 50 years of none."""
        return iter(CronSim(self._expression, local, reverse=backwards))

    def _local(self, moment: int) -> datetime:
        return _naive(moment + self._offset_at(moment))

    def _moment(self, local: datetime) -> int:
        """When the clock on the wall shows a local time first; for one that it never shows, the gap's end."""
        aware = local.replace(tzinfo=self._zone)
        moment = int(aware.timestamp())
        if self._local(moment) == local:
            return moment
        return self._change(int(aware.replace(fold=1).timestamp()), moment) or moment

    def _offset_at(self, moment: int) -> int:
        return _offset(datetime.fromtimestamp(moment, self._zone))

    def _change(self, start: int, end: int) -> int | None:
        """The change of clocks on the way from one moment to another, forwards or backwards; None without.

        Returns:
            The first moment on the way that has another offset than `start`.
        """
        offset = self._offset_at(start)
        stride = _STRIDE_S if start < end else -_STRIDE_S
        before = start
        for after in chain(range(start + stride, end, stride), (end,)):
            if self._offset_at(after) != offset:
                break
            before = after
        else:
            return None
        while abs(after - before) > 1:
            middle = (before + after) // 2
            before, after = (middle, after) if self._offset_at(middle) == offset else (before, middle)
        return after


def _offset(aware: datetime) -> int:
    offset = aware.utcoffset()
    return 0 if offset is None else int(offset.total_seconds())


def _naive(seconds: int) -> datetime:
    """Seconds of local time since 1970 as what a clock shows."""
    return datetime.fromtimestamp(seconds, UTC).replace(tzinfo=None)


def _seconds(naive: datetime) -> int:
    return int(naive.replace(tzinfo=UTC).timestamp())
