"""Measure headrace against scripts written by hand: the same sync in several forms, and what its parts cost.

    python bench/run.py [--quick] [--repeat 3] [--json]
    python bench/run.py --users 200000 --latency-ms 20 --page-size 1000    # one table alone

Contestants take turns, so that a slow minute of the machine hits all of them; each run is a process of its
own, and its result is looked up in the database. Ratios are comparable between machines, rates are not.
"""

import argparse
import json
import os
import platform
import signal
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace

from contest import CONTESTANTS, GROWING, Row, hold
from cost import Costs, measure_costs
from stage import stage
from table import contest_table, cost_table, memory_line

import headrace

SHARE = 10
"""Memory is compared with that for this part of the users."""


@dataclass(frozen=True, slots=True)
class Conditions:
    """Of one table."""

    users: int
    latency_ms: float = 0.0
    page_size: int = 100

    def text(self) -> str:
        """For people."""
        return f"{self.users:,} users in pages of {self.page_size}, {self.latency_ms:g} ms latency"


ALL = (
    Conditions(200_000),
    Conditions(200_000, page_size=1000),
    Conditions(20_000, latency_ms=20.0),
    Conditions(200_000, latency_ms=20.0, page_size=1000),
)


@dataclass(frozen=True, slots=True)
class Report:
    """All that was measured."""

    machine: str
    contests: list[tuple[Conditions, list[Row]]]
    memory_mib: dict[int, float]
    costs: Costs

    def text(self) -> str:
        """The report for people."""
        tables = [f"{conditions.text()}\n{contest_table(rows)}" for conditions, rows in self.contests]
        return "\n\n".join([self.machine, *tables, memory_line(self.memory_mib), cost_table(self.costs)])


def main() -> None:
    """Read the options, measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="a tenth of the users, one round")
    parser.add_argument("--repeat", type=int, help="rounds (3)")
    parser.add_argument("--users", type=int, help="how many the API has; one table alone")
    parser.add_argument("--latency-ms", type=float, default=0.0, help="of each answer of the API")
    parser.add_argument("--page-size", type=int, default=100)
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of tables")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that the servers are stopped, too
    tables = ALL
    if options.users:
        tables = (Conditions(options.users, options.latency_ms, options.page_size),)
    elif options.quick:
        tables = tuple(replace(table, users=table.users // 10) for table in ALL)
    report = measure_all(tables, options.repeat or (1 if options.quick else 3), is_short=options.quick)
    print(json.dumps(asdict(report)) if options.json else report.text())


def measure_all(tables: Sequence[Conditions], rounds: int, *, is_short: bool) -> Report:
    """Start the servers, measure everything, stop them."""
    with stage() as servers:
        contests = [(table, hold(servers, CONTESTANTS, **asdict(table), rounds=rounds)) for table in tables]
        most, rows = tables[0].users, contests[0][1]
        few = max(most // SHARE, 1)
        (few_row,) = hold(servers, [GROWING], users=few, rounds=1)
        memory = {few: few_row.peak_mib, most: next(r.peak_mib for r in rows if r.name == GROWING.name)}
        machine = (
            f"headrace {headrace.__version__}, Python {platform.python_version()}, {servers.server}, "
            f"{os.cpu_count()} cores; medians of {rounds}"
        )
        return Report(machine, contests, memory, measure_costs(servers, rounds, is_short=is_short))


if __name__ == "__main__":
    main()
