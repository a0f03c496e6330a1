"""What a campaign plays in: a flow, an API with faults, a PostgreSQL server, the command."""

import asyncio
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg

from chaos.play import Play
from headrace.connections.embedded import EmbeddedPostgres, EmbeddedServer
from support.api import RESET, TOKEN, Answer, Api


def add_faults(api: Api, pages: int) -> None:
    """Answers of some pages that are no page, once each."""
    truncated = Answer(200, b'{"data": [{"id": "usr_', {"Content-Type": "application/json"})
    faults = (
        Answer(500, b"oops"),
        RESET,
        truncated,
        Answer(429, b"", {"Retry-After": "0"}),
        Answer(503, b"later"),
    )
    for page in range(2, pages + 1, 4):
        api.script[page].append(faults[page // 4 % len(faults)])


@dataclass
class Scene:
    """One store, one database, one flow file.

    Attributes:
        options: of `headrace run --once`.
    """

    folder: Path
    embedded: EmbeddedPostgres
    server: EmbeddedServer
    api: Api
    play: Play
    printed: list[str] = field(default_factory=list)

    def prepare(self) -> None:
        """Write the flow and make the database."""
        (self.folder / "flow.yaml").write_text(self.play.text())
        with psycopg.connect(self.server.url(), autocommit=True) as connection:
            connection.execute("CREATE DATABASE myapp")

    @property
    def store(self) -> Path:
        return self.folder / "store.db"

    async def start(self) -> asyncio.subprocess.Process:
        """`headrace run flow.yaml --once` in a process group of its own."""
        environment = {
            **os.environ,
            "HEADRACE_HOME": str(self.folder / "home"),
            "HEADRACE_SECRET_API_TOKEN": TOKEN,
            "HEADRACE_SECRET_DB_HOST": self.server.socket_folder,
            "HEADRACE_SECRET_DB_USER": "postgres",
            "HEADRACE_SECRET_DB_PASSWORD": "a-password-that-is-not-asked-for",
        }
        return await asyncio.create_subprocess_exec(
            sys.executable, "-m", "headrace", "run", "flow.yaml", "--once", "--json",
            "--store", f"sqlite:///{self.store}",
            "--set", f"vars.apiUrl={self.api.url}",
            *(part for setting in self.play.settings for part in ("--set", setting)),
            cwd=self.folder,
            env=environment,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            start_new_session=True,
        )  # fmt: skip

    def crash_database(self) -> None:
        """End the server at once, as a crash does, and start it again."""
        os.kill(self.server.process_id, signal.SIGQUIT)
        while self.embedded.status() is not None:
            pass
        self.server = self.embedded.start()

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """The rows of a query in the target."""
        with psycopg.connect(self.server.url("myapp")) as connection:
            return connection.execute(query).fetchall()

    def execute(self, statement: str) -> None:
        """Run a statement in the target."""
        with psycopg.connect(self.server.url("myapp"), autocommit=True) as connection:
            connection.execute(statement)


@contextmanager
def database(home: Path) -> Iterator[EmbeddedPostgres]:
    """A server that survives its own crashes; what it says is durable is."""
    embedded = EmbeddedPostgres(home, ("max_connections=50",))
    embedded.start()
    try:
        yield embedded
    finally:
        embedded.leave()
