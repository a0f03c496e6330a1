"""Every character of a scalar knows where it was written."""

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from headrace.flow.tree import Mapping, Scalar
from headrace.flow.yaml import read_yaml
from headrace.source import Source, Text

STYLES = ["", "'", '"', "|", ">"]
ALPHABET = st.sampled_from(
    [*"ab{}$.:#-'\"\\ \n\t,[]|>&*!%@é😀", "\n\n", "  ", "{{", "}}", " #", ": ", "\xa0"]
)
TEXT = st.lists(ALPHABET, max_size=40).map("".join)


def read_value(source: Source) -> Text | None:
    findings: list[object] = []
    tree = read_yaml(source, findings)  # type: ignore[arg-type]  # only counted here
    if findings or not isinstance(tree, Mapping):
        return None
    scalar = tree.get("key")
    assert isinstance(scalar, Scalar)
    return scalar.text


@pytest.mark.parametrize("style", STYLES)
@given(value=TEXT, indent=st.sampled_from([2, 4, 7]), width=st.sampled_from([8, 20, 1000]))
def test_what_a_dumper_wrote_maps_back_character_by_character(
    style: str, value: str, indent: int, width: int
) -> None:
    written = yaml.dump({"key": value}, default_style=style, indent=indent, width=width, allow_unicode=True)
    source = Source("f.yaml", written)
    text = read_value(source)
    if text is None:  # a scalar that is refused, such as `no`
        return
    value = yaml.safe_load(written)["key"]  # what the dumper folded may read differently
    assert text.value == value
    assert len(text.offsets) == len(value) + 1
    assert sorted(text.offsets) == list(text.offsets)
    for char, offset in zip(value, text.offsets, strict=False):
        there = written[offset]
        assert there == char or there in "\\\r\n'" or (char in " \n" and there in " \t\r\n"), (
            char,
            there,
            written,
        )


@pytest.mark.parametrize("style", STYLES)
@given(value=TEXT)
def test_no_scalar_of_a_dumper_falls_back_to_a_coarse_place(style: str, value: str) -> None:
    written = yaml.dump({"key": value}, default_style=style, width=12, allow_unicode=True)
    text = read_value(Source("f.yaml", written))
    if text is not None and len(value) > 1:
        assert len(set(text.offsets)) > 1, written


def places(yaml_text: str) -> list[tuple[str, str]]:
    """The decoded characters, each with what stands at its place."""
    text = read_value(Source("f.yaml", yaml_text))
    assert text is not None
    return [(char, yaml_text[offset]) for char, offset in zip(text.value, text.offsets, strict=False)]


def same(text: str) -> list[tuple[str, str]]:
    return [(char, char) for char in text]


def test_a_plain_scalar_over_lines_folds_at_its_line_breaks() -> None:
    assert places("key: a b\n  c\n\n  d # no\n") == [
        *same("a b"), (" ", "\n"), *same("c"), ("\n", "\n"), *same("d"),
    ]  # fmt: skip


def test_single_quotes_double_themselves() -> None:
    assert places("key: 'it''s'\n") == same("it's")


def test_escapes_are_placed_at_their_backslash() -> None:
    assert places('key: "a\\tb\\x41\\u00e9\\U0001F600\\"c\\/"\n') == [
        *same("a"), ("\t", "\\"), *same("b"), ("A", "\\"), ("é", "\\"), ("😀", "\\"), ('"', "\\"), *same("c"), ("/", "\\"),
    ]  # fmt: skip


def test_an_escaped_line_break_joins_the_lines() -> None:
    assert places('key: "a \\\n   b\\\n\n   c"\n') == [*same("a b"), ("\n", "\n"), *same("c")]


def test_a_literal_scalar_loses_its_indentation() -> None:
    assert places("key: |\n   a\n     b\n\n   c\nnext: 1\n") == same("a\n  b\n\nc\n")


def test_an_indentation_indicator_keeps_leading_spaces() -> None:
    assert places("key: |2-\n    a\n   b\n") == same("  a\n b")


def test_chomping_keeps_or_drops_the_last_breaks() -> None:
    assert places("key: |+\n a\n\n\n") == same("a\n\n\n")
    assert places("key: |-\n a\n\n\n") == same("a")


def test_a_folded_scalar_folds_but_not_around_deeper_lines() -> None:
    assert places("key: >\n  a\n  b\n\n  c\n    d\n  e\n") == [
        *same("a"), (" ", "\n"), *same("b"), ("\n", "\n"), *same("c\n  d\ne\n"),
    ]  # fmt: skip


def test_anchors_and_tags_are_no_part_of_the_text() -> None:
    assert places("key: !!str &a 12\n") == same("12")
    assert places("key: &a\n  'x'\n") == same("x")


def test_windows_line_ends_count_as_one_break() -> None:
    assert places("key: |\r\n  a\r\n  b\r\n") == [*same("a"), ("\n", "\r"), *same("b"), ("\n", "\r")]
