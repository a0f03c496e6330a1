"""Where the embedded server lies, and as whom it runs."""

import hashlib
import os
import pwd
import stat
import tempfile
from dataclasses import dataclass
from pathlib import Path

from headrace.errors import PermanentError

__all__ = ["PORT", "Account", "Folder"]

PORT = 5432
"""Names the socket only; nothing listens on the network."""

_ROOT_FOLDER = Path("/var/lib/headrace")
_LONGEST_SOCKET = 103
"""Bytes of a socket's path: 107 on Linux, 103 on macOS and the BSDs (sizeof sun_path, less the NUL)."""


@dataclass(frozen=True, slots=True)
class Account:
    """A user of the operating system."""

    name: str
    user_id: int
    group_id: int


@dataclass(frozen=True, slots=True)
class Folder:
    """The paths of one home folder's server.

    PostgreSQL does not run as root. For root its files are in `/var/lib/headrace/<hash of the home
    folder>`, since its user could not enter root's home; there, and nowhere else, `nobody` owns some.

    Attributes:
        state: all of it; owned by who runs headrace.
        account: as whom the server runs; None for as oneself.
    """

    home: Path
    state: Path
    account: Account | None

    @classmethod
    def of(cls, home: Path) -> "Folder":
        """The paths for a home folder; nothing is made yet."""
        home = home.expanduser().resolve()
        if os.geteuid() != 0:
            return cls(home, home / "postgres", None)
        nobody = pwd.getpwnam("nobody")
        account = Account(nobody.pw_name, nobody.pw_uid, nobody.pw_gid)
        return cls(home, _ROOT_FOLDER / _digest(home), account)

    @property
    def data(self) -> Path:
        """PostgreSQL's data folder."""
        return self.state / "data"

    @property
    def log(self) -> Path:
        """What the server logs."""
        return self.state / "log" / "server.log"

    @property
    def socket(self) -> Path:
        """The folder of the socket: short enough for an operating system's limit."""
        folder = self.state / "run"
        if len(os.fsencode(folder / f".s.PGSQL.{PORT}")) <= _LONGEST_SOCKET:
            return folder
        short = os.environ.get("XDG_RUNTIME_DIR") or tempfile.gettempdir()
        return Path(short) / f"headrace-{os.geteuid()}-{_digest(self.home)}"

    def make(self) -> None:
        """Make the folders, private to their owners.

        Raises:
            PermanentError: one cannot be made, or belongs to someone else.
        """
        try:
            self.state.mkdir(parents=True, exist_ok=True)
            if self.account is not None:
                _ROOT_FOLDER.chmod(0o755)
                self.state.chmod(0o755)
            (self.state / "home").write_text(f"{self.home}\n")
            for folder in (self.data.parent / "new", self.log.parent, self.socket):
                self._make_private(folder)
        except OSError as error:
            raise PermanentError(
                f"the folder of the embedded PostgreSQL cannot be made: {error.strerror}: {error.filename}",
                code="HR325",
            ) from error

    def _make_private(self, folder: Path) -> None:
        folder.mkdir(mode=0o700, exist_ok=True)
        found = folder.lstat()
        owner = os.geteuid() if self.account is None else self.account.user_id
        if not stat.S_ISDIR(found.st_mode) or found.st_uid not in (os.geteuid(), owner):
            raise PermanentError(f"`{folder}` belongs to someone else; remove it", code="HR325")
        if self.account is not None:
            os.chown(folder, self.account.user_id, self.account.group_id)
        folder.chmod(0o700)


def _digest(home: Path) -> str:
    return hashlib.sha256(os.fsencode(home)).hexdigest()[:16]
