"""Where secrets come from, what is said when one is missing, and what is masked."""

import base64
import re

import pytest

from headrace.app import Secrets, load_secrets, read_env_file
from headrace.errors import UsageError


def test_the_environment_comes_first_then_the_env_file_then_the_folder(tmp_path):
    for name in ("apiToken", "dbUser", "dbPassword"):
        (tmp_path / name).write_text(f"{name} of the folder\n")
    environment = {"HEADRACE_SECRETS_DIR": str(tmp_path), "HEADRACE_SECRET_API_TOKEN": "from outside"}
    env_file = {"HEADRACE_SECRET_API_TOKEN": "of the file", "HEADRACE_SECRET_DB_USER": "of the file"}
    found = load_secrets(["apiToken", "dbUser", "dbPassword"], env_file=env_file, environment=environment)
    assert found.values == {
        "apiToken": "from outside",
        "dbUser": "of the file",
        "dbPassword": "dbPassword of the folder",
    }


def test_all_that_are_missing_are_named_with_their_variables():
    with pytest.raises(UsageError) as raised:
        load_secrets(["apiToken", "db_url"], environment={})
    assert str(raised.value).startswith(
        "no value for secrets `apiToken` (HEADRACE_SECRET_API_TOKEN), `db_url` (HEADRACE_SECRET_DB_URL): set"
    )


def test_an_env_file_has_assignments_comments_and_blank_lines(tmp_path):
    (tmp_path / "env").write_text("# secrets\n\nexport A=1\nB = 'two words'\nC=\"x=y\"\nD=\n")
    assert read_env_file(tmp_path / "env") == {"A": "1", "B": "two words", "C": "x=y", "D": ""}


def test_a_line_that_is_no_assignment_is_told_without_its_content(tmp_path):
    (tmp_path / "env").write_text("A=1\nhunter22\n")
    with pytest.raises(UsageError) as raised:
        read_env_file(tmp_path / "env")
    assert str(raised.value) == f"{tmp_path / 'env'}:2: this line is no `NAME=value`"


def test_a_file_that_cannot_be_read_is_told_with_the_reason(tmp_path):
    (tmp_path / "latin-1").write_bytes(b"A=\xe9\n")
    (tmp_path / "apiToken").mkdir()
    told = []
    for read in (
        lambda: read_env_file(tmp_path / "none"),
        lambda: read_env_file(tmp_path / "latin-1"),
        lambda: load_secrets(["apiToken"], environment={"HEADRACE_SECRETS_DIR": str(tmp_path)}),
    ):
        with pytest.raises(UsageError) as raised:
            read()
        told.append(str(raised.value).replace(f"{tmp_path}/", ""))
    assert told == [
        "the env file none cannot be read: no such file or directory",
        "the env file latin-1 cannot be read: it is not UTF-8",
        "the secret's file apiToken cannot be read: is a directory",
    ]


def test_values_are_masked_in_every_form_from_six_characters_on():
    secrets = Secrets({"long": 'pass"word/1', "short": "abcde"})
    forms = ['pass"word/1', 'pass\\"word/1', "pass%22word%2F1", base64.b64encode(b'pass"word/1').decode()]
    assert [secrets.mask(f"<{form}>") for form in forms[:3]] == ["<•••>"] * 3
    assert forms[3].rstrip("=") not in secrets.mask(forms[3])
    assert secrets.mask("abcde") == "abcde"


@pytest.mark.parametrize(
    "written",
    [
        "k3y/Pa%22ss+w%C3%B6rd+&%C3%A9%5Cx",  # as yarl has it in a query: some are encoded, some are not
        "k3y%2fPa%22ss%20w%c3%b6rd%20%26%c3%a9%5cx",
        'k3y/Pa\\"ss w\\u00f6rd &\\u00e9\\\\x',
        'k3y/Pa\\"ss wörd &é\\\\x',
        "azN5L1BhInNzIHfDtnJkICbDqVx4",
    ],
)
def test_a_value_is_masked_however_a_program_writes_it(written):
    secrets = Secrets({"key": 'k3y/Pa"ss wörd &é\\x'})
    assert secrets.mask(f"a {written} b") == "a ••• b"


def test_of_secrets_that_begin_alike_each_is_masked_whole():
    secrets = Secrets({"a": "hunter22", "b": "hunter22-and-more"})
    secrets.include(Secrets({"c": "hunter22-and-more-yet"}))
    masked = secrets.mask("hunter22 hunter22-and-more hunter22-and-more-yet")
    assert masked == "••• ••• •••"


def test_a_long_secret_is_made_ready_once(monkeypatch):
    compiled = []
    monkeypatch.setattr(
        "re.compile", lambda pattern, compile=re.compile: compiled.append(pattern) or compile(pattern)
    )
    secrets = Secrets({})
    for number in range(10):
        secrets.include(
            Secrets({"key": "of a flow that is loaded again and again", "own": f"number {number}"})
        )
    assert len(compiled) == 11
