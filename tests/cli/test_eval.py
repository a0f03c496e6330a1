"""`headrace eval`: one expression, and a stream of them."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.cli.outcome import Outcome


@pytest.mark.parametrize(
    ("arguments", "value"),
    [
        (["1 + 2"], "3"),
        (["-1 - 1"], "-2"),
        (["$.a.b", "--data", '{"a": {"b": [1, null, "x"]}}'], '[1,null,"x"]'),
        (["$.missing"], "null"),
        (["Hello {{$.name}}!", "--data", '{"name": "Zoë"}'], '"Hello Zoë!"'),
        (["{{$.n * 2}}", "--data", '{"n": 9007199254740993}'], "18014398509481986"),
        (["5 / 2 * 2"], "5"),
        (["$run.id"], "null"),
        (["-$.a", "--data", '{"a": -5}'], "5"),
    ],
)
def test_a_value_is_printed_as_json(call: Callable[..., Outcome], arguments: list[str], value: str) -> None:
    assert call("eval", *arguments) == Outcome(0, f"{value}\n", "")


def test_data_comes_from_a_file(call: Callable[..., Outcome], tmp_path: Path) -> None:
    path = tmp_path / "data.json"
    path.write_text('{"a": 5}')
    assert call("eval", "$.a", "--data", f"@{path}") == Outcome(0, "5\n", "")


def test_data_comes_from_standard_input(process: Callable[..., Outcome]) -> None:
    assert process("eval", "$.a", "--data", "-", stdin='{"a": 6}') == Outcome(0, "6\n", "")


def test_what_is_not_written_right_is_shown_with_a_caret(call: Callable[..., Outcome]) -> None:
    expected = "<expression>:1:6: HR201 an operand is missing at the end\n  $.a +\n       ^\n"
    expected += "Read more: headrace explain HR201\n"
    assert call("eval", "$.a +") == Outcome(2, "", expected)


def test_what_has_no_value_is_shown_with_a_caret(call: Callable[..., Outcome]) -> None:
    expected = (
        "<expression>:1:1: HR220 cannot add 1 to null: `$.a` is missing; message has `b`\n  $.a + 1\n  ^^^\n"
        "Read more: headrace explain HR220\n"
    )
    assert call("eval", "$.a + 1", "--data", '{"b": 1}') == Outcome(1, "", expected)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ["1", "--data", "{"],
            "--data is no JSON: Input data was truncated; quote text inside it: '\"text\"'",
        ),
        (["1", "--data", "@/no/such/file"], "cannot read /no/such/file: no such file or directory"),
        ([], "what shall be evaluated? Give an expression, such as `headrace eval '1 + 2'`"),
        (
            ["1", "--jsonl"],
            "--jsonl reads expressions and data from standard input; leave out EXPR and --data",
        ),
    ],
)
def test_wrong_usage_is_told(call: Callable[..., Outcome], arguments: list[str], message: str) -> None:
    assert call("eval", *arguments) == Outcome(2, "", f"error: {message}\n")


def test_a_stream_answers_every_line_in_order_and_never_stops(process: Callable[..., Outcome]) -> None:
    lines = [
        '{"expr": "$.a * 2", "data": {"a": 2.5}}',
        "[1, 2",
        "",
        '{"expr": "$.a..", "data": {}}',
        '{"data": 1}',
        "5",
        '{"expr": "$.a + 1", "data": {"b": 0}}',
        '{"expr": "{{$.a}} and {{$.b}}", "data": {"a": [1], "b": null}}',
        '{"expr": "[3, 1].sort()"}',
    ]
    outcome = process("eval", "--jsonl", stdin="\n".join(lines))
    assert (outcome.code, outcome.err) == (0, "")
    assert outcome.lines == [
        {"value": 5},
        {"error": "the line is no JSON: Input data was truncated"},
        {"error": "the line is no JSON: Input data was truncated"},
        {
            "error": "a name, `*` or `[…]` after `..` is missing at the end",
            "code": "HR201",
            "line": 1,
            "column": 6,
        },
        {"error": 'the line must be an object {"expr": "…", "data": …}, but `expr` is null'},
        {"error": 'the line must be an object {"expr": "…", "data": …}, but it is number'},
        {
            "error": "cannot add 1 to null: `$.a` is missing; message has `b`",
            "code": "HR220",
            "line": 1,
            "column": 1,
        },
        {"value": "[1] and "},
        {"value": [1, 3]},
    ]


def test_a_stream_answers_each_line_before_the_next_is_sent(spawn: Callable[..., object]) -> None:
    process = spawn("eval", "--jsonl")
    with process:
        answers = []
        for number in range(3):
            process.stdin.write(json.dumps({"expr": "$ + 1", "data": number}) + "\n")
            process.stdin.flush()
            answers.append(json.loads(process.stdout.readline()))
        process.stdin.close()
        assert process.wait() == 0
    assert answers == [{"value": 1}, {"value": 2}, {"value": 3}]
