"""A short run of the fuzzer, always the same, and what long runs have found.

`make fuzz` runs for ten minutes, with other inputs each time.
"""

import pytest

from fuzz.__main__ import attempt
from fuzz.answer import Answer
from fuzz.exchange import exchange
from fuzz.target import TARGETS, evaluate_expression, evaluate_template, load_file, load_json, override

COUNTS = {
    "expression": 150,
    "template": 60,
    "file": 100,
    "object": 60,
    "override": 40,
    "answers": 20,
    "stored": 60,
}


@pytest.mark.parametrize("name", TARGETS)
def test_mutated_inputs_are_values_or_errors_with_their_places(name):
    found = [attempt(name, f"test/{number}") for number in range(COUNTS[name])]
    assert [one for one in found if one] == []


@pytest.mark.parametrize(
    "text",
    [
        "$.a.²", ".²", "1.²", "x?.²",  # digits that are none
        "'\ud800'" + " " * 20_000,  # half a surrogate pair in a long text
        "Math.imul(9 ** 400, 1)", "Math.hypot(9 ** 400)", "Math.atan2(9 ** 400, 1)", "Math.fround(9 ** 400)",
        "parseInt('1', 9 ** 400)", "isNaN(9 ** 400)",
        "1 .toFixed(2)", "`a\nb`", "'\0\u2028'",  # printed on one line, and read again
        "[`a`, `b` ?? 1, 2 `c`]", "[`a`, `b``c`]", "[, `a`]", "new `x`", "`a${1}` * `b`", "1 + `", "(`a`, [`b` => 1",  # texts as tokens
    ],
)  # fmt: skip
def test_expressions_that_once_broke_it(text):
    evaluate_expression(text)
    evaluate_template(f"{{{{{text}}}}}")


HEAD = {"apiVersion": "headrace.dev/v1", "kind": "Flow", "metadata": {"name": "x"}}


def nested(depth: int) -> object:
    value: object = 1
    for _ in range(depth):
        value = [value]
    return value


@pytest.mark.parametrize(
    "value",
    [
        None,
        [],
        {**HEAD, "spec": {"description": "\ud800"}},
        {**HEAD, "spec": {"vars": {"a": nested(300)}}},
        {**HEAD, "spec": {"nodes": {"a": {"component": "common-a -> b\n"}}}},
        {
            **HEAD,
            "spec": {
                "nodes": {"a": {"component": "database-module/connector", "settings": {"host": {"x": []}}}}
            },
        },
    ],
)
def test_objects_that_once_broke_it(value):
    load_json(value)


@pytest.mark.parametrize(
    "data", [b"", b"\xff\xfe", b"\xef\xbb\xbf", b"a: '\xed\xa0\x80'", b"\x00", b"- - -\r\t", b"\xfe\xffa"]
)
def test_files_that_are_none(data):
    load_file(data)


@pytest.mark.parametrize(
    ("head", "body"),
    [
        (b"Content-Type: text/plain; charset=unicode_escape", rb"\ud800"),  # half a character
        (b"Content-Type: appl\x90\x1b[2Jcation/x+json", b"{"),  # said in the message
        (b"X: \xff\xed\xa0\x80", b"{}"),  # aiohttp's half characters
        (b"Content-Encoding: gzip", b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03"),  # ends in its head
        (b"Location: http://\xff/", b"\x1b]0;title\x07"),  # escapes of terminals
    ],
)
def test_answers_that_once_broke_it(head, body):
    statuses = (b"200 OK", b"302 Found", b"500 Error")
    exchange(
        tuple(
            Answer("GET", (b"HTTP/1.1 " + status + b"\r\n" + head + b"\r\n\r\n", body), "close")
            for status in statuses
        )
    )


def test_an_override_may_hold_line_ends():
    override(
        (
            "apiVersion: headrace.dev/v1\nkind: Flow\nmetadata: {name: x}\nspec: {nodes: {}}\n",
            ["timeout=a\nb", "=", "nodes.x={"],
        )
    )
