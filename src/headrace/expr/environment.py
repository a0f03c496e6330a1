"""What an evaluation may know besides the message, and how much it may do."""

from collections.abc import Callable
from dataclasses import dataclass, field

from headrace.expr.failure import Failure
from headrace.values import Json

__all__ = ["STEP_LIMIT", "Environment"]

STEP_LIMIT = 10_000_000
"""What one evaluation may do, in steps as `work` counts them: about two seconds of work."""


@dataclass(slots=True)
class Environment:
    """What one evaluation may know besides the message. Not for two threads at once.

    Attributes:
        now_ns: the time in Unix nanoseconds; asked at most once per evaluation.
        vars: the flow's `vars`.
        run: `$run`: `id`, `flow`, `trigger`, `startedAt`, `attempt`.
        instant: the time of this evaluation once it was asked for.
        steps: how many steps are left of `STEP_LIMIT`.
    """

    now_ns: Callable[[], int]
    vars: Json = None
    run: Json = None
    instant: int | None = field(default=None, init=False, repr=False)
    steps: int = field(default=STEP_LIMIT, init=False, repr=False)

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
        if self.steps < 0:
            message = "the expression does too much: over 10,000,000 steps, some seconds of work"
            raise Failure("HR223", message)
