"""Who does the job, how it is run and what is measured."""

import json
import os
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median
from typing import Any

from stage import TOKEN, Stage

__all__ = ["BENCH", "CONTESTANTS", "GROWING", "Contestant", "Row", "hold", "measure", "run_flow", "tell"]

BENCH = Path(__file__).parent
EXAMPLES = BENCH.parent / "examples"
SEQUENTIAL, PARALLEL = "floor: one page at a time", "floor: 8 pages in flight"


@dataclass(frozen=True, slots=True)
class Contestant:
    """A way to do the job.

    Attributes:
        floor: the name of the floor that it is compared with; empty for a floor.
        in_flight: how many requests it has in flight.
        module: of a floor, or empty.
        flow: of headrace: the example, below `examples/`.
        settings: what is changed in the example (`--set`).
        in_memory: the name of the same with its store in memory, to see what durability costs.
    """

    name: str
    floor: str
    in_flight: int
    module: str = ""
    flow: str = ""
    settings: tuple[str, ...] = ()
    in_memory: str = ""


def _pages(in_flight: int, floor: str = PARALLEL) -> Contestant:
    """`http-module/pages` with so many pages at once; no more connections to the database than the floor."""
    name = f"headrace, pages at {in_flight}"
    return Contestant(
        name,
        floor,
        in_flight,
        flow="all-pages",
        settings=(
            f"nodes.pages.settings.concurrency={in_flight}",
            f"nodes.upsert.settings.maxOpenConns={min(in_flight, 8)}",
        ),
        in_memory=f"{name}, in memory",
    )


GROWING = _pages(8)
"""Also run with fewer users, to see whether memory grows with their number."""

_BY_HUNDREDS = Contestant(
    "headrace, batchSize 100",
    SEQUENTIAL,
    1,
    flow="scheduled-data-sync",
    settings=("nodes.iterate.settings.batchSize=100",),
    in_memory="headrace, batchSize 100, in memory",
)


def _twins(durable: Contestant) -> tuple[Contestant, Contestant]:
    """A contestant, and the same with its store in memory."""
    return durable, replace(durable, name=durable.in_memory, in_memory="")


CONTESTANTS = (
    Contestant(SEQUENTIAL, "", 1, module="floors.sequential"),
    *_twins(_BY_HUNDREDS),
    *_twins(
        Contestant(
            "headrace, batchSize 10",
            SEQUENTIAL,
            1,
            flow="scheduled-data-sync",
            in_memory="headrace, batchSize 10, in memory",
        )
    ),
    Contestant(PARALLEL, "", 8, module="floors.parallel"),
    _pages(1, SEQUENTIAL),
    *_twins(GROWING),
    _pages(32),
)


@dataclass(frozen=True, slots=True)
class Row:
    """What was measured of a contestant: medians over the rounds.

    Attributes:
        ratio: how fast it is, with its floor as 1. The median of each round's ratio, so that a slow minute
            of the machine hits both; None for a floor.
        durability: its time, with that of the same in memory as 1; likewise. None where there is none.
        cpu_s: of its process alone, without the API's and the database's.
    """

    name: str
    in_flight: int
    records_per_s: float
    cpu_s: float
    peak_mib: float
    ratio: float | None
    durability: float | None


def hold(
    stage: Stage,
    contestants: Sequence[Contestant],
    *,
    users: int,
    rounds: int,
    latency_ms: float = 0.0,
    page_size: int = 100,
) -> list[Row]:
    """Let all do the job in turn, round after round; each begins with empty tables."""
    api = stage.api(users, latency_ms)
    figures: dict[str, list[dict[str, Any]]] = {contestant.name: [] for contestant in contestants}
    for number in range(rounds):
        for contestant in contestants:
            progress = f"round {number + 1} of {rounds}: {contestant.name}"
            tell(f"{users:,} users by {page_size}, {latency_ms:g} ms, {progress}")
            stage.clear()
            figures[contestant.name].append(_run(stage, contestant, api, page_size))
            found = stage.users()
            if found != users:
                raise SystemExit(f"{contestant.name} left {found} users in the table instead of {users}")
    return [_row(contestant, users, figures) for contestant in contestants]


def _row(contestant: Contestant, users: int, figures: dict[str, list[dict[str, Any]]]) -> Row:
    own = figures[contestant.name]
    floor, memory = figures.get(contestant.floor), figures.get(contestant.in_memory)
    return Row(
        name=contestant.name,
        in_flight=contestant.in_flight,
        records_per_s=median(users / round_["sync_s"] for round_ in own),
        cpu_s=median(round_["cpu_s"] for round_ in own),
        peak_mib=median(round_["peak_mib"] for round_ in own),
        ratio=floor and median(f["sync_s"] / o["sync_s"] for f, o in zip(floor, own, strict=True)),
        durability=memory and median(o["sync_s"] / m["sync_s"] for o, m in zip(own, memory, strict=True)),
    )


def run_flow(
    stage: Stage, flow: Path, settings: Iterable[str] = (), *, in_memory: bool = False, runs: int = 1
) -> dict[str, Any]:
    """Run a flow in a process of its own, with a new store; gives what `bench/flow.py` prints.

    Args:
        runs: of it, at once.
    """
    command = ["flow", str(flow), "--store", "memory" if in_memory else stage.new_store()]
    command += ["--runs", str(runs)]
    for setting in settings:
        command += ["--set", setting]
    return measure(command, stage.environment)


def tell(progress: str) -> None:
    """Say on standard error what is being done."""
    print(progress, file=sys.stderr, flush=True)


def _run(stage: Stage, contestant: Contestant, api: str, page_size: int) -> dict[str, Any]:
    if contestant.module:
        options = ["--api", api, "--token", TOKEN, "--database", stage.database]
        options += ["--page-size", str(page_size)]
        return measure([contestant.module, *options])
    flow = EXAMPLES / contestant.flow / "flow.yaml"
    settings = f"vars.apiUrl={api}", f"vars.pageSize={page_size}", *contestant.settings
    return run_flow(stage, flow, settings, in_memory=not contestant.in_memory)


def measure(module: Sequence[str], environment: Mapping[str, str] | None = None) -> dict[str, Any]:
    """Run a module of this folder; its last line is JSON."""
    done = subprocess.run(
        [sys.executable, "-m", *module],
        cwd=BENCH,
        env={**os.environ, **(environment or {})},
        stdout=subprocess.PIPE,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise SystemExit(f"{' '.join(module)} failed:\n{done.stdout}")
    figures: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return figures
