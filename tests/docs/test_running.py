"""docs/running.md: commands, options, extras, events and exit codes are those of the program."""

import json
import os
import re
import tomllib

import click
import pytest
from tests.docs.page import ROOT, blocks, codes, examples, prose, rows, section

from headrace.app.secrets import variable_name
from headrace.cli.entry import COMMANDS, headrace
from headrace.cli.events import event_facts
from headrace.cli.group import LazyGroup
from headrace.cli.watch import Dropped, Listening, Resumed, Said
from headrace.store import ErrorFate, RunRecord, RunStatus
from support.flows import HEAD
from support.forked import start

PAGE = "running.md"
EVENTS = {codes(row[0])[0]: codes(row[1]) for row in rows(PAGE, 2) if codes(row[0]) and "_" in row[0]}
EVENTS |= {
    codes(row[0])[0]: codes(row[1])
    for row in rows(PAGE, 2)
    if row[0] in ("`progress`", "`error`", "`listening`", "`notice`")
}

RESUMED = Resumed(RunRecord("r1", "shop", "v1", "start", 0, 0, {}), 2)
FLOW = f"""{HEAD}  retry: {{maxAttempts: 2, initialDelay: 1ms}}
  nodes:
    start: {{component: common-module/signal}}
    call: {{component: http-module/client, input: {{url: "http://127.0.0.1:1/"}}}}
  edges:
    - start -> call
"""


def options(command: click.Command) -> dict[str, object]:
    """Long names and defaults of a command's options, of its own commands as well."""
    found = {}
    for parameter in command.params:
        if isinstance(parameter, click.Option):
            name = next(text for text in parameter.opts if text.startswith("--"))
            shown = parameter.default if type(parameter.default) in (str, int) and parameter.metavar else None
            found[name] = shown
    if isinstance(command, click.Group):
        for below in command.list_commands(click.Context(command)):
            found |= options(command.get_command(click.Context(command), below))
    return found


def test_every_command_is_there():
    named = [codes(row[0])[0].split()[1] for row in rows(PAGE, 2) if row[0].startswith("`headrace ")]
    assert named == list(COMMANDS)


def commands():
    """Names of all commands; of a group whose commands have modules of their own, theirs."""
    for name in COMMANDS:
        group = headrace.get_command(click.Context(headrace), name)
        if isinstance(group, LazyGroup):
            yield from (f"{name} {below}" for below in group.entries)
        else:
            yield name


def found(name):
    command = headrace
    for word in name.split():
        command = command.get_command(click.Context(command), word)
    return command


@pytest.mark.parametrize("name", list(commands()))
def test_the_options_of_a_command_are_those_of_the_program(name):
    command = found(name)
    table = section(PAGE, f"headrace {name}")
    told = re.findall(r"^\| `(--[a-z-]+)[^|\n]*(?:\\\|[^|\n]*)?\| ?([^|\n]*)\|", table, re.MULTILINE)
    assert [option for option, _ in told] == list(options(command))
    for option, default in told:
        if default.strip().startswith("`"):
            assert default.strip() == f"`{dict(options(command), **{'--format': 'text'})[option]}`"


def test_the_commands_of_runs_are_there():
    told = re.findall(r"^\| `([a-z]+)", section(PAGE, "headrace runs"), re.MULTILINE)
    assert told == list(found("runs").entries)


def test_the_extras_are_those_of_the_package():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    table = prose(PAGE).partition("## Commands")[0]
    told = re.findall(r"^\| `([a-z]+)`", table, re.MULTILINE)
    assert sorted(told) == sorted(set(project["optional-dependencies"]) - {"dev"})


@pytest.mark.parametrize(("secret", "variable"), examples(section(PAGE, "Secrets")))
def test_a_secret_has_the_variable_that_the_page_says(secret, variable):
    assert variable_name(secret) == variable


def test_what_validate_says_is_what_the_page_shows(tmp_path):
    (flow,) = re.findall(r"```yaml\n(apiVersion.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    (tmp_path / "users.yaml").write_text(flow)
    _, said = command("validate", tmp_path / "users.yaml")
    assert said in [block.text for block in blocks(PAGE)]


def command(*arguments):
    started = start(*arguments, environment={**os.environ, "NO_COLOR": "1"})
    said, _ = started.communicate()
    return started.returncode, said


def test_events_have_the_members_of_the_page(tmp_path):
    (tmp_path / "flow.yaml").write_text(FLOW)
    status, said = command("run", tmp_path / "flow.yaml", "--once", "--json")
    events = [json.loads(line) for line in said.splitlines()]
    others = Said("x"), Dropped("start", "overlap"), Listening("hook", "POST …"), RESUMED
    events += [{"at": "", **event_facts(event)} for event in others]
    assert status == 1
    assert {
        event["event"]: [name for name in event if name not in ("event", "at")] for event in events
    } == EVENTS
    assert {event["fate"] for event in events if event["event"] == "error"} == {"retried", "dead"}


def test_fates_and_ends_are_those_of_the_code():
    listed = codes(section(PAGE, "What is shown"))
    assert [fate.value for fate in ErrorFate if fate.value not in listed] == []
    assert [status.value for status in RunStatus if status.value not in listed] == ["running"]
