"""How several processes together ask APIs."""

from collections.abc import Iterable, Sequence
from itertools import zip_longest

from headrace.sdk.budget import BudgetState

__all__ = ["together"]


def together(told: Iterable[Sequence[BudgetState]]) -> list[BudgetState]:
    """What each process tells of the APIs that it asks, as if it were one.

    Several budgets of one API, for several credentials, are told apart by their order.
    """
    by_api: dict[str, list[Sequence[BudgetState]]] = {}
    for states in told:
        own: dict[str, list[BudgetState]] = {}
        for state in states:
            own.setdefault(state.api, []).append(state)
        for api, same in own.items():
            by_api.setdefault(api, []).append(same)
    return [
        _joined([state for state in states if state is not None])
        for lists in by_api.values()
        for states in zip_longest(*lists)
    ]


def _joined(states: list[BudgetState]) -> BudgetState:
    if len(states) == 1:
        return states[0]
    rates = [state.rate_per_s for state in states if state.rate_per_s is not None]
    tightest = min(states, key=lambda state: float("inf") if state.left is None else state.left)
    held = max(states, key=lambda state: state.held_until_ns or 0)
    return BudgetState(
        api=states[0].api,
        in_flight=sum(state.in_flight for state in states),
        most=sum(state.most for state in states),
        waiting=sum(state.waiting for state in states),
        rate_per_s=sum(rates) if rates else None,
        left=tightest.left,
        resets_at_ns=tightest.resets_at_ns,
        held_until_ns=held.held_until_ns,
        reason=held.reason,
    )
