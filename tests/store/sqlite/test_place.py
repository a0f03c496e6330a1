"""Rule 20: a store on a network file system is refused; what lies where is told by the table of mounts."""

from pathlib import Path

import pytest

from headrace.errors import StoreError
from headrace.store.sqlite.place import file_system_of, resolved

ROOT = "22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw\n"


def line(number, parent, point, kind, optional="shared:9 "):
    return f"{number} {parent} 0:{number} / {point} rw,nosuid {optional}- {kind} source rw\n"


@pytest.mark.parametrize(
    ("mounts", "folder", "kind"),
    [
        (ROOT, "/home/me", "ext4"),
        (ROOT + line(30, 22, "/home", "nfs4"), "/home/me", "nfs4"),
        (ROOT + line(30, 22, "/home", "nfs4"), "/home", "nfs4"),
        (ROOT + line(30, 22, "/home", "nfs4"), "/homes/me", "ext4"),
        (ROOT + line(30, 22, "/home", "nfs4", ""), "/home/me", "nfs4"),  # no optional field
        (ROOT + line(30, 22, "/home", "nfs4", "shared:1 master:2 "), "/home/me", "nfs4"),
        (line(30, 22, "/home", "nfs4") + ROOT, "/home/me", "nfs4"),  # in any order
        (ROOT + line(30, 22, "/my\\040disk", "cifs"), "/my disk/a", "cifs"),
        (ROOT + line(30, 22, "/tab\\011line\\012slash\\134040", "cifs"), "/tab\tline\nslash\\040/a", "cifs"),
        (ROOT + line(30, 22, "/hash\\043", "cifs"), "/hash#", "cifs"),
        # one in the other
        (ROOT + line(30, 22, "/net", "nfs") + line(31, 30, "/net/local", "xfs"), "/net/local/a", "xfs"),
        (ROOT + line(30, 22, "/net", "nfs") + line(31, 30, "/net/local", "xfs"), "/net/other", "nfs"),
        # one on the other: autofs is mounted first, what it finds above it
        (ROOT + line(30, 22, "/net", "autofs") + line(31, 30, "/net", "nfs"), "/net/a", "nfs"),
        (ROOT + line(31, 30, "/net", "nfs") + line(30, 22, "/net", "autofs"), "/net/a", "nfs"),
        # hidden by a mount above
        (ROOT + line(30, 22, "/data/sub", "nfs") + line(31, 22, "/data", "ext4"), "/data/sub/a", "ext4"),
        # a container: the root's parent is not in the table
        (line(700, 650, "/", "overlay") + line(701, 700, "/data", "fuse.sshfs"), "/data/a", "fuse.sshfs"),
        (line(1, 1, "/", "rootfs") + line(22, 1, "/", "nfs"), "/a", "nfs"),
        # circles and nonsense
        (line(5, 6, "/", "ext4") + line(6, 5, "/", "nfs"), "/a", ""),
        ("", "/a", ""),
        ("nonsense\n1 2\n - \n1 2 3 4 5 - \n" + ROOT, "/a", "ext4"),
    ],
)  # fmt: skip
def test_rule_20_the_file_system_of_a_folder_is_the_topmost_of_the_nearest_mount(mounts, folder, kind):
    assert file_system_of(Path(folder), mounts) == kind


@pytest.mark.parametrize("kind", ["nfs", "nfs4", "cifs", "9p", "fuse.sshfs", "virtiofs"])
def test_rule_20_network_file_systems_are_refused(tmp_path, kind):
    with pytest.raises(StoreError, match=f"network file system \\({kind}\\)") as refused:
        resolved(tmp_path / "store.db", ROOT + line(30, 22, tmp_path, kind))
    assert refused.value.code == "HR405"
    assert "HEADRACE_HOME" in refused.value.message


def test_rule_20_a_link_into_a_network_file_system_is_seen_through(tmp_path):
    (there := tmp_path / "there").mkdir()
    (link := tmp_path / "store.db").symlink_to(there / "store.db")
    with pytest.raises(StoreError, match="network file system"):
        resolved(link, ROOT + line(30, 22, there, "nfs"))


@pytest.mark.parametrize("kind", ["ext4", "xfs", "btrfs", "zfs", "tmpfs", "overlay", "apfs", "fuseblk"])
def test_local_file_systems_are_fine(tmp_path, kind):
    place = tmp_path / "store.db"
    assert resolved(place, ROOT + line(30, 22, tmp_path, kind)) == place


def test_the_machines_own_table_is_understood(tmp_path):
    assert resolved(tmp_path / "store.db") == tmp_path / "store.db"
    assert file_system_of(tmp_path, Path("/proc/self/mountinfo").read_text("utf-8", "surrogateescape"))
