"""`headrace capture`: samples of what comes from outside, noted in one run."""

import sys
from collections.abc import Iterable
from pathlib import Path

import click

from headrace.app import full_registry, home_folder, load_secrets, read_env_file
from headrace.cli.capture.insertion import Insertion, inserted, replace_file
from headrace.cli.capture.sample import sample_of, schema_of
from headrace.cli.data import parse_settings, read_data
from headrace.cli.finding import print_findings
from headrace.cli.invocation import Invocation
from headrace.cli.option import ENV_FILE
from headrace.cli.plain import telling_lines
from headrace.cli.run import choose_trigger
from headrace.cli.session import Order, run_flow, run_loop
from headrace.cli.watch import Event, Watch
from headrace.errors import UsageError
from headrace.expr.suggestion import did_you_mean, listed
from headrace.flow.loader import read_flow, require
from headrace.flow.model import Flow
from headrace.flow.writer import yaml_lines
from headrace.monitor.meter import Meter
from headrace.values import Json

__all__ = ["command"]


@click.command("capture")
@click.argument("path", metavar="FLOW", type=click.Path(path_type=Path))
@click.option("--node", "names", metavar="NODE", multiple=True, help="Only this node; may be repeated.")
@click.option("--schema", "as_schema", is_flag=True, help="Names and types alone, as a JSON Schema; no data.")
@click.option("--write", is_flag=True, help="Write it into the file, which keeps all else as it is.")
@click.option("--trigger", metavar="NODE", help="Which trigger to fire, if there are several.")
@click.option("--data", metavar="JSON", help="The payload: JSON, @FILE, or - for standard input.")
@click.option("--set", "settings", metavar="K=V", multiple=True, help="Replace a value: vars.pageSize=50.")
@ENV_FILE
@click.pass_obj
def command(
    invocation: Invocation,
    path: Path,
    *,
    names: tuple[str, ...],
    as_schema: bool,
    write: bool,
    trigger: str | None,
    data: str | None,
    settings: tuple[str, ...],
    env_file: Path | None,
) -> int:
    """Run the flow of the file FLOW once, and note what its clients and connectors get.

    It is a real run: what the flow writes is written. The first answer of each node is printed as its
    `sample`, cut short, or as its `schema`. A sample holds data that came; a schema holds none. Exit code
    0: done, 1: the run failed or nothing came, 2: the flow or the usage is wrong.
    """
    loaded = read_flow(path, full_registry(), overrides=parse_settings(settings))
    flow = require(loaded)
    print_findings(loaded.findings, sys.stderr)
    members = _members(flow, names)
    secrets = load_secrets(flow.secrets, env_file=read_env_file(env_file) if env_file else None)
    invocation.mask = secrets.mask
    order = Order(
        flow=flow,
        secrets=secrets.values,
        mask=secrets.mask,
        home=home_folder(),
        store="memory",
        trigger=choose_trigger(flow, trigger),
        payload=read_data(data),
    )
    watch = _Catch(members=members)
    status = run_loop(run_flow(order, _Quiet(), watch))
    key = "schema" if as_schema else "sample"
    caught = {name: watch.caught[name] for name in members if name in watch.caught}
    found = [
        Insertion(name, key, schema_of(value) if as_schema else sample_of(value, secrets.mask))
        for name, value in caught.items()
    ]
    for name in members:
        if name not in watch.caught:
            print(f"`{name}` got no `{members[name]}` in this run", file=sys.stderr)
    if not found:
        return 1
    if write:
        _write(path, found)
    else:
        print("\n".join(_told(found)))
    return status


def _members(flow: Flow, names: Iterable[str]) -> dict[str, str]:
    """The member of its result that a node's sample is of, by node."""
    members = {node.name: node.spec.samples for node in flow.nodes.values() if node.spec.samples}
    if not members:
        raise UsageError(f"no node of {flow.name} gets anything from outside")
    for name in names:
        if name not in members:
            hint = did_you_mean(name, members) or f"; there is {listed(members)}"
            raise UsageError(f"{flow.name} has no client or connector `{name}`{hint}")
    return {name: member for name, member in members.items() if not names or name in names}


def _told(found: list[Insertion]) -> list[str]:
    """YAML to paste, with the node's name above."""
    return [
        line
        for each in found
        for line in (f"# of `{each.node}`, below its `component`", *yaml_lines(each.key, each.value))
    ]


def _write(path: Path, found: list[Insertion]) -> None:
    text = path.read_bytes().decode()
    replace_file(path, inserted(text, found, full_registry(), str(path)))
    for each in found:
        print(f"{path}: `{each.node}` has a {each.key}")


class _Catch(Watch):
    """Keeps the first answer of each node.

    Attributes:
        members: by node, the member of its result that is kept.
    """

    def __init__(self, members: dict[str, str]) -> None:
        super().__init__()
        self.members = members
        self.caught: dict[str, Json] = {}

    def result_added(self, node: str, value: Json) -> None:
        """See `Observer`."""
        member = self.members.get(node)
        if member is not None and node not in self.caught and isinstance(value, dict):
            self._keep(node, value.get(member))

    def _keep(self, node: str, value: Json) -> None:
        if value is not None and value != []:  # these tell nothing
            self.caught[node] = value


class _Quiet:
    """Shows errors alone, on standard error: standard output is for YAML."""

    period_s = 0.25

    def open(self, meter: Meter) -> None:
        """See `View`."""

    def show(self, events: list[Event]) -> None:
        """See `View`."""
        for line in telling_lines(events):
            if line.is_error:
                print(line.text, file=sys.stderr)

    def close(self) -> None:
        """See `View`."""
