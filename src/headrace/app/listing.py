"""The YAML files below a folder, as they are now."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from stat import S_ISREG
from typing import TypeAlias

import msgspec

__all__ = ["Listing", "Stamp", "list_files"]

Stamp: TypeAlias = tuple[int, int, int]
"""Changes whenever a file does: the time of its last change, its size, its inode."""


class Listing(msgspec.Struct):
    """What was found below a folder.

    Attributes:
        stamps: of the YAML files.
        hidden: what could not be looked at, files and folders, and why.
    """

    stamps: dict[Path, Stamp] = msgspec.field(default_factory=dict)
    hidden: dict[Path, str] = msgspec.field(default_factory=dict)

    def hides(self, path: Path) -> bool:
        """Whether nobody knows if a file is there."""
        return any(path.is_relative_to(hidden) for hidden in self.hidden)


def list_files(root: Path) -> Listing:
    """List the YAML files below a folder, or one file; hidden folders are left out; blocking."""
    listing = Listing()

    def fail(error: OSError) -> None:
        if not isinstance(error, FileNotFoundError | NotADirectoryError):  # gone since it was listed
            listing.hidden[Path(error.filename)] = (error.strerror or str(error)).lower()

    for path in _yaml_files(root, fail):
        try:
            stat = path.stat()
        except OSError as error:
            fail(error)
            continue
        if S_ISREG(stat.st_mode):  # who reads a pipe waits for its writer
            listing.stamps[path] = stat.st_mtime_ns, stat.st_size, stat.st_ino
    return listing


def _yaml_files(root: Path, fail: Callable[[OSError], None]) -> Iterator[Path]:
    if os.path.isfile(root):  # noqa: PTH113 - `Path.is_file` raises where the folder may not be looked into
        yield root
        return
    for folder, folders, names in os.walk(root, onerror=fail):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(names):
            if name.endswith((".yaml", ".yml")) and not name.startswith("."):
                yield Path(folder) / name
