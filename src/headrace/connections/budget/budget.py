"""What one API is asked at once and in time, by all nodes and runs of this process."""

import asyncio
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from math import inf
from typing import NamedTuple

from headrace.connections.budget.concurrency import PATIENCE_S, Concurrency
from headrace.connections.budget.pace import Pace
from headrace.connections.budget.quota import Quota
from headrace.connections.budget.share import Share
from headrace.connections.budget.turnstile import Turnstile
from headrace.connections.budget.verdict import Verdict
from headrace.connections.budget.window import Window
from headrace.errors import TemporaryError
from headrace.sdk.budget import BudgetState, BudgetWord
from headrace.sdk.clock import Clock

__all__ = ["LONGEST_PAUSE_S", "Budget", "Sent"]

LONGEST_PAUSE_S = 60.0
"""What is longer is not waited for within a task: the task is tried again at that time."""

_MOST_WINDOWS = 8
_LINGER_S = 1.0
"""Who has asked a moment ago may well ask again, and keeps its share."""
_NS = 1e9


class Sent(NamedTuple):
    """A request that holds a place in a budget: its number, from 1, and when it was sent."""

    number: int
    at_s: float


class Budget:
    """Lets requests through in the order in which they came, as many as nodes ask for and the API takes.

    After a pause one request goes first; the others follow when its answer is there.
    """

    def __init__(self, api: str, clock: Clock, share: Share | None = None) -> None:
        """Set up.

        Args:
            share: of this process, where others ask the API as well.
        """
        self._api = api
        self._clock = clock
        self._share = share
        self._turnstile = Turnstile(clock)
        self._concurrency = Concurrency(1)
        self._pace: Pace | None = None
        self._slower: dict[float, tuple[Turnstile, Pace]] = {}
        self._windows: dict[str, Window] = {}
        self._sent = 0
        self._sent_at_ns = 0
        self._sent_at_s = 0.0
        self._looks_at_s = 0.0
        self._in_flight = 0
        self._held_until_ns = 0
        self._told_until_ns = 0
        self._scouts = False
        self._scout = 0

    def allow(self, rate_per_s: float | None, most: int) -> None:
        """A node asks for this rate, and for up to `most` requests at once; the highest of all counts."""
        self._concurrency.allow(most)
        highest = self._pace.rate_per_s if self._pace is not None else 0.0
        if rate_per_s is not None and rate_per_s > highest:
            if self._pace is not None:
                self._slower[highest] = Turnstile(self._clock), self._pace
            self._pace = Pace(rate_per_s)
        elif rate_per_s is not None and rate_per_s < highest and rate_per_s not in self._slower:
            self._slower[rate_per_s] = Turnstile(self._clock), Pace(rate_per_s)
        self._divide()

    async def enter(self, rate_per_s: float | None = None) -> Sent:
        """Wait until one request more may be sent; to be followed by `leave`.

        Args:
            rate_per_s: of the node that sends; those of the same rate share it.

        Raises:
            TemporaryError: nothing is left, and will not be for long; a minute was waited, so that tasks do
                not fail one after the other.

        Cancellation: nothing is taken.
        """
        if self._share is not None and not self._share.is_asked:
            self._share.begin(time.monotonic())
            self._divide()
        if rate_per_s in self._slower:
            turnstile, pace = self._slower[rate_per_s]
            await turnstile.enter(lambda: pace.take(self._clock.now_ns()))
        if self._turnstile.waiting or self._take(inf) > 0:
            came_ns = self._clock.now_ns()
            patient_until_ns = came_ns + LONGEST_PAUSE_S * _NS
            await self._turnstile.enter(lambda: self._take(patient_until_ns))
        return Sent(self._sent, self._sent_at_s)

    @property
    def most(self) -> int:
        """Requests at once that nodes ask for."""
        return self._concurrency.most

    def leave(self, sent: Sent) -> None:
        """The request is over, however it ended."""
        if self._share is not None and self._in_flight > self._share.most:
            self._share.hasten()  # somebody waits for it
        self._in_flight -= 1
        if sent.number == self._scout:
            self._scouts = False
        self._turnstile.notify()

    def answered(self, sent: Sent, verdict: Verdict) -> None:
        """An answer came; to be told before `leave`."""
        now_s = time.monotonic()
        if verdict.is_refused:
            self._concurrency.refused(sent.at_s, self._in_flight, now_s, time.thread_time())
            if verdict.wait_s:
                self._told_until_ns = max(self._told_until_ns, self.hold(verdict.wait_s))
                self._hasten()
            for window in self._windows.values():
                window.refuse()
        elif verdict.is_well and self._concurrency.answered(sent.at_s, self._in_flight, now_s):
            self._concurrency.judge(now_s, time.thread_time())
        for quota in verdict.quotas:
            self._tell(sent, quota, is_refused=verdict.is_refused)

    def _tell(self, sent: Sent, quota: Quota, *, is_refused: bool) -> None:
        if quota.name not in self._windows and len(self._windows) == _MOST_WINDOWS:
            return
        now_ns = self._clock.now_ns()
        window = self._windows.setdefault(quota.name, Window())
        window.tell(quota, sent.number, self._sent, now_ns, is_refused=is_refused)
        if window.is_used_up(now_ns):
            self._scouts, self._scout = True, 0
            self._hasten()

    def hold(self, wait_s: float) -> int:
        """Send nothing for a while, a minute at most: the API wants to be left alone.

        Returns:
            Until when, Unix time.
        """
        until_ns = self._clock.now_ns() + int(min(wait_s, LONGEST_PAUSE_S) * _NS)
        self._held_until_ns = max(self._held_until_ns, until_ns)
        self._scouts, self._scout = True, 0
        return until_ns

    def _take(self, patient_until_ns: float) -> float:
        """See `Turnstile.enter`.

        Args:
            patient_until_ns: from then on nothing is waited for that takes more than `LONGEST_PAUSE_S`.
        """
        if self._share is not None and self._in_flight >= self._share.most:
            return inf
        if self._in_flight >= self._concurrency.limit and not self._widens():
            return inf
        now_ns = self._clock.now_ns()
        is_told = self._held_until_ns or self._windows or self._scouts
        if is_told and (wait_s := self._wait_s(now_ns)) > 0:
            if wait_s != inf and wait_s > LONGEST_PAUSE_S and now_ns >= patient_until_ns:
                raise _used_up(self._api, now_ns, wait_s)
            return wait_s
        if self._pace is not None and (wait_s := self._pace.take(now_ns)) > 0:
            return wait_s
        for window in self._windows.values():
            window.spend()
        self._in_flight += 1
        self._sent += 1
        self._sent_at_ns = now_ns
        self._sent_at_s = time.monotonic()
        if self._scouts and not self._scout:
            self._scout = self._sent
        return 0

    def _widens(self) -> bool:
        """Whether one request more may go, since none could be sent for a while; looks again, if not."""
        if not self._concurrency.is_growing:
            return False
        wait_s = self._sent_at_s + PATIENCE_S - time.monotonic()
        if wait_s <= 0:
            self._concurrency.widen()
            return True
        loop = asyncio.get_running_loop()
        if self._looks_at_s <= loop.time():
            self._looks_at_s = loop.time() + wait_s
            loop.call_at(self._looks_at_s, self._turnstile.notify)
        return False

    def _wait_s(self, now_ns: int) -> float:
        """How long the API lets nothing be sent."""
        held_s = 0.0
        if self._held_until_ns:
            held_s = (self._held_until_ns - now_ns) / _NS
            if not 0 < held_s <= LONGEST_PAUSE_S:  # over, or the clock was set back
                held_s, self._held_until_ns = 0.0, 0
        for window in self._windows.values():
            held_s = max(held_s, window.wait_s(now_ns, self._sent_at_ns, self._in_flight))
        return inf if not held_s and self._scouts and self._scout else held_s

    def state(self) -> BudgetState:
        """As it is now."""
        now_ns = self._clock.now_ns()
        known = [window for window in self._windows.values() if window.is_known(now_ns)]
        tightest = min(known, key=lambda window: window.left, default=None)
        used_up_ns = max((w.resets_ns for w in known if w.is_used_up(now_ns)), default=0)
        held_ns = max(self._held_until_ns, used_up_ns)
        is_held = held_ns > now_ns
        return BudgetState(
            api=self._api,
            in_flight=self._in_flight,
            most=self._concurrency.limit
            if self._share is None
            else min(self._concurrency.limit, self._share.most),
            waiting=self._waiting,
            rate_per_s=None if self._pace is None else self._pace.kept_per_s,
            left=None if tightest is None else max(tightest.left, 0),
            resets_at_ns=None if tightest is None else tightest.resets_ns,
            held_until_ns=held_ns if is_held else None,
            reason=("no requests left" if used_up_ns >= held_ns else "Retry-After") if is_held else "",
        )

    # ---- other processes

    def word(self, api: str) -> BudgetWord | None:
        """What other processes are to know, under a name for the API; None while it is not asked."""
        share, now_ns = self._share, self._clock.now_ns()
        if share is None:
            return None
        held_s = self._told_s(now_ns)
        is_asked = self._in_flight or self._waiting or held_s or any(p.is_ahead(now_ns) for p in self._paces)
        if not is_asked and time.monotonic() > self._sent_at_s + _LINGER_S:
            share.end()
            return None
        self._divide()
        return BudgetWord(api, max(self._in_flight, share.reserved), held_s)

    def hear(self, word: BudgetWord) -> None:
        """Another process asks this API; to be told after its share."""
        if word.held_s > 0:
            self.hold(word.held_s)
        self._divide()

    def _told_s(self, now_ns: int) -> float:
        """For how long the API has told this process itself that it wants to be left alone."""
        used_up = (window.resets_ns for window in self._windows.values() if window.is_used_up(now_ns))
        untils = (self._told_until_ns, *used_up)
        return max((s for until in untils if 0 < (s := (until - now_ns) / _NS) <= LONGEST_PAUSE_S), default=0)

    def _divide(self) -> None:
        """Take what is this process's share now."""
        share = self._share
        if share is None:
            return
        share.divide(self._concurrency.most, time.monotonic(), self._clock.now_ns() / _NS)
        for pace in self._paces:
            pace.divide(share.parts)
        self._turnstile.notify()

    def _hasten(self) -> None:
        if self._share is not None:
            self._share.hasten()

    @property
    def _paces(self) -> Iterator[Pace]:
        if self._pace is not None:
            yield self._pace
        for _, pace in self._slower.values():
            yield pace

    @property
    def _waiting(self) -> int:
        return self._turnstile.waiting + sum(turnstile.waiting for turnstile, _ in self._slower.values())


def _used_up(api: str, now_ns: int, wait_s: float) -> TemporaryError:
    at = datetime.fromtimestamp(now_ns / _NS + wait_s, UTC)
    return TemporaryError(
        f"{api} takes no more requests until {at:%Y-%m-%d %H:%M:%S} UTC, as it said; none is sent before",
        code="HR338",
        retry_after_s=wait_s,
        detail={"retryAfterS": round(wait_s, 3)},
    )
