"""What the parts of headrace cost by themselves: an expression, a hop, a task, a start."""

import os
import subprocess
import sys
import time
from dataclasses import dataclass
from statistics import median
from typing import Any

from contest import BENCH, measure, run_flow, tell
from stage import Stage

__all__ = ["Costs", "measure_costs"]

FLOWS = BENCH / "flows"


@dataclass(frozen=True, slots=True)
class Costs:
    """Medians.

    Attributes:
        expression: what `bench/expression.py` prints.
        loading: what `bench/loading.py` prints.
        hops_per_s: messages through a chain of modify nodes, times nodes.
        memory_tasks_per_s: rounds of a loop of tasks, with the store in memory.
        tasks_per_s: the same with the store in SQLite: each task, without a target, waits for its commit.
        wide_tasks_per_s: tasks of one fan-out, 64 at once, likewise: commits are shared.
        help_s: `headrace --help`, from the start of the process to its end.
        run_s: `headrace run --once` of a flow of two nodes, likewise.
    """

    expression: dict[str, Any]
    loading: dict[str, Any]
    hops_per_s: float
    memory_tasks_per_s: float
    tasks_per_s: float
    wide_tasks_per_s: float
    help_s: float
    run_s: float


def measure_costs(stage: Stage, rounds: int, *, is_short: bool = False) -> Costs:
    """Measure each in turn, round after round; with fewer tasks if it is to be short."""
    fewer = (
        (("vars.pages=1000",), ("vars.items=1000",), ("vars.messages=2000",)) if is_short else ((), (), ())
    )
    hops, memory_tasks, tasks, wide, help_s, run_s = [], [], [], [], [], []
    tell("the expression of the reference flow's transform")
    expression = measure(["expression", *(["--repeats", "20"] if is_short else [])])
    tell("loading a large flow")
    loading = measure(["loading", *(["--rounds", "2"] if is_short else [])])
    for number in range(rounds):
        tell(f"hops, tasks, start-up, round {number + 1} of {rounds}")
        chain = run_flow(stage, FLOWS / "hops.yaml", fewer[2], in_memory=True)
        received = sum(count for node, count in chain["received"].items() if len(node) == 1)
        hops.append(received / chain["sync_s"])
        for rates, flow, settings, in_memory in (
            (memory_tasks, "loop.yaml", fewer[0], True),
            (tasks, "loop.yaml", fewer[0], False),
            (wide, "wide.yaml", fewer[1], False),
        ):
            loop = run_flow(stage, FLOWS / flow, settings, in_memory=in_memory)
            rates.append(loop["tasks"] / loop["sync_s"])
        help_s.append(_start(stage, "--help"))
        run_s.append(_start(stage, "run", str(FLOWS / "tiny.yaml"), "--once"))
    return Costs(expression, loading, *map(median, (hops, memory_tasks, tasks, wide, help_s, run_s)))


def _start(stage: Stage, *arguments: str) -> float:
    """Seconds that a call of the command takes."""
    began_s = time.perf_counter()
    subprocess.run(
        [sys.executable, "-m", "headrace", *arguments],
        env={**os.environ, **stage.environment},
        check=True,
        capture_output=True,
    )
    return time.perf_counter() - began_s
