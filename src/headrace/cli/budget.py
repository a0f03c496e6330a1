"""How APIs are asked, in words."""

import time

from headrace.cli.wording import clock_time, number
from headrace.sdk.budget import BudgetState

__all__ = ["budget_text"]


def budget_text(state: BudgetState, now_ns: int) -> str:
    """`api.example.com: 3 of 8 in flight, 10/s, 12 left until 14:05:10`, or what is waited for."""
    if state.held_until_ns is not None:
        left_s = (state.held_until_ns - now_ns) / 1e9
        span = f"{max(left_s, 1):.0f} s" if left_s < 90 else clock_time(left_s)
        return f"waits {span} for {state.api} ({state.reason})"
    parts = [f"{state.in_flight} of {state.most} in flight"]
    if state.waiting:
        parts.append(f"{number(state.waiting)} waiting")
    if state.rate_per_s is not None:
        parts.append(_rate_text(state.rate_per_s))
    if state.left is not None and state.resets_at_ns is not None:
        at = time.strftime("%H:%M:%S", time.localtime(state.resets_at_ns / 1e9))
        parts.append(f"{number(state.left)} left until {at}")
    return f"{state.api}: {', '.join(parts)}"


def _rate_text(rate_per_s: float) -> str:
    """As it may stand in the file."""
    for per_s, unit in ((1, "s"), (60, "m")):
        rate = rate_per_s * per_s
        if rate >= 1 and abs(rate - round(rate)) < 1e-6:
            return f"{rate:.0f}/{unit}"
    return f"{rate_per_s * 3600:.0f}/h"
