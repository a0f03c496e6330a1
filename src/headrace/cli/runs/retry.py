"""`headrace runs retry`: dead letters are tried again, on the current version of their flow."""

import asyncio
import sys
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import click

from headrace.app import full_registry, home_folder, load_secrets, read_env_file
from headrace.app.executing import Executing, executing
from headrace.app.session import version_reader
from headrace.app.store_url import url_secrets
from headrace.cli.account import print_letters, store_option
from headrace.cli.data import parse_settings, read_data
from headrace.cli.finding import print_pages
from headrace.cli.invocation import Invocation
from headrace.cli.logs import show_logs
from headrace.cli.option import ENV_FILE
from headrace.cli.run import view_for
from headrace.cli.runs.choice import Choice, chosen_letters, letter_options
from headrace.cli.runs.kept import JSON, STORE, kept_store
from headrace.cli.runs.retrying import Retrial
from headrace.cli.session import Order, run_flow, run_loop
from headrace.cli.watch import Watch
from headrace.cli.wording import plural
from headrace.errors import UsageError
from headrace.flow.loader import read_flow, require
from headrace.flow.model import Flow
from headrace.store import DeadLetter
from headrace.values import Json, encode_json

__all__ = ["command"]


@dataclass(frozen=True)
class _Plan:
    """Dead letters that are tried again together.

    Attributes:
        path: of the flow's file.
        overrides: what `--set` gave when their runs began.
    """

    flow: str
    path: str
    overrides: dict[str, Json]
    letters: list[DeadLetter]


@dataclass(frozen=True)
class _Wish:
    """What the command line asks for, beside the choice of dead letters."""

    invocation: Invocation
    store: str | None
    settings: dict[str, Json]
    env_file: Path | None
    data: Json
    is_edited: bool
    as_json: bool


@click.command("retry")
@letter_options
@click.option(
    "--data", metavar="JSON", help="Takes the place of the message of one: JSON, @FILE, or - for input."
)
@click.option("--set", "settings", metavar="K=V", multiple=True, help="Replace a value: vars.pageSize=50.")
@ENV_FILE
@STORE
@JSON
@click.pass_obj
def command(
    invocation: Invocation,
    /,
    *,
    data: str | None,
    settings: tuple[str, ...],
    env_file: Path | None,
    store: str | None,
    as_json: bool,
    **chosen: str | bool | None,
) -> int:
    """Try dead letters again: those of the run RUN, one, some or all.

    What is given narrows the choice. They are tried on the current version of the flow: by the process that
    executes it, else here, with what --set gave to their runs. Exit code 0: done, 1: a run failed again or
    something was refused, 2: there is no such run or dead letter, or the usage is wrong.
    """
    wish = _Wish(
        invocation, store, parse_settings(settings), env_file, read_data(data), data is not None, as_json
    )
    plans = asyncio.run(_plans(store, Choice(**chosen)))  # type: ignore[arg-type] # as click parsed them
    count = sum(len(plan.letters) for plan in plans)
    if wish.is_edited and count != 1:
        raise UsageError(f"--data is the message of one dead letter, and {count:,} are chosen; add --task ID")
    if not count:
        print("no such dead letter")
    status = 0
    for plan in plans:
        status = max(status, _retry(plan, wish))
        if status > 1:  # told to stop
            break
    return status


async def _plans(url: str | None, choice: Choice) -> list[_Plan]:
    async with kept_store(url) as store:
        paths = await store.flows()
        plans: dict[tuple[str, bytes], _Plan] = {}
        overrides: dict[str, dict[str, Json]] = {}
        for letter in await chosen_letters(store, choice, "retry"):
            run_id = letter.task.run_id
            if run_id not in overrides:
                run = await store.run(run_id)
                version = None if run is None else await store.version(run.flow, run.version)
                overrides[run_id] = {} if version is None else version.overrides
            own = overrides[run_id]
            plan = _Plan(letter.flow, paths[letter.flow], own, [])
            plans.setdefault((letter.flow, encode_json(own)), plan).letters.append(letter)
        return list(plans.values())


def _retry(plan: _Plan, wish: _Wish) -> int:
    """Have a plan carried out: elsewhere or here, or one after the other; returns the exit code."""
    letters = {uuid4().hex: letter for letter in plan.letters}
    retrial = Retrial(plan.flow, letters, wish.data, wish.is_edited, wish.as_json)
    while True:
        executing = asyncio.run(_elsewhere(retrial, wish))
        if not retrial.waiting:
            if not wish.as_json:
                _tell(retrial, executing, store_option(wish.store))
            return 1 if retrial.refused else 0
        status = _here(retrial, plan, wish)
        if retrial.is_here:
            return status


async def _elsewhere(retrial: Retrial, wish: _Wish) -> Executing:
    """Ask the process that executes the flow, if one does; gives who does."""
    async with kept_store(wish.store) as store:
        found = await executing(store, retrial.flow)
        if found.executors:
            if wish.settings:
                is_one = len(found.executors) == 1
                raise UsageError(
                    f"--set cannot change flow `{retrial.flow}`, which is being executed by {found}; "
                    f"stop {'that one' if is_one else 'them'} first"
                )
            await retrial.elsewhere(store, found.executors[0].process)
        return found


def _tell(retrial: Retrial, executing: Executing, store: str) -> None:
    print("\n".join(retrial.refused), end="\n" if retrial.refused else "")
    runs = list(dict.fromkeys(letter.task.run_id for letter in retrial.accepted))
    if runs:
        tries = "tries" if len(executing.executors) == 1 else "try"
        print(f"{executing} {tries} {plural(len(retrial.accepted), 'dead letter')} again")
        print(f"Look at it: headrace runs {f'show {runs[0]}' if len(runs) == 1 else 'list'}{store}")


def _here(retrial: Retrial, plan: _Plan, wish: _Wish) -> int:
    """Execute the flow in this process until what was tried again has ended; returns the exit code."""
    registry = full_registry()
    flow = _load(plan, wish)
    variables = read_env_file(wish.env_file) if wish.env_file else None
    secrets = load_secrets(flow.secrets, env_file=variables)
    secrets.include(url_secrets(wish.store))
    wish.invocation.mask = secrets.mask
    show_logs(0, secrets.mask)
    order = Order(
        flow=flow,
        secrets=secrets.values,
        mask=secrets.mask,
        home=home_folder(),
        store=wish.store,
        read_version=version_reader(registry, secrets, variables),
    )
    watch = Watch()
    status = run_loop(run_flow(order, view_for(as_json=wish.as_json), watch, retrial.here))
    if retrial.is_here and not wish.as_json:
        print_letters(watch.with_letters, wish.store)
        print_pages(watch.codes, sys.stdout)
    return status


def _load(plan: _Plan, wish: _Wish) -> Flow:
    """The current version of the flow.

    Raises:
        UsageError: its file is not there any more, or holds another flow.
        FlowError: it has errors.
    """
    try:
        loaded = read_flow(plan.path, full_registry(), overrides={**plan.overrides, **wish.settings})
    except UsageError as error:
        raise UsageError(
            f"{error.message}: it was the file of flow `{plan.flow}`; `headrace run FILE` of another place "
            "has the store know that one"
        ) from error
    flow = require(loaded)
    if flow.name != plan.flow:
        raise UsageError(f"{plan.path} holds flow `{flow.name}` now, and no more `{plan.flow}`")
    return flow
