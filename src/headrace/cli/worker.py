"""`headrace worker`: executes the flows of a folder together with others, on one store of many machines."""

import signal
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

import click

from headrace.app import home_folder, read_env_file
from headrace.app.secrets import Secrets
from headrace.app.store_url import url_secrets
from headrace.cli.invocation import Invocation
from headrace.cli.life import left_text, live, tell_flows, tell_stopping
from headrace.cli.logs import LogFormat, log_format_option, show_logs
from headrace.cli.option import (
    DETAILS,
    ENV_FILE,
    GRACE,
    KEEP,
    LISTEN,
    parse_address,
    parse_keep,
    parse_span,
    store_option,
)
from headrace.cli.session import run_loop
from headrace.errors import UsageError
from headrace.sdk import Address

if TYPE_CHECKING:
    from headrace.web.server import Work
    from headrace.web.site import Site

__all__ = ["command"]

_ADDRESS = Address("127.0.0.1", 8081)


@click.command("worker")
@click.argument("folder", metavar="[DIR]", type=click.Path(path_type=Path), default=".")
@store_option("Where the workers meet: nats://HOST:4222/NAME?replicas=3.", is_required=True)
@click.option(
    "--address",
    metavar="HOST:PORT",
    default=str(_ADDRESS),
    show_default=True,
    help="Of /live, /ready and /metrics; port 0: any that is free.",
)
@LISTEN
@click.option(
    "--tasks",
    metavar="N",
    type=click.IntRange(1),
    help="How many tasks it executes at once.  [no limit but the `concurrency` of each run]",
)
@KEEP
@ENV_FILE
@GRACE
@DETAILS
@log_format_option
@click.pass_obj
def command(
    invocation: Invocation,
    folder: Path,
    *,
    store: str,
    address: str,
    listen: str,
    tasks: int | None,
    keep: tuple[str, ...],
    env_file: Path | None,
    grace: str,
    verbose: bool,
    log_format: LogFormat,
) -> int:
    """Execute all flows below the folder DIR together with other workers, on any number of machines.

    Each task is executed by one of them; what a worker leaves or loses, others go on with. A trigger fires
    once, whoever does it. SIGTERM lets running tasks end.
    """
    if not store.startswith(("nats://", "tls://")):
        raise UsageError("workers meet in a store on NATS, `--store nats://…`; alone, use `headrace serve`")
    server = import_module("headrace.web.server")
    secrets = url_secrets(store)
    invocation.mask = secrets.mask
    show_logs(2 if verbose else 1, secrets.mask, log_format)
    work = server.Work(
        root=folder,
        home=home_folder(),
        address=parse_address(address, "--address", _ADDRESS),
        hooks=parse_address(listen),
        store=store,
        keep=parse_keep(keep),
        env_file=read_env_file(env_file) if env_file else None,
        grace_s=parse_span(grace, "--grace"),
        most_tasks=tasks,
    )
    return run_loop(_work(work, secrets))


class _Told:
    """Says how it goes."""

    def __init__(self, work: "Work") -> None:
        self._work = work

    def ready(self, site: "Site", bound: Address) -> None:
        """See `Listener`."""
        tell_flows("works on", site.folder, self._work.root, "log")
        print(f"http://{bound}/ready tells how it is", flush=True)

    def stopping(self, runs: int) -> None:
        """See `Listener`."""
        tell_stopping(runs, self._work.grace_s)


async def _work(work: "Work", secrets: Secrets) -> int:
    execute, told = import_module("headrace.web.worker").work, _Told(work)
    left, stop = await live(lambda stop: execute(work, stop, told, secrets))
    print(left_text(left))
    return 0 if stop.received is signal.SIGTERM else stop.exit_code
