"""`headrace postgres`: the embedded server."""

import os
import shutil
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

import click

from headrace.app.home import home_folder
from headrace.cli.group import SuggestingGroup
from headrace.errors import UsageError

if TYPE_CHECKING:
    from headrace.connections.embedded import EmbeddedPostgres

__all__ = ["command"]

_DATABASE = click.option(
    "--database", "-d", metavar="NAME", default="postgres", show_default=True, help="Which database."
)
_USER = click.option(
    "--user", "-U", metavar="NAME", default="postgres", show_default=True, help="Who connects."
)


@click.group("postgres", cls=SuggestingGroup)
def command() -> None:
    """The PostgreSQL that headrace brings along (`host: embedded`).

    A flow starts it when it needs it, and it stops when its last user leaves, unless it was started here.
    It listens on a Unix socket alone; its data is kept.
    """


@command.command("start")
def start() -> int:
    """Start the server, and keep it running until `stop`."""
    server = _embedded().start(keep=True)
    print(f"running, process {server.process_id}: {server.url()}")
    return 0


@command.command("stop")
def stop() -> int:
    """Stop the server; refused while a flow uses it."""
    print("stopped" if _embedded().stop() else "it does not run")
    return 0


@command.command("status")
def status() -> int:
    """Say whether the server runs; exit code 0 if it does, else 1."""
    embedded = _embedded()
    server = embedded.status()
    if server is None:
        print(f"stopped; its files are in {embedded.state}")
        return 1
    print(f"running, process {server.process_id}: {server.url()}")
    print(f"its files are in {embedded.state}, its log is {server.log}")
    return 0


@command.command("url")
@_DATABASE
@_USER
def url(database: str, user: str) -> int:
    """Print the URL of a database of the running server."""
    server = _embedded().status()
    if server is None:
        raise UsageError("the embedded PostgreSQL does not run; `headrace postgres start` starts it")
    print(server.url(database, user))
    return 0


@command.command("psql", context_settings={"ignore_unknown_options": True})
@_DATABASE
@_USER
@click.argument("arguments", metavar="[PSQL OPTIONS]...", nargs=-1, type=click.UNPROCESSED)
def psql(database: str, user: str, arguments: tuple[str, ...]) -> int:
    """Open psql, PostgreSQL's own client; starts the server if it does not run."""
    embedded = _embedded()
    server = embedded.start()
    found = embedded.psql
    program = str(found) if found.exists() else shutil.which("psql")
    if program is None:
        raise UsageError(f"there is no psql here; any client can use {server.url(database, user)}")
    done = _run([program, server.url(database, user), *arguments])
    embedded.leave()
    return done


def _run(arguments: list[str]) -> int:
    """Run a program in the foreground, with this terminal; an interrupt is the program's."""
    process_id = os.spawnv(os.P_NOWAIT, arguments[0], arguments)  # noqa: S606 - psql, as asked for
    while True:
        try:
            _, ended = os.waitpid(process_id, 0)
        except KeyboardInterrupt:
            continue
        return os.waitstatus_to_exitcode(ended)


def _embedded() -> "EmbeddedPostgres":
    """The server of the home folder; its code is loaded by name, for it is an optional part."""
    home: Path = home_folder()
    embedded: EmbeddedPostgres = import_module("headrace.connections.embedded").EmbeddedPostgres(home)
    return embedded
