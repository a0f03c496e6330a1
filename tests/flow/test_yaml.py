"""YAML text to located nodes."""

import string

from hypothesis import given, settings
from hypothesis import strategies as st

from headrace.errors import Finding
from headrace.flow.tree import Mapping, to_json
from headrace.flow.yaml import read_yaml
from headrace.source import Source
from headrace.values import Json

ANYTHING = st.one_of(
    st.text(),
    st.text(alphabet="ab:-{}[]'\"\\|>&*!%@#,? \n\t\r<~0.", max_size=60),
    st.lists(
        st.sampled_from(
            ["a: ", "{{", "}}", "\n", "  ", "- ", "&x ", "*x", "<<: ", "|\n", "'", '"', "\\d", "\t", "---\n", "!!str "]
        ),
        max_size=30,
    ).map("".join),
)  # fmt: skip


def read(text: str) -> tuple[Json, list[str]]:
    findings: list[Finding] = []
    tree = read_yaml(Source("f.yaml", text), findings)
    return (to_json(tree) if tree is not None else None), [str(finding) for finding in findings]


@given(ANYTHING)
@settings(max_examples=500)
def test_no_text_crashes_the_reader_and_nothing_is_refused_without_a_word(text: str) -> None:
    findings: list[Finding] = []
    tree = read_yaml(Source("f.yaml", text), findings)
    assert tree is not None or findings
    for finding in findings:
        assert 0 <= finding.span.start <= finding.span.end <= len(text)
        assert finding.render()


@given(st.text(alphabet=string.printable.replace("\x0b", "").replace("\x0c", "")))
def test_what_is_quoted_is_read_unchanged(text: str) -> None:
    quoted = text.replace("\r\n", "\n").replace("\r", "\n").replace("\n", "").replace("'", "''")
    expected = quoted.replace("''", "'")
    assert read(f"a: '{quoted}'\n") == ({"a": expected}, [])


def test_json_is_read_as_it_is() -> None:
    text = '{"a": [1, -2.5, true, null, "x\\n\\u00e9\\/"], "b": {"c": "{{$.x}}"}}'
    assert read(text) == ({"a": [1, -2.5, True, None, "x\né/"], "b": {"c": "{{$.x}}"}}, [])


def test_a_byte_order_mark_is_skipped() -> None:
    assert read("\ufeffa: no\n") == (
        {"a": None},
        ['f.yaml:1:5: HR104 `no` is false to kubectl and text to others; quote it: `"no"`'],
    )


def test_merge_keys_are_shallow_and_own_keys_win_then_earlier_mappings() -> None:
    text = """
        base: &base {a: 1, deep: {x: 1}}
        more: &more {a: 2, b: 2}
        made:
          first: 0
          <<: [*base, *more]
          deep: {z: 1}
        """
    value, findings = read(text)
    assert findings == []
    assert isinstance(value, dict)
    assert value["made"] == {"first": 0, "a": 1, "b": 2, "deep": {"z": 1}}
    assert list(value["made"]) == ["first", "a", "b", "deep"]


def test_a_quoted_merge_key_is_a_key() -> None:
    assert read("'<<': 1\n") == ({"<<": 1}, [])


def test_an_empty_second_document_is_no_document() -> None:
    assert read("a: 1\n---\n# the end\n...\n") == ({"a": 1}, [])


def test_keys_have_places() -> None:
    findings: list[Finding] = []
    tree = read_yaml(Source("f.yaml", "a: 1\n'b c':\n  - x\n"), findings)
    assert isinstance(tree, Mapping)
    assert [str(entry.place) for entry in tree.entries.values()] == ["f.yaml:1:1", "f.yaml:2:1"]
    assert [entry.place.text for entry in tree.entries.values()] == ["a", "'b c'"]
    assert tree.span.text == "a: 1\n'b c':\n  - x"


def test_columns_count_code_points() -> None:
    assert read('"😀é": [1, no]\n')[1] == [
        'f.yaml:1:11: HR104 `no` is false to kubectl and text to others; quote it: `"no"`'
    ]


def test_an_alias_within_an_alias_names_both_uses() -> None:
    findings: list[Finding] = []
    tree = read_yaml(Source("f.yaml", "a: &a {k: 1}\nb: &b [*a]\nc: *b\n"), findings)
    assert isinstance(tree, Mapping)
    inner = tree.entries["c"].value.items[0].entries["k"].value  # type: ignore[union-attr]  # it is what was written
    assert str(inner.span) == "f.yaml:1:11"
    assert [(text, str(span)) for text, span in inner.span.source.uses] == [
        ("used here by `*a`", "f.yaml:2:8"),
        ("used here by `*b`", "f.yaml:3:4"),
    ]
