"""`headrace runs watch`: see what goes on."""

from importlib import import_module

import click
from click.core import ParameterSource

from headrace.app import home_folder
from headrace.app.secrets import Secrets
from headrace.app.store_url import url_secrets
from headrace.cli.invocation import Invocation
from headrace.cli.runs.kept import STORE
from headrace.cli.runs.watch.line import JsonBoardView, PlainBoardView
from headrace.cli.runs.watch.place import Place, given_server
from headrace.cli.runs.watch.watching import BoardView, watch_runs
from headrace.cli.session import run_loop
from headrace.cli.terminal import is_live
from headrace.errors import UsageError

__all__ = ["command"]


@click.command("watch")
@click.argument("target", metavar="[RUN|FLOW]", required=False)
@click.option("--url", metavar="URL", help="Ask this server, or the one of the link that it printed.")
@STORE
@click.option("--json", "as_json", is_flag=True, help="Print what happens as JSON, an object a line.")
@click.pass_obj
def command(
    invocation: Invocation, target: str | None, *, url: str | None, store: str | None, as_json: bool
) -> int:
    """Watch runs: all, those of the flow FLOW, or the run RUN to its end.

    RUN is an id, the beginning of one, or `latest`. Without --url and --store it asks the `headrace serve` of
    the home folder; without one it tells what the store knows. The token for --url is HEADRACE_READ_TOKEN or
    HEADRACE_TOKEN. Exit code 0: the run succeeded, 1: it did not, 2: there is no such run, or nobody answers,
    130: interrupted.
    """
    if url is not None and store is not None:
        if click.get_current_context().get_parameter_source("store") is ParameterSource.COMMANDLINE:
            raise UsageError("--url asks a server, and --store looks into a store; give one of them")
        store = None  # the environment's is for commands that are not told where to look
    if store == "memory":
        raise UsageError("a store in memory is seen by its process alone; ask that with --url")
    server, token = given_server(url) if url is not None else ("", "")
    secrets = Secrets({"token": token} if token else {})
    secrets.include(url_secrets(store))
    invocation.mask = secrets.mask
    place = Place(home_folder(), server, token, store)
    return run_loop(watch_runs(place, target, _view(as_json=as_json)))


def _view(*, as_json: bool) -> BoardView:
    if as_json:
        return JsonBoardView()
    if is_live():
        view: BoardView = import_module("headrace.cli.runs.watch.display").LiveBoardView()
        return view
    return PlainBoardView()
