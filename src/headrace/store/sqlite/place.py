"""Where a store's file may lie."""

from pathlib import Path

from headrace.errors import StoreError

__all__ = ["check_place", "file_system_of"]

_NETWORK = frozenset(
    {
        "9p", "afs", "beegfs", "ceph", "cifs", "davfs", "fuse.davfs", "fuse.glusterfs", "fuse.juicefs",
        "fuse.rclone", "fuse.s3fs", "fuse.sshfs", "glusterfs", "gpfs", "lustre", "ncpfs", "nfs", "nfs4",
        "ocfs2", "smb3", "smbfs", "virtiofs",
    }
)  # fmt: skip
"""Their locks and shared memory do not hold between machines (sqlite.org/useovernet.html)."""


def check_place(path: Path, mounts: str | None = None) -> None:
    """Refuse a file whose locks would not hold (rule 20).

    Args:
        path: absolute, of the file.
        mounts: the table of mounts in the form of `/proc/self/mountinfo`; the machine's if None.

    Raises:
        StoreError: it lies on a network file system, or its folder is not there.
    """
    folder = path.parent
    if not folder.is_dir():
        raise StoreError(f"the folder `{folder}` of the store is not there; make it first", code="HR403")
    kind = file_system_of(folder.resolve(), _mounts() if mounts is None else mounts)
    if kind in _NETWORK:
        raise StoreError(
            f"the store `{path}` lies on a network file system ({kind}), where locks do not hold between "
            "machines; give a --store on a local disk, or set HEADRACE_HOME to one",
            code="HR405",
        )


def file_system_of(folder: Path, mounts: str) -> str:
    """The kind of file system that a folder lies on; empty if unknown. Fields as in proc_pid_mountinfo(5)."""
    best, kind = -1, ""
    for line in mounts.splitlines():
        before, separator, after = line.partition(" - ")
        fields = before.split()
        if not separator or len(fields) < 5:
            continue
        point = Path(_unescaped(fields[4]))
        if (folder == point or point in folder.parents) and len(point.parts) >= best:
            best, kind = len(point.parts), after.split()[0]
    return kind


def _unescaped(text: str) -> str:
    for code, char in (("\\040", " "), ("\\011", "\t"), ("\\012", "\n"), ("\\134", "\\")):
        text = text.replace(code, char)
    return text


def _mounts() -> str:
    try:
        return Path("/proc/self/mountinfo").read_text(encoding="utf-8", errors="surrogateescape")
    except OSError:  # no Linux: nothing is known of its mounts
        return ""
