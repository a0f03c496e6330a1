"""The demo: what is prepared, what is run, what is printed."""

import hashlib
import shlex
import time
from importlib.resources import files
from pathlib import Path

from rich.console import Console
from rich.text import Text

from headrace.app import Secrets, full_registry, home_folder
from headrace.cli.demo.api import DemoApi
from headrace.cli.demo.report import DATABASE, USER, DemoDatabase
from headrace.cli.logs import show_logs
from headrace.cli.run import view_for
from headrace.cli.session import Order, run_flow, run_loop
from headrace.cli.stopping import StopSignals
from headrace.cli.watch import Watch
from headrace.cli.wording import number, plural, span_of_time
from headrace.connections.embedded import EmbeddedPostgres, SharedServer
from headrace.errors import UsageError
from headrace.flow.loader import read_flow, require
from headrace.flow.model import Flow

__all__ = ["FLOW_TEXT", "show_demo"]

FLOW_TEXT = files("headrace.cli.demo").joinpath("flow.yaml").read_text(encoding="utf-8")

_SECRETS = {"apiToken": "demo-token", "dbHost": "embedded", "dbUser": USER, "dbPassword": ""}
_ENV_FILE = """\
# What the demo's flow is given as secrets. The API and the database are on this machine, for no one else.
HEADRACE_SECRET_API_TOKEN=demo-token
HEADRACE_SECRET_DB_HOST=embedded
HEADRACE_SECRET_DB_USER=headrace
HEADRACE_SECRET_DB_PASSWORD=
"""


def show_demo(users: int, port: int, *, keep: bool) -> int:
    """Run the demo; returns the exit code."""
    home = home_folder()
    show_logs(0, str)
    return run_loop(_Demo(home, users, port, keep=keep).run())


class _Demo:
    """One run of the demo."""

    def __init__(self, home: Path, users: int, port: int, *, keep: bool) -> None:
        self._home = home
        self._keep = keep
        self._watch = Watch()
        self._api = DemoApi(users, _SECRETS["apiToken"], self._watch.say, port)
        self._users = users
        self._console = Console(highlight=False)
        if not self._console.is_terminal:
            self._console = Console(highlight=False, width=120)

    async def run(self) -> int:
        """Prepare, run the flow, show what came of it."""
        self._say("A flow keeps a table in PostgreSQL equal to the users of an API.", style="bold")
        async with self._api:
            self._step("API", f"{self._api.url}/users: {plural(self._users, 'user')}; it fails now and then")
            server = await self._start_postgres()
            database = DemoDatabase(server)
            try:
                return await self._run_and_report(server, database)
            finally:
                await database.close()
                await server.close()

    async def _start_postgres(self) -> SharedServer:
        began_s = time.monotonic()
        server = await SharedServer.start(self._home)
        await server.ensure(DATABASE, USER)
        took = span_of_time(time.monotonic() - began_s)
        self._step("PostgreSQL", f"ready after {took}; its files are in {EmbeddedPostgres(self._home).state}")
        return server

    async def _run_and_report(self, server: SharedServer, database: DemoDatabase) -> int:
        flow, path = self._load()
        self._step("flow", str(path))
        before = await database.count_users()
        self._say("")
        order = Order(
            flow, _SECRETS, Secrets(_SECRETS).mask, self._home, store="memory", trigger=flow.triggers[0].name
        )
        status = await run_flow(order, view_for(), self._watch)
        self._say("")
        if status != 0:
            return status
        after = await database.count_users()
        self._console.print(await database.recent_syncs(self._console.width))
        self._say("")
        self._console.print(await database.some_users(self._console.width))
        self._say("")
        self._say(_comparison(before, after))
        self._say_where_next(path)
        if self._keep:
            await self._wait()
        return status

    def _load(self) -> tuple[Flow, Path]:
        """The flow, from a file that people may change."""
        path = self._home / "demo" / "flow.yaml"
        try:
            self._write_files(path)
        except (OSError, UnicodeError) as error:
            raise UsageError(f"the demo's files in {path.parent} cannot be written: {error}") from error
        # The page waits 5 s before it asks again, which is right for an API far away.
        overrides = {"vars.apiUrl": self._api.url, "nodes.api-client.settings.retryDelay": "500ms"}
        return require(read_flow(path, full_registry(), overrides=overrides)), path

    def _write_files(self, path: Path) -> None:
        """Write the flow, but not over what someone has changed, and its secrets."""
        path.parent.mkdir(exist_ok=True)
        (path.parent / "demo.env").write_text(_ENV_FILE, encoding="utf-8")
        written = path.parent / "written"  # the digest of the flow as it was written last
        if path.exists() and _digest(path.read_text(encoding="utf-8")) != (
            written.read_text(encoding="utf-8") if written.exists() else ""
        ):
            self._say(f"{path} was changed; it is used as it is. Remove it to get the original back.")
            return
        path.write_text(FLOW_TEXT, encoding="utf-8")
        written.write_text(_digest(FLOW_TEXT), encoding="utf-8")

    def _say_where_next(self, path: Path) -> None:
        run = (
            f"headrace run {shlex.quote(str(path))} --once"
            f" --env-file {shlex.quote(str(path.parent / 'demo.env'))} --set vars.apiUrl={self._api.url}"
        )
        self._say("")
        self._say("Where to look next", style="bold")
        self._step("the flow", str(path))
        self._step("its tables", f"headrace postgres psql -d {DATABASE} -U {USER}")
        self._step("check it", f"headrace validate {shlex.quote(str(path))}")
        if self._keep:
            self._step("run it", run)
        else:
            self._step("again", "headrace demo: a second run doubles nothing")
            self._step("keep it up", "headrace demo --keep: API and database stay, to run the flow yourself")
        self._step("components", "headrace components common-module/iterator")

    async def _wait(self) -> None:
        self._say("")
        self._say("API and database stay up until Ctrl-C.")
        stop = StopSignals()
        with stop.handled():
            await stop.asked.wait()

    def _step(self, what: str, text: str) -> None:
        line = Text(f"  {what:<11} ", style="dim")
        line.append(text, style="not dim")
        self._console.print(line, soft_wrap=True)

    def _say(self, text: str, style: str = "") -> None:
        self._console.print(Text(text, style=style), soft_wrap=True)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _comparison(before: int, after: int) -> str:
    if before == 0:
        return f"users: {plural(after, 'row')}"
    same = "as many as before: nothing was doubled" if after == before else f"{number(before)} before"
    return f"users: {plural(after, 'row')}, {same}"
