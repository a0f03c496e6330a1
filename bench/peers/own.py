"""The floors, and headrace: what the peers are compared with."""

import sys
from collections.abc import Callable, Sequence

from peers.peer import PEERS, Peer, Place

__all__ = ["HEADRACE", "PARALLEL", "SEQUENTIAL"]

_BENCH = PEERS.parent
_FLOW = _BENCH.parent / "examples" / "all-pages" / "flow.yaml"


def _module(name: str, *arguments: str) -> list[str]:
    """`python -m`, for a module of `bench`, in another working folder."""
    code = f"import runpy, sys; sys.path.insert(0, {str(_BENCH)!r}); sys.argv[0] = {name!r}"
    return [sys.executable, "-c", f"{code}; runpy.run_module({name!r}, run_name='__main__')", *arguments]


def _floor(name: str) -> Callable[[Place], Sequence[str]]:
    return lambda place: _module(
        f"floors.{name}", "--api", place.api, "--token", place.token, "--database", place.database
    )


def _headrace(place: Place) -> Sequence[str]:
    store = f"sqlite:///{place.folder / 'bench.db'}"
    return _module("flow", str(_FLOW), "--store", store, "--set", f"vars.apiUrl={place.api}")


SEQUENTIAL = Peer("floor: one page at a time", "", _floor("sequential"))
PARALLEL = Peer("floor: 8 pages in flight", "", _floor("parallel"), in_flight=8)
HEADRACE = Peer("headrace, all-pages, concurrency 8", "", _headrace, in_flight=8)
