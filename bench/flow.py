"""Run a flow, as `headrace run --once` does, and print what it took as one JSON line.

The time is from the firing to the durable end of the run: without the interpreter's start, imports and the
opening of the flow, as the floors leave theirs out.
"""

import argparse
import gc
import json
import time
from pathlib import Path

import usage

from headrace.app import Secrets, full_registry, home_folder, load_secrets, read_env_file
from headrace.app.session import open_engine, open_store
from headrace.cli.data import parse_settings
from headrace.cli.session import run_loop
from headrace.flow.loader import read_flow, require
from headrace.flow.model import Flow
from headrace.monitor.metrics import Metrics
from headrace.monitor.recorder import Recorder
from headrace.store import RunStatus


async def _run(flow: Flow, secrets: Secrets, url: str, count: int, *, watched: bool) -> int:
    store = await open_store(url, home_folder())
    recorder, metrics = (Recorder(store, mask=secrets.mask), Metrics(store)) if watched else (None, None)
    opened = open_engine(home_folder(), store=store, observer=metrics, recorder=recorder, mask=secrets.mask)
    async with opened as engine:
        program = await engine.load(flow, secrets.values)
        gc.collect()
        began_s, began_cpu_s = time.perf_counter(), time.process_time()
        trigger = next(iter(program.triggers))
        fired = [await engine.fire(program, trigger) for _ in range(count)]
        runs = [await engine.wait(run.id) for run in fired]
        sync_s, cpu_s = time.perf_counter() - began_s, time.process_time() - began_cpu_s
    figures = {
        "sync_s": sync_s,
        "cpu_s": cpu_s,
        "peak_mib": usage.peak_mib(),
        "tasks": sum(run.tasks_done for run in runs),
        "received": {name: unit.stats.received for name, unit in program.units.items()},
    }
    print(json.dumps(figures))
    errors = [error for run in runs for error in run.errors]
    for error in errors:
        print(error.message)
    return 0 if {run.status for run in runs} == {RunStatus.SUCCEEDED} and not errors else 1


def main() -> int:
    """Read the options and run the flow; returns the exit code."""
    parser = argparse.ArgumentParser()
    parser.add_argument("flow", type=Path)
    parser.add_argument("--set", action="append", default=[], metavar="PATH=VALUE")
    parser.add_argument("--env-file", type=Path, help="the flow's secrets")
    parser.add_argument("--store", default="memory", metavar="URL")
    parser.add_argument("--runs", type=int, default=1, help="at once")
    parser.add_argument("--watched", action="store_true", help="with recorder and metrics, as `serve` does")
    options = parser.parse_args()
    overrides = parse_settings(tuple(options.set))
    flow = require(read_flow(options.flow, full_registry(), overrides=overrides))
    env_file = read_env_file(options.env_file) if options.env_file else {}
    secrets = load_secrets(flow.secrets, env_file=env_file)
    return run_loop(_run(flow, secrets, options.store, options.runs, watched=options.watched))


if __name__ == "__main__":
    raise SystemExit(main())
