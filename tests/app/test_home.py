"""Where headrace writes."""

import stat
from pathlib import Path

import pytest

from headrace.app import home_folder
from headrace.errors import UsageError


def test_it_is_made_for_its_user_alone(tmp_path: Path) -> None:
    home = home_folder({"HEADRACE_HOME": str(tmp_path / "a" / "b")})
    assert stat.S_IMODE(home.stat().st_mode) == 0o700


def test_a_user_without_a_home_folder_is_told_what_to_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HOME")
    monkeypatch.setattr("os.getuid", lambda: 2**31 - 7)  # as a container gives one that has no name
    with pytest.raises(UsageError, match="set HEADRACE_HOME"):
        home_folder({})
