"""What the parts of headrace cost by themselves: an expression, a hop, a task, a start."""

import resource
import subprocess
import sys
from dataclasses import dataclass
from statistics import median
from typing import Any

from contest import BENCH, measure, run_flow, tell
from resume import resume_s
from stage import Stage

__all__ = ["Costs", "measure_costs"]

FLOWS = BENCH / "flows"
_RUNS = (1, 10, 100)
_TASKS = 10_000


@dataclass(frozen=True, slots=True)
class Costs:
    """Medians.

    Attributes:
        expression: what `bench/expression.py` prints.
        loading: what `bench/loading.py` prints.
        hops_per_s: messages through a chain of modify nodes, times nodes.
        memory_tasks_per_s: rounds of a loop of tasks, with the store in memory.
        tasks_per_s: the same with the store in SQLite: each task, without a target, waits for its commit.
        few_tasks_per_s: tasks of one fan-out, 8 at once, likewise: commits are shared.
        wide_tasks_per_s: the same, 64 at once.
        runs_tasks_per_s: tasks of as many runs of that loop at once as the key says, likewise.
        resume_s: see `bench/resume.py`.
        help_s: CPU of `headrace --help`.
        run_s: CPU of `headrace run --once` of a flow of two nodes.
    """

    expression: dict[str, Any]
    loading: dict[str, Any]
    hops_per_s: float
    memory_tasks_per_s: float
    tasks_per_s: float
    few_tasks_per_s: float
    wide_tasks_per_s: float
    runs_tasks_per_s: dict[int, float]
    resume_s: float
    help_s: float
    run_s: float


def measure_costs(stage: Stage, rounds: int, *, is_short: bool = False) -> Costs:
    """Measure each in turn, round after round; with fewer tasks if it is to be short."""
    tasks = 500 if is_short else _TASKS
    tell("the expression of the reference flow's transform")
    expression = measure(["expression", *(["--repeats", "20"] if is_short else [])])
    tell("loading a large flow")
    loading = measure(["loading", *(["--rounds", "1"] if is_short else [])])
    figures: list[dict[str, float]] = []
    for number in range(rounds):
        tell(f"hops, tasks, start-up, round {number + 1} of {rounds}")
        figures.append(_round(stage, tasks, is_short=is_short))
    middle = {name: median(round_[name] for round_ in figures) for name in figures[0]}
    runs = {number: middle.pop(f"runs {number}") for number in _RUNS}
    return Costs(expression=expression, loading=loading, runs_tasks_per_s=runs, **middle)


def _round(stage: Stage, tasks: int, *, is_short: bool) -> dict[str, float]:
    """Figures by their name in `Costs`."""
    chain = run_flow(stage, FLOWS / "hops.yaml", [f"vars.messages={tasks}"], in_memory=True)
    hops = sum(count for node, count in chain["received"].items() if len(node) == 1)
    loop, wide = FLOWS / "loop.yaml", FLOWS / "wide.yaml"
    items = f"vars.items={2 * tasks}"
    return {
        "hops_per_s": hops / chain["sync_s"],
        "memory_tasks_per_s": _rate(run_flow(stage, loop, [f"vars.pages={tasks}"], in_memory=True)),
        "tasks_per_s": _rate(run_flow(stage, loop, [f"vars.pages={tasks}"])),
        "few_tasks_per_s": _rate(run_flow(stage, wide, [items, "concurrency=8"])),
        "wide_tasks_per_s": _rate(run_flow(stage, wide, [items, "concurrency=64"])),
        **{
            f"runs {runs}": _rate(run_flow(stage, loop, [f"vars.pages={tasks // runs}"], runs=runs))
            for runs in _RUNS
        },
        "help_s": _start(stage, "--help"),
        "run_s": _start(stage, "run", str(FLOWS / "tiny.yaml"), "--once"),
        "resume_s": resume_s(stage, is_short=is_short),
    }


def _rate(figures: dict[str, Any]) -> float:
    tasks: float = figures["tasks"] / figures["sync_s"]
    return tasks


def _start(stage: Stage, *arguments: str) -> float:
    """Seconds of CPU that a call of the command takes, once its modules are compiled."""
    environment = stage.command_environment()
    for _ in range(2):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        command = [sys.executable, "-m", "headrace", *arguments]
        subprocess.run(command, env=environment, check=True, capture_output=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
