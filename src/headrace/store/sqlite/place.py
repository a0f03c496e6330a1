"""Where a store's file may lie."""

import re
from pathlib import Path

import msgspec

from headrace.errors import StoreError

__all__ = ["file_system_of", "resolved"]

_NETWORK = frozenset(
    {
        "9p", "afs", "beegfs", "ceph", "cifs", "coda", "davfs", "fuse.ceph", "fuse.davfs", "fuse.gcsfuse",
        "fuse.glusterfs", "fuse.juicefs", "fuse.mfs", "fuse.rclone", "fuse.s3fs", "fuse.sshfs",
        "fuse.vmhgfs-fuse", "glusterfs", "gpfs", "lustre", "ncpfs", "nfs", "nfs4", "ocfs2", "orangefs",
        "prl_fs", "smb3", "smbfs", "vboxsf", "virtiofs",
    }
)  # fmt: skip
"""Their locks and shared memory do not hold between machines (sqlite.org/useovernet.html)."""


def resolved(path: Path, mounts: str | None = None) -> Path:
    """The one name of a store's file, at which its locks and its log lie as well.

    Args:
        path: absolute, of the file, which need not be there.
        mounts: the table of mounts in the form of `/proc/self/mountinfo`; the machine's if None.

    Raises:
        StoreError: the file cannot lie there: no folder, no file, a network file system, whose locks would
            not hold (rule 20), or a file that has been emptied.
    """
    try:
        path = path.resolve()
        folder = path.parent
        if not folder.is_dir():
            raise StoreError(f"the folder `{folder}` of the store is not there; make it first", code="HR403")
        if path.is_dir():
            raise StoreError(f"the store `{path}` is a folder; name a file in it", code="HR404")
        _check_links(path)
        _check_log(path)
    except (OSError, RuntimeError, ValueError) as error:  # RuntimeError: links in a circle; ValueError: a NUL
        reason = error.strerror if isinstance(error, OSError) else error
        raise StoreError(f"the store `{path}` cannot be reached: {reason}", code="HR403") from error
    kind = file_system_of(folder, _mounts() if mounts is None else mounts)
    if kind in _NETWORK:
        raise StoreError(
            f"the store `{path}` lies on a network file system ({kind}), where locks do not hold between "
            "machines; give a --store on a local disk, or set HEADRACE_HOME to one",
            code="HR405",
        )
    return path


def _check_links(path: Path) -> None:
    """By another name the file would have another log: sqlite.org/howtocorrupt.html, section 2.5."""
    if path.is_file() and path.stat().st_nlink > 1:
        raise StoreError(
            f"the store `{path}` has a second name (a hard link), by which it would be damaged; copy it to a "
            "file of its own",
            code="HR403",
        )


def _check_log(path: Path) -> None:
    """SQLite would take an empty file for a new one, and throw its log away."""
    log = path.with_name(f"{path.name}-wal")
    is_empty = not path.exists() or path.stat().st_size == 0
    if is_empty and log.exists() and log.stat().st_size > 0:
        raise StoreError(
            f"the store `{path}` is {'empty' if path.exists() else 'not there'}, but its log `{log}` is not: "
            "restore both from a backup, or move the log away as well to begin anew",
            code="HR403",
        )


class _Mount(msgspec.Struct, frozen=True):
    """A line of the table; fields as in proc_pid_mountinfo(5)."""

    id: str
    parent: str
    point: Path
    kind: str


def file_system_of(folder: Path, mounts: str) -> str:
    """The kind of file system that a folder lies on; empty if unknown.

    From the root on it is followed what is mounted on what: a mount may be hidden below a later one.
    """
    around = [mount for mount in _parsed(mounts) if folder.is_relative_to(mount.point)]
    known = {mount.id for mount in around}
    current = next((m for m in around if m.parent not in known or m.parent == m.id), None)
    kind = ""
    while current is not None:
        kind = current.kind
        around.remove(current)
        above = [mount for mount in around if mount.parent == current.id]
        current = min(above, key=lambda mount: len(mount.point.parts), default=None)
    return kind


def _parsed(mounts: str) -> list[_Mount]:
    found = []
    for line in mounts.splitlines():
        before, separator, after = line.partition(" - ")
        fields, kinds = before.split(" "), after.split(" ")
        if separator and len(fields) >= 5:
            found.append(_Mount(fields[0], fields[1], Path(_unescaped(fields[4])), kinds[0]))
    return found


def _unescaped(text: str) -> str:
    return re.sub(r"\\([0-7]{3})", lambda match: chr(int(match[1], 8)), text)


def _mounts() -> str:
    try:
        return Path("/proc/self/mountinfo").read_text(encoding="utf-8", errors="surrogateescape")
    except OSError:  # no Linux: nothing is known of its mounts
        return ""
