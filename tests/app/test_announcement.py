"""Where a server says that it is, and when it is believed."""

import os
import stat
from pathlib import Path

import pytest

from headrace.app.announcement import Announcement, announced, announcement
from headrace.errors import UsageError
from support.forked import start

TOKEN = "a-token-for-looking-alone"


def here(url: str = "http://127.0.0.1:8080") -> Announcement:
    return Announcement(url, TOKEN, os.getpid())


def test_it_is_told_until_the_end_to_its_user_alone(tmp_path: Path) -> None:
    with announced(tmp_path, here()):
        (file,) = tmp_path.iterdir()
        assert (file.name, stat.S_IMODE(file.stat().st_mode)) == ("serve.json", 0o600)
        assert announcement(tmp_path) == here()
    assert (list(tmp_path.iterdir()), announcement(tmp_path)) == ([], None)


def test_the_last_of_several_is_told_of_and_stays_when_an_earlier_one_ends(tmp_path: Path) -> None:
    second = here("http://127.0.0.1:8081")
    with announced(tmp_path, here()):
        later = announced(tmp_path, second)
        later.__enter__()
    assert announcement(tmp_path) == second
    later.__exit__(None, None, None)
    assert announcement(tmp_path) is None


def test_a_process_that_is_gone_is_not_believed(tmp_path: Path) -> None:
    gone = start(program="pass")
    gone.communicate()
    with announced(tmp_path, Announcement("http://127.0.0.1:8080", TOKEN, gone.pid)):
        assert announcement(tmp_path) is None


@pytest.mark.parametrize(
    "text", ["", "{", "[]", '{"url": 1}', '{"url": "http://x", "token": "t", "process": 0}', "\xff"]
)
def test_what_is_no_announcement_is_none(tmp_path: Path, text: str) -> None:
    (tmp_path / "serve.json").write_text(text, encoding="latin-1")
    assert announcement(tmp_path) is None


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "serve.json").mkdir()
    with pytest.raises(UsageError, match=r"cannot write .*serve\.json"), announced(tmp_path, here()):
        pass
    assert [file.name for file in tmp_path.iterdir()] == ["serve.json"]


def test_the_token_is_not_shown() -> None:
    assert TOKEN not in repr(here())
