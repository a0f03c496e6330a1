"""Measure headrace against scripts written by hand: the reference flow, and what its parts cost.

    python bench/run.py [--quick] [--users 200000] [--repeat 3] [--latency-ms 0] [--json]

Contestants take turns, so that a slow minute of the machine hits all of them; each run is a process of its
own, and its result is looked up in the database. Ratios are comparable between machines, rates are not.
"""

import argparse
import json
import os
import platform
import signal
import sys
from dataclasses import asdict, dataclass

from contest import CONTESTANTS, GROWING, Row, hold
from cost import Costs, measure_costs
from stage import stage
from table import contest_table, cost_table, memory_line

import headrace

SHARE = 10
"""Memory is compared with that for this part of the users."""


@dataclass(frozen=True, slots=True)
class Report:
    """All that was measured."""

    conditions: str
    contest: list[Row]
    memory_mib: dict[int, float]
    costs: Costs

    def text(self) -> str:
        """The report for people."""
        return "\n\n".join(
            [
                self.conditions,
                contest_table(self.contest),
                memory_line(self.memory_mib),
                cost_table(self.costs),
            ]
        )


def main() -> None:
    """Read the options, measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="20,000 users, one round")
    parser.add_argument("--users", type=int, help="how many the API has (200,000)")
    parser.add_argument("--repeat", type=int, help="rounds (3)")
    parser.add_argument("--latency-ms", type=float, default=0.0, help="of each answer of the API")
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of tables")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that the servers are stopped, too
    users = options.users or (20_000 if options.quick else 200_000)
    rounds = options.repeat or (1 if options.quick else 3)
    report = measure_all(users, rounds, options.latency_ms)
    print(json.dumps(asdict(report)) if options.json else report.text())


def measure_all(users: int, rounds: int, latency_ms: float) -> Report:
    """Start the servers, measure everything, stop them."""
    few = max(users // SHARE, 1)
    with stage() as servers:
        rows = hold(servers, CONTESTANTS, users=users, latency_ms=latency_ms, rounds=rounds)
        few_rows = hold(servers, [GROWING], users=few, latency_ms=latency_ms, rounds=1)
        conditions = (
            f"headrace {headrace.__version__}, Python {platform.python_version()}, {servers.server}, "
            f"{os.cpu_count()} cores; {users:,} users in pages of 100, {latency_ms:g} ms latency, "
            f"medians of {rounds}"
        )
        memory = {count: row.peak_mib for count, row in ((few, few_rows[0]), (users, rows[1]))}
        return Report(conditions, rows, memory, measure_costs(servers, rounds, is_short=users < 20_000))


if __name__ == "__main__":
    main()
