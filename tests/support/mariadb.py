"""A MariaDB server for tests, where the Debian package mariadb-server is installed."""

import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pymysql

_numbers = count(1)


def missing() -> str:
    """Why there can be no server; empty if there can."""
    tools = [name for name in ("mariadbd", "mariadb-install-db") if shutil.which(name) is None]
    return f"{' and '.join(tools)} not found: apt-get install mariadb-server" if tools else ""


@dataclass
class MariaDb:
    """A running server."""

    socket: Path

    def url(self, database: str) -> str:
        """For headrace."""
        return f"mysql://root@{quote(str(self.socket), safe='')}/{database}"

    def connect(self, database: str | None = None) -> Any:
        """A connection from outside headrace."""
        return pymysql.connect(
            unix_socket=str(self.socket),
            ssl_disabled=True,
            user="root",
            database=database,
            autocommit=True,
            charset="utf8mb4",
        )

    @contextmanager
    def fresh_database(self) -> Iterator[str]:
        """An empty database; gives its name."""
        name = f"test_{next(_numbers)}"
        with self.connect() as connection, connection.cursor() as cursor:
            cursor.execute(f"CREATE DATABASE {name} CHARACTER SET utf8mb4")
            yield name
            cursor.execute(f"DROP DATABASE {name}")


@contextmanager
def running_mariadb(folder: Path) -> Iterator[MariaDb]:
    """A server of one's own on a socket; fast, since nothing on it has to outlive a crash."""
    data, socket = folder / "data", folder / "s"
    subprocess.run(
        ["mariadb-install-db", "--no-defaults", f"--datadir={data}", "--user=root", "--skip-test-db",
         "--auth-root-authentication-method=normal"],
        check=True, capture_output=True,
    )  # fmt: skip
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            ["mariadbd", "--no-defaults", f"--datadir={data}", "--user=root", "--skip-networking",
             f"--socket={socket}", f"--pid-file={folder / 'pid'}", "--innodb-flush-log-at-trx-commit=0",
             "--innodb-buffer-pool-size=32M", "--character-set-server=utf8mb4"],
            stdout=log, stderr=log,
        )  # fmt: skip
    server = MariaDb(socket)
    try:
        _wait_for(server, process, folder / "log")
        yield server
    finally:
        process.terminate()
        process.wait(30)


def _wait_for(server: MariaDb, process: "subprocess.Popen[bytes]", log: Path) -> None:
    for _ in range(300):
        assert process.poll() is None, log.read_text()
        if server.socket.exists():  # from then on it answers
            server.connect().close()
            return
        time.sleep(0.1)
    raise AssertionError(log.read_text())
