"""`headrace explain`: the page of a code or a function, and where messages lead to it."""

import io
import json
import os
import pty
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.cli.outcome import Outcome, write_flow

from headrace.cli.function import called, page
from headrace.cli.terminal import has_links
from headrace.expr.builtins import FUNCTIONS, METHODS
from headrace.expr.signature import Function, Method
from headrace.pages import codes, page_of, text_of, title_of

Call = Callable[..., Outcome]
WRONG = "\n    start: {component: common-module/signl}\n    log: {component: common-module/debugg}"


@pytest.mark.parametrize("asked", ["HR112", "hr112", "112"])
def test_a_code_has_a_page(call: Call, asked: str) -> None:
    page = text_of(page_of("HR112"))
    assert call("explain", asked) == Outcome(0, page, "")
    assert call("explain", asked, "--raw") == Outcome(0, page, "")


def test_several_codes_are_explained_one_after_the_other(call: Call) -> None:
    outcome = call("explain", "HR112", "HR204")
    assert re.findall(r"^# (HR\d+)", outcome.out, re.MULTILINE) == ["HR112", "HR204"]


def test_without_a_code_all_are_listed_by_family(call: Call) -> None:
    outcome = call("explain")
    listed = re.findall(r"^  (HR\d{3})  (.+)$", outcome.out, re.MULTILINE)
    assert listed == [(code, title_of(page_of(code))) for code in codes()]
    assert [line for line in outcome.out.splitlines() if line and line[0] != " "] == [
        "Flow files",
        "Expressions",
        "Nodes at work",
        "The store",
        "Bugs",
        "Functions",
        "Methods",
    ]
    functions, methods = (part.split()[1:] for part in outcome.out.split("\n\n")[-2:])
    assert (functions, methods) == (sorted(FUNCTIONS), sorted(METHODS))


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        (["HR1112"], "there is no code `HR1112`; did you mean `HR112`?"),
        (["xyz"], "there is no code, function or method `xyz`; `headrace explain` lists them"),
        (["csvpars"], "there is no code, function or method `csvpars`; did you mean `csvparse`?"),
        (["math.round"], "there is no code, function or method `math.round`; did you mean `Math.round`?"),
        ([".mapp"], "there is no code, function or method `.mapp`; did you mean `.map`?"),
        (["strftime"], "there is no code, function or method `strftime`; use `formatTime(ns, pattern)`"),
        (["iterator"], "`iterator` is a component; `headrace components iterator` describes it"),
        (
            ["http-module/client"],
            "`http-module/client` is a component; `headrace components http-module/client` describes it",
        ),
        (
            ["itertor"],
            "there is no component `itertor`; did you mean `iterator`? `headrace components` describes them",
        ),
        (["../HR112"], "there is no code `../HR112`; did you mean `HR112`?"),
        (["HR000"], None),
    ],
)
def test_an_unknown_code_is_an_error_with_the_nearest(
    call: Call, asked: list[str], message: str | None
) -> None:
    outcome = call("explain", *asked)
    assert (outcome.code, outcome.out) == (2, "")
    assert message is None or outcome.err == f"error: {message}\n"


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (["HTTP", "429"], "HTTP 429 is the status of a server's answer"),
        (["HTTP 404"], "HTTP 404 is the status of a server's answer"),
        (["http404"], "HTTP 404 is the status of a server's answer"),
        (["23505"], "23505 is an SQLSTATE"),
        (["40p01"], "40P01 is an SQLSTATE"),
        (["XX000"], "XX000 is an SQLSTATE"),
        (["HV00N"], "HV00N is an SQLSTATE"),
        (["F0001"], "F0001 is an SQLSTATE"),
        (["P0001"], "P0001 is an SQLSTATE"),
        (["SQLITE_CONSTRAINT_UNIQUE"], "SQLITE_CONSTRAINT_UNIQUE is a result code of SQLite"),
    ],
)
def test_codes_of_other_systems_are_said_to_be_theirs(call: Call, asked: list[str], said: str) -> None:
    outcome = call("explain", *asked)
    assert (outcome.code, outcome.out.startswith(said), outcome.out.count("\n")) == (0, True, 1)


CSVPARSE = r"""# csvparse(text, delimiter?)

One object a line of CSV, named by the first; all values are text.

- `text`: text or null
- `delimiter`: text or null; may be left out
- gives an array; null where `text` is null

```text
csvparse('id,name\n1,"a,b"') → [{"id": "1", "name": "a,b"}]
csvparse('a;b\n1', ';') → [{"a": "1", "b": null}]
csvparse('a\n1,2') → fails with HR225
```
"""
MAP = """# array.map(callback)

What the callback makes of each item.

A method of arrays; null has none (HR221).

- `callback`: an arrow, which gets up to 3 arguments, or the name of a function
- gives an array

```text
[1, 2].map(x => x * 2) → [2, 4]
['a'].map((x, i) => x + i) → ["a0"]
```
"""


@pytest.mark.parametrize(
    ("asked", "told"),
    [("csvparse", CSVPARSE), ("csvparse()", CSVPARSE), ("map", MAP), (".map", MAP), ("array.map(…)", MAP)],
)
def test_a_function_or_a_method_is_explained_from_its_declaration(call: Call, asked: str, told: str) -> None:
    assert call("explain", asked) == Outcome(0, told, "")


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ("replace", ["replace(text, old, new)", "text.replace(old, new)"]),
        (".replace", ["text.replace(old, new)"]),
        ("value.slice", ["value.slice(start?, end?)"]),
        ("round", ["round(number, decimals?)"]),
        ("Math.round", ["Math.round(number)"]),
        ("stringify", ["JSON.stringify(value, keys?, indent?)"]),
        ("parseInt", ["parseInt(text, radix?)"]),
    ],
)
def test_what_is_a_function_and_a_method_is_told_as_both(call: Call, asked: str, told: list[str]) -> None:
    assert re.findall(r"^# (.+)$", call("explain", asked).out, re.MULTILINE) == told


@pytest.mark.parametrize(
    ("name", "facts"),
    [
        (
            "sortBy",
            [
                "- `array`: an array",
                "- `key`: text or an array; or an arrow, which gets one argument, or the name of a function",
                "- `order`: text; may be left out",
                "- gives an array",
            ],
        ),
        (
            "coalesce",
            ["- `...values`: any value, also a missing one; any number of them", "- gives any value"],
        ),
        ("pattern.test", ["- `text`: text, a number or a boolean", "- gives a boolean"]),
        ("now", ["- gives a number"]),
    ],
)
def test_what_is_taken_and_given_is_said_in_words(call: Call, name: str, facts: list[str]) -> None:
    assert [line for line in call("explain", name).out.splitlines() if line.startswith("- ")] == facts


@pytest.mark.parametrize("entry", [*FUNCTIONS.values(), *METHODS.values()], ids=lambda entry: entry.signature)
def test_every_function_and_method_has_a_page_with_its_parameters(entry: Function | Method) -> None:
    written = entry.signature.partition("(")[2].removesuffix(")").split(",")
    names = [name.strip().removesuffix("?") for name in written if name]
    assert re.findall(r"^- `([^`]+)`: ", page(entry), re.MULTILINE) == names
    assert entry.signature.partition("(")[0].rpartition(".")[2] == entry.name.rpartition(".")[2]
    assert entry in called(entry.signature)


def on_a_terminal(*arguments: str | Path, **environment: str) -> str:
    """What the command writes to a terminal of 80 columns."""
    master, slave = pty.openpty()
    variables = {**os.environ, "TERM": "xterm-256color", "COLUMNS": "80", **environment}
    for name in ("NO_COLOR", "SSH_CONNECTION", "TERM_PROGRAM", "VTE_VERSION", "KONSOLE_VERSION"):
        if name not in environment:
            variables.pop(name, None)
    started = subprocess.Popen(
        [sys.executable, "-m", "headrace", *map(str, arguments)],
        stdin=slave, stdout=slave, stderr=slave, env=variables,
    )  # fmt: skip
    os.close(slave)
    written = b""
    while True:
        try:
            part = os.read(master, 65536)
        except OSError:  # Linux says so when nobody has the terminal open any more
            part = b""
        if not part:
            break
        written += part
    started.wait()
    os.close(master)
    return written.decode().replace("\r\n", "\n")


def plain(text: str) -> str:
    return re.sub(r"\x1b\[[0-9;]*m", "", text)


def test_on_a_terminal_the_page_is_laid_out() -> None:
    written = on_a_terminal("explain", "HR112")
    text = plain(written)
    assert "\x1b[" in written
    assert [part for part in ("<!--", "```", "](", "# HR112", "../") if part in text] == []
    assert [line for line in text.splitlines() if len(line) > 80] == []
    assert "HR112: An edge names a node that is not there" in text
    assert "- start -> fetsh -> split" in text


def test_raw_holds_on_a_terminal_too() -> None:
    assert on_a_terminal("explain", "HR112", "--raw") == text_of(page_of("HR112"))


@pytest.mark.parametrize(
    ("environment", "is_linked"),
    [
        ({"VTE_VERSION": "7006"}, True),
        ({"VTE_VERSION": "4600"}, False),
        ({"TERM_PROGRAM": "vscode"}, True),
        ({"TERM": "xterm-kitty"}, True),
        ({}, False),
        ({"FORCE_HYPERLINK": "1"}, True),
        ({"VTE_VERSION": "7006", "FORCE_HYPERLINK": "0"}, False),
        ({"VTE_VERSION": "7006", "SSH_CONNECTION": "10.0.0.1 1 10.0.0.2 22"}, False),
        ({"VTE_VERSION": "7006", "NO_COLOR": "1"}, True),
    ],
)
def test_links_are_for_terminals_that_show_them(
    monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], is_linked: bool
) -> None:
    for name in ("SSH_CONNECTION", "TERM_PROGRAM", "VTE_VERSION", "KONSOLE_VERSION", "FORCE_HYPERLINK"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert has_links(Terminal()) is is_linked


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_code_is_a_link_to_its_page(tmp_path: Path) -> None:
    written = on_a_terminal("validate", write_flow(tmp_path, WRONG), VTE_VERSION="7006")
    links = re.findall(r"\x1b]8;;(file://[^\x1b]+)\x1b\\(.*?)\x1b]8;;\x1b\\", written)
    assert [(uri, plain(text)) for uri, text in links] == [(page_of("HR111").as_uri(), "HR111")] * 2
    assert written.count("\x1b]") == 2 * len(links)


def test_the_error_of_a_run_has_a_link_on_a_terminal(tmp_path: Path) -> None:
    nodes = """
    start: {component: common-module/signal}
    work: {component: common-module/modify, input: {a: "{{$.payload.a + 1}}"}}"""
    path = write_flow(tmp_path, nodes, "[start -> work]")
    written = on_a_terminal("run", path, "--once", COLUMNS="160", VTE_VERSION="7006")
    links = re.findall(r"\x1b]8;[^;]*;(file://[^\x1b]+)\x1b\\(.*?)\x1b]8;;\x1b\\", written)
    assert {(uri, plain(text)) for uri, text in links} == {(page_of("HR220").as_uri(), "HR220")}
    assert "Read more: headrace explain HR220" in plain(written)


def test_there_is_no_link_outside_of_a_terminal(
    call: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FORCE_HYPERLINK", "1")
    assert "\x1b" not in call("validate", write_flow(tmp_path, WRONG)).out


def test_where_to_read_on_is_said_once_for_all_files(call: Call, tmp_path: Path) -> None:
    first = write_flow(tmp_path, WRONG)
    second = write_flow(tmp_path, " {}", "[a -> b]", name="second.yaml")
    outcome = call("validate", first, second)
    found = sorted(set(re.findall(r": (HR\d{3}) ", outcome.out)))
    assert outcome.out.splitlines()[-1] == f"Read more: headrace explain {' '.join(found)}"
    assert outcome.out.count("Read more") == 1


def test_a_sound_flow_says_nothing_of_pages(call: Call, tmp_path: Path) -> None:
    sound = "\n    start: {component: common-module/signal}\n    log: {component: common-module/debug}"
    assert "Read more" not in call("validate", write_flow(tmp_path, sound, "[start -> log]")).out


def test_json_holds_no_path_of_this_machine_but_the_code(call: Call, tmp_path: Path) -> None:
    outcome = call("validate", "--format", "json", write_flow(tmp_path, WRONG))
    (flow,) = json.loads(outcome.out)["flows"]
    assert {finding["code"] for finding in flow["findings"]} == {"HR111"}
    assert "page" not in flow["findings"][0]


FAILING = """
    start: {component: common-module/signal}
    each: {component: common-module/iterator, input: {array: [1]}}
    work: {component: common-module/modify, input: {a: "{{$.item + $.context.no}}"}}"""


def test_a_run_whose_errors_were_collected_says_nothing_of_pages(process: Call, tmp_path: Path) -> None:
    nodes = FAILING.replace("{array: [1]}", "{array: [1], context: '{{$.payload}}'}")
    outcome = process("run", write_flow(tmp_path, nodes, "[start -> each, each:item -> work]"), "--once")
    assert (outcome.code, "HR220" in outcome.out, "Read more: headrace explain HR220" in outcome.out) == (
        0,
        True,
        False,
    )


def test_a_page_is_found_by_its_code_alone() -> None:
    assert [page_of(code) for code in ("HR999", "HTTP 429", "../x", "HR../x", "", "HR")] == [None] * 6


def test_a_page_that_is_shown_elsewhere_has_no_comment_and_no_link_to_nowhere() -> None:
    whole = page_of("HR136").read_text()
    shown = text_of(page_of("HR136"))
    assert ("<!--" in whole, "](" in whole, "<!--" in shown, "](" in shown) == (True, True, False, False)
    assert "- HR220: Null in arithmetic or in a comparison" in shown
