"""One quota of an API, as its last word and what was sent since tell it."""

from math import inf

from headrace.connections.budget.quota import Quota

__all__ = ["Window"]

_SMALL = 0.1
"""The rest of a quota that is spread over the time until there is more."""

_SPREAD_NS = 60 * 10**9
"""The longest time that the rest is spread over. An hour's quota is better used up, and then waited for."""

_MOST_CONTRADICTIONS = 3


class Window:
    """How much of a quota is left until its reset.

    It is believed once it was seen to fall, or once the API refused a request: some servers send the same
    numbers for ever. It is believed no more when requests go through that cannot, until the next refusal.

    Attributes:
        left: requests that may still be sent, as far as is known.
        resets_ns: Unix time of the reset.
    """

    def __init__(self) -> None:
        self.left = 0
        self.resets_ns = 0
        self._limit = 1
        self._remaining = 0
        self._number = 0
        self._told_ns = 0
        self._is_believed = False
        self._is_falling = False
        self._contradictions = 0

    def tell(self, quota: Quota, number: int, sent: int, now_ns: int, *, is_refused: bool) -> None:
        """An answer came with this quota.

        Args:
            quota: what it says.
            number: of the request; those sent after it are not counted in the quota yet.
            sent: how many requests have been sent so far.
            now_ns: Unix time.
            is_refused: whether the API says that it was one too many.
        """
        if is_refused:
            self.refuse()
        elif quota.remaining == 0 and self._says_none(now_ns) and number != self._number:
            self._contradictions += 1
            self._is_believed &= self._contradictions < _MOST_CONTRADICTIONS
        if number < self._number:
            return  # a later request was answered before
        if number > self._number and self._number:
            self._is_falling = quota.remaining < self._remaining
            if self._contradictions < _MOST_CONTRADICTIONS:
                self._is_believed |= self._is_falling
        self._number, self._remaining = number, quota.remaining
        self._limit = quota.limit or max(self._limit, quota.remaining)
        self.left = quota.remaining - (sent - number)
        # What is told in whole seconds may be rounded to none.
        reset_s = quota.reset_s if quota.reset_s or quota.remaining else 1.0
        self._told_ns = now_ns
        self.resets_ns = now_ns + int(reset_s * 1e9)

    def refuse(self) -> None:
        """The API refused a request: there is a limit, and it is kept."""
        self._is_believed, self._contradictions = True, 0

    def spend(self) -> None:
        """A request is sent."""
        self.left -= 1

    def is_used_up(self, now_ns: int) -> bool:
        """Whether the API says that nothing is left, and that is believed."""
        return self._is_believed and self._says_none(now_ns)

    def is_known(self, now_ns: int) -> bool:
        """Whether `left` is worth to be shown."""
        return self._is_believed and now_ns < self.resets_ns

    def _says_none(self, now_ns: int) -> bool:
        return self._remaining == 0 and now_ns < self.resets_ns

    def wait_s(self, now_ns: int, last_ns: int, in_flight: int) -> float:
        """How long nothing may be sent; infinity: until an answer comes.

        Args:
            now_ns: Unix time.
            last_ns: when the last request was sent.
            in_flight: requests whose answers are awaited.
        """
        until_ns = self.resets_ns - now_ns
        if not self._is_believed or until_ns <= 0 or now_ns < self._told_ns:  # the clock was set back
            return 0.0
        if self._remaining == 0:
            return until_ns / 1e9
        if self.left <= 0:
            return inf if in_flight else 0.0
        if self._is_falling and self.left <= self._limit * _SMALL and until_ns <= _SPREAD_NS:
            return (last_ns + until_ns // (self.left + 1) - now_ns) / 1e9
        return 0.0
