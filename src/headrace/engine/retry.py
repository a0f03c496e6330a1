"""When a failed task is tried again. Pure, but for the jitter."""

import random

from msgspec.structs import replace

from headrace.flow.model import Retry
from headrace.store import Attempt

__all__ = ["INFRASTRUCTURE", "next_attempt"]

INFRASTRUCTURE = Retry(max_attempts=40, initial_delay_s=0.1, backoff=2.0, max_delay_s=30.0)
"""The budget for failures of databases and stores: a quarter of an hour of waiting (rule 6)."""

_LONGEST_WAIT_S = 86_400.0
"""What an error asks for beyond a day is cut: a task must not wait for years, nor for ever."""


def next_attempt(
    attempt: Attempt,
    retry: Retry,
    now_ns: int,
    *,
    is_infrastructure: bool,
    retryable: bool,
    retry_after_s: float | None,
) -> Attempt | None:
    """The next attempt of a task that failed, or None if it has failed for good.

    The delay grows exponentially and is spread by up to a quarter in either direction, so that tasks
    that failed together are not all tried again together; a server's Retry-After is a lower bound.
    """
    if is_infrastructure:
        budget, failures = INFRASTRUCTURE, attempt.infrastructure + 1
        following = replace(attempt, infrastructure=failures, first=False)
    else:
        budget, failures = retry, attempt.number
        following = replace(attempt, number=attempt.number + 1, first=False)
    if not retryable or failures >= budget.max_attempts:
        return None
    delay_s = min(budget.initial_delay_s * budget.backoff ** min(failures - 1, 64), budget.max_delay_s)
    delay_s *= random.uniform(0.75, 1.25)  # noqa: S311 - spreads load, guards nothing
    delay_s = max(delay_s, min(retry_after_s or 0.0, _LONGEST_WAIT_S))
    return replace(following, due_at_ns=now_ns + int(delay_s * 1e9))
