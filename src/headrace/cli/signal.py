"""`headrace signal`: fire a trigger of a flow that another process executes."""

import asyncio
import sys
from collections.abc import Mapping
from pathlib import Path

import click

from headrace.app import full_registry
from headrace.app.asking import settle
from headrace.app.executing import Executing, executing_facts
from headrace.cli.account import store_option
from headrace.cli.data import read_data
from headrace.cli.runs.choice import unknown_flow
from headrace.cli.runs.kept import JSON, STORE, kept_store
from headrace.cli.terminal import harmless
from headrace.errors import FlowError, UsageError
from headrace.expr.suggestion import listed
from headrace.flow.loader import read_flow, require
from headrace.flow.model import Flow
from headrace.store import Request
from headrace.values import Json, encode_json

__all__ = ["command"]

_SIGNAL = "common-module/signal"


@click.command("signal")
@click.argument("flow")
@click.argument("node", required=False)
@click.option("--data", metavar="JSON", help="The payload: JSON, @FILE, or - for standard input.")
@STORE
@JSON
def command(flow: str, node: str | None, *, data: str | None, store: str | None, as_json: bool) -> int:
    """Fire the trigger NODE of FLOW, once, in the process that executes the flow; print the run's id.

    FLOW is a flow's name or its file. NODE may be left out where the flow has one signal, or one trigger.
    Exit code 0: the run has begun, 1: the process refused it, 2: no process executes the flow, or the usage
    is wrong.
    """
    payload = read_data(data)
    refusal, request, executors = asyncio.run(_signal(store, flow, node, payload))
    if as_json:
        told: dict[str, Json] = {
            "run": None if refusal else request.id,
            "flow": request.flow,
            "trigger": request.trigger,
            **executing_facts(executors),
            "reason": refusal or None,
        }
        print(encode_json(told).decode())
    elif refusal:
        print(f"error: {harmless(refusal)}", file=sys.stderr)
    else:
        print(request.id)
    return 1 if refusal else 0


async def _signal(
    url: str | None, text: str, node: str | None, payload: Json
) -> tuple[str, Request, Executing]:
    """Why the firing was refused, empty if it was not; what was asked for; and of which processes."""
    async with kept_store(url) as store:
        name, path = _flow_of(await store.flows(), text)
        trigger = node or _only_trigger(path)
        request = Request.firing(name, trigger, payload)
        executors = Executing(await store.executors(name))

        async def here(request: Request) -> str:
            """Nobody executes the flow; but who did may have fired before it said so."""
            if await store.run(request.id) is None:
                cure = _cure(path, trigger, url)
                raise UsageError(f"no process executes flow `{name}`, so nothing was fired; {cure}")
            return ""

        return (await settle(store, [request], here))[request.id], request, executors


def _flow_of(flows: Mapping[str, str], text: str) -> tuple[str, str]:
    """Name and path of a flow that is given by either.

    Raises:
        UsageError: no process has ever executed such a flow.
    """
    if text in flows:
        return text, flows[text]
    path = Path(text).absolute()
    for name, known in flows.items():
        if known == str(path):
            return name, known
    if path.is_file():
        raise UsageError(f"no process executes {text}; `headrace run {text} --once` fires it here")
    raise unknown_flow(text, flows)


def _only_trigger(path: str) -> str:
    """The one signal of a flow, or its one trigger."""
    try:
        flow = _load(path)
    except (FlowError, UsageError) as error:
        raise UsageError(f"name the NODE to fire; {path} does not load, so it is not known here") from error
    signals = [node.name for node in flow.triggers if node.spec.name == _SIGNAL]
    names = signals or [node.name for node in flow.triggers]
    if len(names) != 1:
        kind = "signals" if signals else "triggers"
        raise UsageError(f"name the NODE to fire; the {kind} of {flow.name} are {listed(names)}")
    return names[0]


def _cure(path: str, trigger: str, url: str | None) -> str:
    """What fires a trigger of a flow that nobody executes."""
    try:
        known = [node.name for node in _load(path).triggers]
    except (FlowError, UsageError):
        known = [trigger]  # `headrace run` says what is wrong with the file
    if trigger not in known:
        has = f"; there is {listed(known)}" if known else ""
        return f"it has no trigger `{trigger}`{has}"
    return f"`headrace run {path} --once --trigger {trigger}{store_option(url)}` fires it here"


def _load(path: str) -> Flow:
    return require(read_flow(path, full_registry()))
