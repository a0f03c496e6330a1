"""`make chaos`: the long campaigns."""

import argparse
import asyncio
import tempfile
from pathlib import Path

from chaos.campaign import campaign
from chaos.cluster import cluster_campaign
from chaos.play import PAGES, REFERENCE


def main() -> None:
    """Read the options and run."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--users", type=int, default=4000, help="eight pages at once: five times as many")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--cluster", action="store_true", help="workers, NATS servers and the database")
    options = parser.parse_args()
    for play in (REFERENCE, PAGES):
        with tempfile.TemporaryDirectory(prefix="headrace-chaos-") as folder:
            Path(folder).chmod(0o755)
            users = options.users * (1 if play is REFERENCE else 5)
            hold = cluster_campaign if options.cluster else campaign
            report = asyncio.run(hold(Path(folder), options.kills, users, options.seed, play))
        print(f"{play.flow.parent.name}: {report.text()}", flush=True)  # noqa: T201 - what it is for


if __name__ == "__main__":
    main()
