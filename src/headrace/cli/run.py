"""`headrace run`: a flow, once or by its schedules."""

import asyncio
import sys
from importlib import import_module
from pathlib import Path

import click

from headrace.app import full_registry, home_folder, load_secrets, read_env_file
from headrace.app.schedule import next_firings, signals_of, stored_triggers
from headrace.app.session import version_reader
from headrace.app.store_url import url_secrets
from headrace.cli.account import print_letters
from headrace.cli.data import parse_settings, read_data
from headrace.cli.events import EventView
from headrace.cli.finding import print_findings, print_pages
from headrace.cli.invocation import Invocation
from headrace.cli.logs import LogFormat, log_format_option, show_logs
from headrace.cli.option import ENV_FILE, GRACE, KEEP, STORE, VERBOSE, parse_address, parse_keep, parse_span
from headrace.cli.plain import PlainView
from headrace.cli.session import Order, run_flow, run_loop
from headrace.cli.terminal import is_live
from headrace.cli.watch import View, Watch
from headrace.errors import UsageError
from headrace.expr.suggestion import did_you_mean, listed
from headrace.flow.loader import read_flow, require
from headrace.flow.model import Flow
from headrace.sdk.resource import DEFAULT_ADDRESS
from headrace.values import encode_json

__all__ = ["choose_trigger", "command", "view_for"]


@click.command("run")
@click.argument("path", metavar="FLOW", type=click.Path(path_type=Path))
@click.option("--once", is_flag=True, help="Fire a trigger now, whatever its schedule, and end with the run.")
@click.option("--trigger", metavar="NODE", help="With --once: which trigger, if there are several.")
@click.option(
    "--data", metavar="JSON", help="With --once: the payload: JSON, @FILE, or - for standard input."
)
@click.option("--set", "settings", metavar="K=V", multiple=True, help="Replace a value: vars.pageSize=50.")
@ENV_FILE
@click.option("--new", "is_new", is_flag=True, help="With --once: fire even if a run is left unfinished.")
@STORE
@KEEP
@click.option(
    "--listen",
    metavar="HOST:PORT",
    default=str(DEFAULT_ADDRESS),
    show_default=True,
    help="Where http-module/server listens; port 0: any that is free.",
)
@click.option("--json", "as_json", is_flag=True, help="Print what happens as an object of JSON a line.")
@GRACE
@VERBOSE
@log_format_option
@click.option(
    "--next", "count", metavar="N", type=click.IntRange(1, 10_000), help="Print the next N firings, and end."
)
@click.pass_obj
def command(
    invocation: Invocation,
    path: Path,
    *,
    once: bool,
    trigger: str | None,
    data: str | None,
    settings: tuple[str, ...],
    env_file: Path | None,
    is_new: bool,
    store: str | None,
    keep: tuple[str, ...],
    listen: str,
    as_json: bool,
    grace: str,
    verbose: int,
    log_format: LogFormat,
    count: int | None,
) -> int:
    """Run the flow of the file FLOW.

    Without --once it follows schedules, and listens, until Ctrl-C or SIGTERM: the first lets running
    tasks end within the grace period, the second stops at once. Exit code 0: done, 1: a run failed, 2: the
    flow or the usage is wrong, 130: interrupted, 143: terminated with a run left unfinished.
    """
    if not once:
        _check_usage({"--trigger": trigger, "--data": data, "--new": is_new or None})
    if path.is_dir():
        raise UsageError(f"{path} is a folder; name a flow file, or let `headrace serve {path}` execute all")
    registry = full_registry()
    loaded = read_flow(path, registry, overrides=parse_settings(settings))
    flow = require(loaded)
    print_findings(loaded.findings, sys.stderr)
    print_pages([finding.code for finding in loaded.findings], sys.stderr)
    if count is not None:
        _print_firings(flow, count, store, as_json=as_json)
        return 0
    chosen = choose_trigger(flow, trigger) if once else None
    if not once:
        _check_follows(flow, store)
    variables = read_env_file(env_file) if env_file else None
    secrets = load_secrets(flow.secrets, env_file=variables)
    secrets.include(url_secrets(store))
    invocation.mask = secrets.mask
    show_logs(verbose, secrets.mask, log_format)
    order = Order(
        flow=flow,
        secrets=secrets.values,
        mask=secrets.mask,
        home=home_folder(),
        store=store,
        trigger=chosen,
        payload=read_data(data),
        is_new=is_new,
        grace_s=parse_span(grace, "--grace"),
        keep=parse_keep(keep),
        address=parse_address(listen),
        read_version=version_reader(registry, secrets, variables),
    )
    return _run(order, as_json=as_json)


def _check_usage(given: dict[str, object]) -> None:
    """Refuse what goes with --once alone."""
    for option, value in given.items():
        if value is not None:
            raise UsageError(f"{option} goes with --once")


def _run(order: Order, *, as_json: bool) -> int:
    """Run the flow, and say at the end where to read on."""
    watch = Watch()
    status = run_loop(run_flow(order, view_for(as_json=as_json), watch))
    if not as_json:
        if order.store != "memory":
            print_letters(watch.with_letters, order.store)
        print_pages(watch.codes, sys.stdout)
    return status


def view_for(*, as_json: bool = False) -> View:
    """The way to show runs that suits where standard output goes."""
    if as_json:
        return EventView()
    if is_live():
        view: View = import_module("headrace.cli.live").LiveView()
        return view
    return PlainView()


def choose_trigger(flow: Flow, name: str | None) -> str:
    """The trigger to fire.

    Raises:
        UsageError: there is none of that name, none at all, or several and no name.
    """
    names = [node.name for node in flow.triggers]
    if not names:
        raise UsageError(f"{flow.name} has no trigger, so nothing can start a run")
    if name is None and len(names) > 1:
        raise UsageError(f"{flow.name} has several triggers; choose one with --trigger: {listed(names)}")
    if name is not None and name not in names:
        hint = did_you_mean(name, names) or f"; there is {listed(names)}"
        raise UsageError(f"{flow.name} has no trigger `{name}`{hint}")
    return name or names[0]


def _check_follows(flow: Flow, store: str | None) -> None:
    """Refuse to wait for ever for nothing."""
    if not flow.triggers:
        raise UsageError(f"{flow.name} has no trigger, so nothing can start a run")
    signals = signals_of(flow)
    firing = [node.name for node in flow.triggers if node.name not in signals]
    if any(flow.nodes[name].starts for name in firing) or (signals and store != "memory"):
        return
    if not firing:
        raise UsageError(
            f"the triggers of {flow.name} ({listed(signals)}) fire on request only, and nobody else sees a "
            "store in memory; use --once"
        )
    raise UsageError(f"{listed(firing)} of {flow.name} has `control: {{start: false}}`; use --once")


def _print_firings(flow: Flow, count: int, store: str | None, *, as_json: bool) -> None:
    records = asyncio.run(stored_triggers(flow, store, home_folder()))
    firings = next_firings(flow, count, records=records)
    for due in firings:
        if as_json:
            print(encode_json({"trigger": due.trigger, "at": due.text}).decode())
        else:
            print("  ".join(filter(None, (due.text, due.trigger, due.local))))
