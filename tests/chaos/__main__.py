"""`make chaos`: the long campaign."""

import argparse
import asyncio
import tempfile
from pathlib import Path

from chaos.campaign import campaign


def main() -> None:
    """Read the options and run."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--users", type=int, default=4000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="headrace-chaos-") as folder:
        Path(folder).chmod(0o755)
        report = asyncio.run(campaign(Path(folder), options.kills, options.users, options.seed))
    print(report.text())  # noqa: T201 - what it is for


if __name__ == "__main__":
    main()
