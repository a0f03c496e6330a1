"""What an evaluation may know besides the message, and how much it may do."""

from collections.abc import Callable
from dataclasses import dataclass, field

from headrace.expr.failure import Failure
from headrace.values import Json

__all__ = ["STEP_LIMIT", "Environment"]

STEP_LIMIT = 10_000_000
"""What one evaluation may do, in steps as `work` counts them: about two seconds of work."""

STEPS_PER_VALUE = 20
"""And for each value in the message: what goes through a large page once is no runaway."""

_MOST_VALUES = 5_000_000


@dataclass(slots=True)
class Environment:
    """What one evaluation may know besides the message. Not for two threads at once.

    Attributes:
        now_ns: the time in Unix nanoseconds; asked at most once per evaluation.
        vars: the flow's `vars`.
        run: `$run`: `id`, `flow`, `trigger`, `startedAt`, `attempt`.
        instant: the time of this evaluation once it was asked for.
        message: what `$` is in this evaluation.
        steps: how many steps are left.
        is_extended: whether `STEPS_PER_VALUE` was granted; the message is counted when it is needed.
    """

    now_ns: Callable[[], int]
    vars: Json = None
    run: Json = None
    instant: int | None = field(default=None, init=False, repr=False)
    message: Json = field(default=None, init=False, repr=False)
    steps: int = field(default=STEP_LIMIT, init=False, repr=False)
    is_extended: bool = field(default=False, init=False, repr=False)

    def begin(self, message: Json, steps: int) -> None:
        """Start an evaluation: a new instant, and all steps."""
        self.instant = None
        self.message = message
        self.steps = steps
        self.is_extended = False

    def now(self) -> int:
        """Unix nanoseconds, the same throughout one evaluation."""
        if self.instant is None:
            self.instant = self.now_ns()
        return self.instant

    def spend(self, steps: int) -> None:
        """Account for work before or just after it is done.

        Raises:
            Failure: HR223, the expression does too much.
        """
        self.steps -= steps
        if self.steps < 0 and not self.is_extended:
            self.is_extended = True
            self.steps += STEPS_PER_VALUE * _values_in(self.message)
        if self.steps < 0:
            message = "the expression does too much: over 10,000,000 steps, some seconds of work"
            raise Failure("HR223", message)


def _values_in(message: Json) -> int:
    """How many values a message is made of, at most `_MOST_VALUES`."""
    count = 1
    pending = [message]
    while pending and count < _MOST_VALUES:
        current = pending.pop()
        below = current.values() if isinstance(current, dict) else current
        if isinstance(current, dict | list):
            count += len(current)
            pending.extend(item for item in below if type(item) is list or type(item) is dict)  # type: ignore[union-attr]  # it has members
    return min(count, _MOST_VALUES)
