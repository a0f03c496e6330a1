"""Values as YAML: what is written reads back the same."""

from hypothesis import given, settings
from hypothesis import strategies as st

from headrace.flow.field import Reader
from headrace.flow.tree import to_json
from headrace.flow.writer import yaml_lines
from headrace.flow.yaml import read_yaml
from headrace.source import Source

WORDS = st.sampled_from(
    ["no", "y", "null", "~", "1", "017", "1_000", "1:30", ".inf", "<<", "", " a", "a: b", "# x", "- a", "é", "😀",
     "a\nb", "\t", "{{$.x}}", "'", '"', "\\", "\x85", "\u2028", "\ufffe", "true", "2026-01-02", "=", "a\r\nb", "x" * 90]
)  # fmt: skip
TEXTS = WORDS | st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=20)
SCALARS = st.none() | st.booleans() | TEXTS | st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False, allow_infinity=False)  # fmt: skip
VALUES = st.recursive(
    SCALARS,
    lambda below: st.lists(below, max_size=4) | st.dictionaries(TEXTS, below, max_size=4),
    max_leaves=20,
)


@given(TEXTS, VALUES)
@settings(max_examples=400, deadline=None)
def test_what_is_written_reads_back_the_same(key, value):
    text = "\n".join(yaml_lines(key, value)) + "\n"
    reader = Reader()
    tree = read_yaml(Source("made.yaml", text), reader.findings)
    assert [str(finding) for finding in reader.findings] == []
    assert tree is not None
    assert to_json(tree) == {key: value}


def test_it_reads_well():
    value = {"orders": [{"id": 1, "no": "yes", "tags": []}, {"id": 2}], "names": ["ada", "x y"], "at": None}
    assert yaml_lines("sample", value) == [
        "sample:",
        "  orders:",
        "    - id: 1",
        '      "no": "yes"',
        "      tags: []",
        "    - id: 2",
        '  names: [ada, "x y"]',
        "  at: null",
    ]


def test_a_list_goes_into_one_line_of_80_columns_or_one_line_an_item():
    fits, does_not = ["x" * 38, "y" * 38], ["x" * 38, "y" * 39]
    assert yaml_lines("k", fits) == [f"k: [{fits[0]}, {fits[1]}]"]
    assert yaml_lines("k", does_not) == ["k:", f"  - {does_not[0]}", f"  - {does_not[1]}"]


def test_a_text_of_several_lines_stands_as_it_is():
    assert yaml_lines("query", "SELECT *\n\n  FROM t") == ["query: |-", "  SELECT *", "", "    FROM t"]
    assert yaml_lines("k", {"query": "a: {{b}}\n# c\n"}) == ["k:", "  query: |", "    a: {{b}}", "    # c"]


@given(
    st.lists(
        st.sampled_from(["a", " a", "a ", "", " ", "\t", "#", "{{", "'", '"', "é", "- ", "%", "...", "---"])
    )
)
def test_a_text_of_several_lines_reads_back_the_same(lines):
    value = "\n".join(lines)
    reader = Reader()
    tree = read_yaml(
        Source("made.yaml", "\n".join(yaml_lines("k", {"a": value, "b": [value]})) + "\n"), reader.findings
    )
    assert [str(finding) for finding in reader.findings] == []
    assert to_json(tree) == {"k": {"a": value, "b": [value]}}
