"""The budgets of all APIs that this process asks."""

import re
from collections import OrderedDict
from urllib.parse import urlsplit
from weakref import WeakValueDictionary

from headrace.connections.budget.budget import Budget
from headrace.sdk.budget import BudgetState
from headrace.sdk.clock import Clock

__all__ = ["Budgets", "NodeBudgets"]

_ORIGIN = re.compile(r"[^/?#]*//[^/?#]*")
_PORTS = {"http": 80, "https": 443}

_MOST_APIS = 256
"""That one node remembers the budgets of; who asks more hosts in turn knows less of each."""


class Budgets:
    """A budget for each API: an origin, and who asks there, since most APIs count by credential."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._budgets: WeakValueDictionary[tuple[str, str], Budget] = WeakValueDictionary()

    def of(self, origin: str, credential: str) -> Budget:
        """The budget of an API.

        Args:
            origin: scheme and authority of a URL, as they are written.
            credential: any text that is the same for who is counted together.
        """
        name, api = _normal(origin)
        budget = self._budgets.get((name, credential))
        if budget is None:
            budget = self._budgets[name, credential] = Budget(api, self._clock)
        return budget

    def states(self) -> list[BudgetState]:
        """See `headrace.sdk.budget.Budgeting`."""
        states = (budget.state() for budget in self._budgets.values())
        return sorted(
            (s for s in states if s.in_flight or s.waiting or s.reason or s.left is not None),
            key=lambda state: state.api,
        )

    async def close(self) -> None:
        """See `headrace.sdk.Closable`."""


class NodeBudgets:
    """The budgets of the APIs that one node asks, by the URLs that it asks for."""

    def __init__(self, budgets: Budgets, credential: str, rate_per_s: float | None, most: int) -> None:
        self._budgets = budgets
        self._credential = credential
        self._rate_per_s = rate_per_s
        self._most = most
        self._known: OrderedDict[str, Budget] = OrderedDict()

    def of(self, url: str) -> Budget:
        """The budget for a request; one for all URLs that are none."""
        match = _ORIGIN.match(url)
        origin = match[0] if match else ""
        budget = self._known.get(origin)
        if budget is None:
            budget = self._known[origin] = self._budgets.of(origin, self._credential)
            budget.allow(self._rate_per_s, self._most)
            if len(self._known) > _MOST_APIS:
                self._known.popitem(last=False)
        return budget


def _normal(origin: str) -> tuple[str, str]:
    """An origin as RFC 6454 compares it, and its host as people call it."""
    try:
        parts = urlsplit(origin)
        scheme, host, port = parts.scheme, parts.hostname or "", parts.port
    except ValueError:
        return "", ""
    port = port or _PORTS.get(scheme)
    host = f"[{host}]" if ":" in host else host.rstrip(".")
    return f"{scheme}://{host}:{port}", host if port == _PORTS.get(scheme) else f"{host}:{port}"
