"""What stands at an offset, in text that is whole and in text that is being typed."""

from pathlib import Path

import pytest
from tests.lsp.marked import FLOW, split

from headrace.flow.alias import Reuse
from headrace.flow.tree import Scalar, walk
from headrace.flow.yaml import read_yaml
from headrace.lsp.cursor import find
from headrace.source import Source


def at(text: str) -> tuple[object, ...] | None:
    """Path, text before and after the mark, whether it is a key, whether it is a value."""
    source, offset = split(text)
    cursor = find(source, offset)
    if cursor is None:
        return None
    return cursor.path, cursor.before, cursor.text.value[cursor.at :], cursor.is_key, cursor.is_value


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a: b‸c", (("a",), "b", "c", False, True)),
        ("a‸b: c", ((), "a", "b", True, False)),
        ("a: ‸", (("a",), "", "", False, True)),
        ("a:‸", (("a",), "", "", False, True)),
        ("a:\n  ‸", (("a",), "", "", True, True)),
        ("a:\n  b‸", (("a",), "b", "", True, True)),
        ("a:\n  b: 1\n  ‸", (("a",), "", "", True, True)),
        ("a:\n  b:\n    c: 1\n  ‸\n  d: 2", (("a",), "", "", True, True)),
        ("a:\n  - b: 1\n    ‸", (("a", 0), "", "", True, True)),
        ("a:\n- b\n- ‸", (("a", 1), "", "", True, True)),
        ("a:\n  - b\n  - c‸\n  - d", (("a", 1), "c", "", True, True)),
        ("a:\n  - - x\n    - y‸", (("a", 0, 1), "y", "", True, True)),
        ("- a: 1\n  b: x‸", ((0, "b"), "x", "", False, True)),
        ("'it''s': ‸", (("it's",), "", "", False, True)),
        ('"a b": x‸', (("a b",), "x", "", False, True)),
        ("<<: *a‸", (("<<",), "*a", "", False, True)),
        ("a: &x b‸", (("a",), "b", "", False, True)),
        ("a -> b‸", ((), "a -> b", "", True, True)),
        ("---\na:\n  ‸", (("a",), "", "", True, True)),
    ],
)
def test_block_style(text: str, expected: object) -> None:
    assert at(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a: {‸", (("a",), "", "", True, False)),
        ("a: {b‸}", (("a",), "b", "", True, False)),
        ("a: {b: ‸}", (("a", "b"), "", "", False, True)),
        ("a: {b: 1, ‸", (("a",), "", "", True, False)),
        ("a: {b: 1, c: x‸", (("a", "c"), "x", "", False, True)),
        ("a: {b: [1, {c: ‸", (("a", "b", 1, "c"), "", "", False, True)),
        ("a: [x, y‸]", (("a", 1), "y", "", False, True)),
        ("a: [x, ‸]", (("a", 1), "", "", False, True)),
        ("a: {b: 1}\n‸", ((), "", "", True, True)),
        ("a: {b: 1,\n    c: ‸", (("a", "c"), "", "", False, True)),
        ("a:\n  {x: 1,\n   y: z‸}", (("a", "y"), "z", "", False, True)),
        ("- {from: a, to: {node: b‸", ((0, "to", "node"), "b", "", False, True)),
        ('{"a": {"b": "c‸"}}', (("a", "b"), "c", "", False, True)),
        ("a: {b: {{$.c‸}}, d: 1}", (("a", "b"), "{{$.c", "}}", False, True)),
        ("a: {b: http://x‸}", (("a", "b"), "http://x", "", False, True)),
        ("a: {b: 1} ‸", None),
    ],
)
def test_flow_style(text: str, expected: object) -> None:
    assert at(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('a: "x\\t{{$.b‸"', "x\t{{$.b"),
        ("a: 'it''s {{$.b‸'", "it's {{$.b"),
        ("a: {{$.b‸", "{{$.b"),
        ("a: |\n  {{\n    $.b‸\n  }}\nc: 1", "{{\n  $.b"),
        ("a:\n  |\n    x\n      {{$.b‸\nc: 1", "x\n  {{$.b"),
        ('a:\n  "x\n   {{$.b‸}}"\nc: 1', "x {{$.b"),
        ("a:\n  {x: 'y\n    {{$.b‸}}'}\nc: 1", "y {{$.b"),
        ("a: >-\n  {{\n  $.b‸\n  }}", "{{ $.b"),
        ("a:\n  - |\n    x\n\n    {{$.b‸", "x\n\n{{$.b"),
        ('a: "one\n  two {{$.b‸}}"', "one two {{$.b"),
        ('a: "😀 {{$.b‸"', "😀 {{$.b"),
        ('a: "\\u00e9{{$.b‸', "é{{$.b"),
    ],
)
def test_the_text_before_the_place_is_decoded_in_all_styles(text: str, expected: str) -> None:
    for ending in ("\n", "\r\n", "\r"):
        source, offset = split(text.replace("\n", ending))
        cursor = find(source, offset)
        assert cursor is not None
        assert cursor.before == expected
        assert source.text[cursor.text.offsets[cursor.at - 1]] == "b"


@pytest.mark.parametrize(
    "text", ["# a‸", "a: b # c‸", "a: {b: 1 # c‸\n}", "- ‸-", 'a: "b"‸', "  ‸  a: b", "a: |‸\n  b"]
)
def test_nothing_stands_in_comments_and_between_things(text: str) -> None:
    assert at(text) is None


def test_what_is_broken_elsewhere_does_not_matter() -> None:
    broken = 'x: "never closed\ny: [1, 2\n\tz: 1\na:\n  b:\n    c: ‸\nd: }\n'
    assert at(broken) == (("a", "b", "c"), "", "", False, True)


def test_a_hash_in_quotes_is_no_comment() -> None:
    assert at("a: 'x # y‸'") == (("a",), "x # y", "", False, True)
    assert at('- {a: "# x", b: ‸}') == ((0, "b"), "", "", False, True)


def test_every_offset_of_a_flow_can_be_asked() -> None:
    for text in (FLOW, FLOW.replace("\n", "\r\n"), FLOW.replace('"', ""), FLOW.replace("}", "")):
        for offset in range(len(text) + 1):
            source, _ = split(f"{text}‸")
            find(source, offset)


def test_it_agrees_with_the_parser_on_every_text_of_every_golden_file() -> None:
    disagreed = []
    for path in sorted((Path(__file__).parents[1] / "flow" / "golden").glob("*.yaml")):
        source = Source(path.name, path.read_bytes().decode("utf-8", errors="replace"))
        tree = read_yaml(source, [])
        for keys, part in walk(tree) if tree is not None else ():
            if (
                not isinstance(part, Scalar)
                or isinstance(part.span.source, Reuse)
                or "{{" not in part.text.value
            ):
                continue
            offset = part.text.offsets[part.text.value.index("{{") + 1]
            cursor = find(source, offset)
            if cursor is None or (cursor.path, cursor.text.value.rstrip("\n")) != (
                keys,
                part.text.value.rstrip("\n"),
            ):
                disagreed.append(str(part.span))
    # An escape that does not exist, which the parser leaves out; an indentation that the text gives itself,
    # of which more spaces are kept here.
    assert disagreed == ["mistake-backslash-in-double-quotes.yaml:11:20", "places-literal.yaml:14:11"]
