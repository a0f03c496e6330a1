"""Runs the targets for some time, a process a core: `python -m fuzz --seconds 600`."""

import argparse
import os
import sys
import time
import traceback
import warnings
from collections import Counter
from multiprocessing import get_context
from pathlib import Path
from queue import Empty
from random import Random
from tempfile import mkdtemp
from typing import Any

from fuzz.target import TARGETS, Slow, bounded

REPORTED = 3
"""How often the same failure is written down by one process."""


def attempt(name: str, seed: str) -> tuple[object, str, str] | None:
    """One input: None, or the input, the place of the failure and its traceback."""
    make, check, _ = TARGETS[name]
    given = make(Random(seed))
    try:
        with bounded():
            check(given)
    except (Exception, Slow) as error:  # noqa: BLE001 - whatever it is, it is what is looked for
        frames = traceback.extract_tb(error.__traceback__)
        place = next((frame for frame in reversed(frames) if "headrace" in frame.filename), frames[-1])
        where = f"{type(error).__name__} at {Path(place.filename).name}:{place.lineno}"
        return given, where, "".join(traceback.format_exception(error))[-6000:]
    return None


def say(text: str) -> None:
    """Write a line at once."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def work(number: int, seed: int, until: float, folder: Path, only: list[str], results: Any) -> None:
    """Try inputs until it is time; the counts go to `results`."""
    warnings.simplefilter("error")
    random = Random(f"{seed}/{number}")
    names = only or list(TARGETS)
    weights = [TARGETS[name][2] for name in names]
    tried: Counter[str] = Counter()
    failed: Counter[str] = Counter()
    slowest = (0.0, "", "")
    while time.monotonic() < until:
        name = random.choices(names, weights)[0]
        one = f"{seed}/{number}/{tried.total()}"
        began = time.process_time()
        found = attempt(name, one)
        tried[name] += 1
        slowest = max(slowest, (time.process_time() - began, name, one))
        if found is None:
            continue
        given, where, trace = found
        failed[where] += 1
        if failed[where] <= REPORTED:
            path = folder / f"{name}-{number}-{tried.total()}.txt"
            path.write_text(f"{name} {one}\n{given!r}\n\n{trace}", "utf-8", "surrogateescape")
            results.put(("found", f"{where}: {path}"))
    results.put(("done", (tried, failed, slowest)))


def run(seconds: float, seed: int, jobs: int, only: list[str]) -> int:
    """Run the targets; returns how many different failures there were."""
    folder = Path(mkdtemp(prefix="headrace-fuzz-"))
    context = get_context("fork")
    results = context.Queue()
    until = time.monotonic() + seconds
    processes = [
        context.Process(target=work, args=(number, seed, until, folder, only, results))
        for number in range(jobs)
    ]
    for process in processes:
        process.start()
    tried: Counter[str] = Counter()
    failed: Counter[str] = Counter()
    slowest = (0.0, "", "")
    open_jobs = jobs
    while open_jobs:
        try:
            kind, value = results.get(timeout=60)
        except Empty:
            dead = [process for process in processes if process.exitcode not in (None, 0)]
            if dead:
                failed["a process died"] += len(dead)
                break
            continue
        if kind == "found":
            say(value)
            continue
        open_jobs -= 1
        tried.update(value[0])
        failed.update(value[1])
        slowest = max(slowest, value[2])
    say(
        f"{tried.total()} inputs ({', '.join(f'{count} {name}' for name, count in sorted(tried.items()))}), seed {seed}"
    )
    say(f"slowest {slowest[0]:.2f} s: {slowest[1]} {slowest[2]}")
    for where, count in failed.most_common():
        say(f"{count} times {where}")
    say(f"{len(failed)} different failures" + (f"; inputs in {folder}" if failed else ""))
    return len(failed)


def main() -> None:
    """Parse the command line."""
    parser = argparse.ArgumentParser(prog="fuzz", description=__doc__)
    parser.add_argument("--seconds", type=float, default=600)
    parser.add_argument("--seed", type=int, default=time.time_ns() // 10**9, help="the time by default")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--target", action="append", choices=list(TARGETS), default=[])
    parser.add_argument(
        "--again", nargs=2, metavar=("TARGET", "SEED"), help="one input of an earlier run, by its first line"
    )
    options = parser.parse_args()
    if options.again:
        found = attempt(*options.again)
        say(found[2] if found else "nothing is wrong with it")
        sys.exit(found is not None)
    sys.exit(bool(run(options.seconds, options.seed, options.jobs, options.target)))


if __name__ == "__main__":
    main()
