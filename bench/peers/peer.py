"""What a peer is, and what it is told."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

__all__ = ["PEERS", "Peer", "Place"]

PEERS = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Place:
    """Where a peer does the work.

    Attributes:
        api: the URL that `/users` is below; it wants `token`.
        database: the URL of the database, for what uses libpq.
        socket_folder: the host in that URL: where the server listens, at the port 5432 and for nobody else.
        folder: its own for this run, empty.
        home: where its packages are.
    """

    api: str
    token: str
    users: int
    database: str
    socket_folder: str
    folder: Path
    home: Path

    @property
    def bin(self) -> Path:
        """The programs of its virtual environment."""
        return self.home / "venv" / "bin"

    def environment(self) -> Mapping[str, str]:
        """The same as variables, for programs."""
        return {
            "BENCH_API": self.api,
            "BENCH_TOKEN": self.token,
            "BENCH_USERS": str(self.users),
            "BENCH_DATABASE": self.database,
            "BENCH_SOCKET_FOLDER": self.socket_folder,
            "BENCH_FOLDER": str(self.folder),
            "BENCH_MODULES": str(self.home / "node_modules"),
        }


@dataclass(frozen=True, slots=True)
class Peer:
    """A way to do the work with another tool.

    Attributes:
        folder: of its files, below `bench/peers`: `requirements.txt` or `package.json`, and the program.
            Empty for what this environment has already.
        command: what to run; it ends when the work is done. Run in `Place.folder`.
        prepare: what is done before the command and takes no part in the figures, such as to import a flow.
        in_flight: how many requests it has in flight.
        is_slow: it gets a tenth of the users.
    """

    name: str
    folder: str
    command: Callable[[Place], Sequence[str]]
    prepare: Callable[[Place], Sequence[str]] | None = None
    in_flight: int = 1
    is_slow: bool = False

    @property
    def files(self) -> Path:
        """Its folder."""
        return PEERS / self.folder
