"""The budgets of all APIs that this process asks."""

import re
import time
from collections import OrderedDict
from collections.abc import Iterable
from contextlib import AbstractAsyncContextManager, nullcontext
from hashlib import sha256
from urllib.parse import urlsplit
from weakref import WeakValueDictionary

from headrace.connections.budget.budget import Budget
from headrace.connections.budget.places import Places
from headrace.connections.budget.share import Share
from headrace.sdk.budget import BudgetState, BudgetWord, Peers
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
        self._peers: Peers | None = None
        self._shared: WeakValueDictionary[str, Budget | Places] = WeakValueDictionary()
        self._shares: dict[str, Share] = {}

    def of(self, origin: str, credential: str) -> Budget:
        """The budget of an API.

        Args:
            origin: scheme and authority of a URL, as they are written.
            credential: any text that is the same for who is counted together.
        """
        name, api = _normal(origin)
        budget = self._budgets.get((name, credential))
        if budget is None:
            shared = _shared_name(name, credential)
            budget = Budget(api, self._clock, self._share(shared))
            self._budgets[name, credential] = self._shared[shared] = budget
        return budget

    def places(self, origin: str, credential: str, most: int) -> Places | None:
        """Where a node that asks for fewer requests at once than others waits; None if no other process asks.

        Args:
            origin: see `of`.
            credential: see `of`.
            most: requests of the node at once.
        """
        name = f"{_shared_name(_normal(origin)[0], credential)} {most}"
        places, share = self._shared.get(name), self._share(name)
        if share is not None and not isinstance(places, Places):
            places = self._shared[name] = Places(most, self._clock, share)
        return places if isinstance(places, Places) else None

    def _share(self, name: str) -> Share | None:
        if self._peers is None:
            return None
        return self._shares.setdefault(name, Share(self._peers))

    def join(self, peers: Peers) -> None:
        """See `headrace.sdk.budget.Budgeting`."""
        self._peers = peers

    def words(self) -> list[BudgetWord]:
        """See `headrace.sdk.budget.Budgeting`."""
        now_s = time.monotonic()
        for name, share in list(self._shares.items()):
            if name not in self._shared and share.is_free(now_s):
                del self._shares[name]
        words = [asked.word(name) for name, asked in list(self._shared.items())]
        return [word for word in words if word is not None]

    def hear(self, member: str, words: Iterable[BudgetWord]) -> None:
        """See `headrace.sdk.budget.Budgeting`."""
        now_s, said = time.monotonic(), {word.api: word for word in words}
        for name in said:
            if (share := self._share(name)) is not None:
                share.hear(member, said[name].reserved, now_s)
        for name, share in self._shares.items():
            if name not in said:
                share.leave(member, now_s)
        for name, asked in list(self._shared.items()):
            if name in said:
                asked.hear(said[name])

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
        self._known: OrderedDict[str, tuple[Budget, Places | None]] = OrderedDict()

    def of(self, url: str) -> Budget:
        """The budget for a request; one for all URLs that are none."""
        return self._of(url)[0]

    def place(self, url: str) -> AbstractAsyncContextManager[None]:
        """To be held by a request while it is under way, before it asks the budget."""
        budget, places = self._of(url)
        return places if places is not None and self._most < budget.most else nullcontext()

    def _of(self, url: str) -> tuple[Budget, Places | None]:
        match = _ORIGIN.match(url)
        origin = match[0] if match else ""
        known = self._known.get(origin)
        if known is None:
            budget = self._budgets.of(origin, self._credential)
            places = self._budgets.places(origin, self._credential, self._most)
            known = self._known[origin] = budget, places
            budget.allow(self._rate_per_s, self._most)
            if len(self._known) > _MOST_APIS:
                self._known.popitem(last=False)
        return known


def _shared_name(origin: str, credential: str) -> str:
    """An API for other processes: enough of the credential to tell it from others, too little to guess it."""
    return f"{origin} {sha256(credential.encode()).hexdigest()[:4]}"


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
