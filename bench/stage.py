"""What the measured processes talk to: an embedded PostgreSQL and mock APIs, each a process of its own."""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

import psycopg

from headrace.connections.embedded import EmbeddedPostgres

__all__ = ["TOKEN", "Stage", "stage"]

TOKEN = "bench-token"
_DATABASE, _USER = "myapp", "postgres"


class Stage:
    """Servers that run; closed at the end of `stage`."""

    def __init__(self, home: Path, database: str, socket_folder: str, closing: ExitStack) -> None:
        """Take the servers.

        Args:
            home: a throw-away home folder for headrace.
            database: the URL of the database.
            socket_folder: where its server listens.
            closing: stops what is started later.
        """
        self.home = home
        self.database = database
        self.socket_folder = socket_folder
        self.environment = {
            "HEADRACE_HOME": str(home),
            "HEADRACE_SECRET_API_TOKEN": TOKEN,
            "HEADRACE_SECRET_DB_HOST": socket_folder,
            "HEADRACE_SECRET_DB_USER": _USER,
            "HEADRACE_SECRET_DB_PASSWORD": "",
        }
        self._closing = closing
        self._connection = closing.enter_context(psycopg.connect(database, autocommit=True))

    def api(self, users: int, latency_ms: float) -> str:
        """Start an API with that many users; returns the URL that `/users` is below."""
        command = [sys.executable, "-m", "api", "--users", str(users), "--token", TOKEN]
        command += ["--latency-ms", str(latency_ms)]
        process = subprocess.Popen(command, cwd=Path(__file__).parent, stdout=subprocess.PIPE, text=True)
        self._closing.callback(_end, process)
        assert process.stdout is not None
        said = process.stdout.readline()
        found = re.search(r"http://\S+/v1", said)
        if found is None:
            raise SystemExit(f"the mock API did not start: {said}")
        return found[0]

    def new_store(self) -> str:
        """The URL of a store in which nothing is."""
        file = self.home / "bench.db"
        for path in self.home.glob(f"{file.name}*"):
            if path.is_file():
                path.unlink()
        return f"sqlite:///{file}"

    def command_environment(self) -> dict[str, str]:
        """For `headrace` as people run it: with its modules compiled, from the second call on."""
        environment = {**os.environ, **self.environment, "PYTHONPYCACHEPREFIX": str(self.home / "bytecode")}
        environment.pop("PYTHONDONTWRITEBYTECODE", None)
        return environment

    def clear(self) -> None:
        """Empty the tables and write what is dirty, so that every run meets the same database."""
        for table in ("users", "sync_logs"):
            self._connection.execute(f"DROP TABLE IF EXISTS {table}")
        self._connection.execute("CHECKPOINT")

    def empty(self) -> None:
        """As `clear`, but the tables stay, for a flow that is loaded already."""
        self._connection.execute("TRUNCATE users, sync_logs")
        self._connection.execute("CHECKPOINT")

    def users(self) -> int:
        """How many users the database holds; none where there is no table yet."""
        try:
            row = self._connection.execute("SELECT count(*) FROM users").fetchone()
        except psycopg.errors.UndefinedTable:
            return 0
        return row[0] if row else 0

    @property
    def server(self) -> str:
        """The server's version."""
        return f"PostgreSQL {self._connection.info.server_version // 10_000}"


@contextmanager
def stage(settings: Sequence[str] = ()) -> Iterator[Stage]:
    """Start a PostgreSQL in a throw-away folder, with its default durability, for the time of the block.

    Args:
        settings: further ones of the server, `track_commit_timestamp=on`.
    """
    with ExitStack() as closing:
        home = Path(closing.enter_context(tempfile.TemporaryDirectory(prefix="headrace-bench-")))
        embedded = EmbeddedPostgres(home, settings)
        closing.callback(shutil.rmtree, embedded.state, ignore_errors=True)
        server = embedded.start()
        closing.callback(embedded.leave)
        with psycopg.connect(server.url(), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {_DATABASE}")
        yield Stage(home, server.url(_DATABASE, _USER), server.socket_folder, closing)


def _end(process: subprocess.Popen[str]) -> None:
    process.terminate()
    process.wait()
