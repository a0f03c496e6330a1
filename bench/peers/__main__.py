"""Measure headrace against other tools: `make bench-peers`.

    PYTHONPATH=bench python -m peers [--quick] [--users 200000] [--few 20000] [--repeat 3] [--only dlt dbos]

All take turns, with an empty database each. The same ruler for all: from the API's first request to the last
commit that wrote users, as the API and PostgreSQL saw them. What cannot be installed is left out.
"""

import argparse
import os
import platform
import signal
import sys

from contest import tell
from stage import stage
from table import aligned

import headrace
from peers.contest import Result, hold
from peers.dbos import DBOS, DBOS_QUEUE
from peers.dlt import DLT, DLT_TUNED
from peers.n8n import N8N
from peers.node_red import NODE_RED
from peers.own import HEADRACE, PARALLEL, SEQUENTIAL
from peers.singer import SINGER

PEERS = (DLT, DLT_TUNED, DBOS, DBOS_QUEUE, SINGER, NODE_RED, N8N)
SETTINGS = ("track_commit_timestamp=on",)


def main() -> None:
    """Read the options, measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="20,000 users for all, one round")
    parser.add_argument("--users", type=int, help="how many the API has (200,000)")
    parser.add_argument("--few", type=int, help="how many for the slow ones (20,000)")
    parser.add_argument("--repeat", type=int, help="rounds (3)")
    parser.add_argument("--only", nargs="+", metavar="PEER", help="some: " + " ".join(_names()))
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that the servers are stopped, too
    users = options.users or (20_000 if options.quick else 200_000)
    few = options.few or min(20_000, users)
    rounds = options.repeat or (1 if options.quick else 3)
    chosen = [peer for peer in PEERS if not options.only or peer.folder in options.only]
    with stage(SETTINGS) as servers:
        results = hold(
            servers, (SEQUENTIAL, PARALLEL, HEADRACE, *chosen), users=users, few=few, rounds=rounds
        )
        tell("")
        print(
            f"headrace {headrace.__version__}, Python {platform.python_version()}, {servers.server}, "
            f"{os.cpu_count()} cores; {users:,} users, {few:,} for the slow, in pages of 100; "
            f"medians of {rounds}\n"
        )
    print(_table(results))
    for result in results:
        if result.skipped:
            print(f"\nleft out: {result.peer.name}: {result.skipped}")


def _names() -> list[str]:
    return list(dict.fromkeys(peer.folder for peer in PEERS))


def _table(results: list[Result]) -> str:
    """A line for each that was measured."""
    of = {result.peer: result for result in results}
    lines = [("", "users", "records/s", "CPU s", "peak MiB", "in flight", "x floor", "headrace is x")]
    for result in results:
        if result.skipped:
            continue
        peer = result.peer
        floor = of[PARALLEL if peer.in_flight > 1 else SEQUENTIAL]
        is_own = peer in (SEQUENTIAL, PARALLEL)
        lines.append(
            (
                peer.name,
                f"{result.users:,}",
                f"{result.rate:,.0f}",
                f"{result.cpu_s:.1f}",
                f"{result.peak_mib:.0f}",
                str(peer.in_flight),
                "" if is_own else f"{result.times(floor):.2f}",
                "" if peer is HEADRACE else f"{of[HEADRACE].times(result):.1f}",
            )
        )
    return aligned(lines)


if __name__ == "__main__":
    main()
