"""Templates: types that are kept, text, places, one instant, and the two ways of running."""

import contextlib
import dis
from types import CodeType

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headrace.errors import ExpressionError, Finding, InternalError
from headrace.expr import Environment, Scope, compile_expression, compile_template
from headrace.source import Source, Text
from support.expression import NOW_NS, compiled, environment, evaluate, rendered

PAGE = """{{$.items.map(item => ({
  external_id: item.id,
  email: lower(item.email),
  name: item.first_name + ' ' + item.last_name,
  status: item.active ? 'active' : 'inactive',
  metadata: JSON.stringify({
    source: 'external-system',
    original_id: item.id,
    synced_at: RFC3339(now())
  }),
  updated_at: RFC3339(now())
}))}}
"""


def test_a_tree_of_texts_becomes_a_value():
    tree = {
        "users": Text.bare(PAGE),
        "context": Text.bare("{{$.context}}"),
        "list": [Text.bare("page {{$.batchNum}} of {{$.total}}{{$.missing}}"), 1, None, True, 2.5],
        "plain": Text.bare("text"),
    }
    findings: list[Finding] = []
    template = compile_template(tree, Scope.EDGE, findings)
    item = {"id": 7, "email": "A@B.c", "first_name": "A", "last_name": "B", "active": True}
    message = {"items": [item], "context": {"page": 1}, "batchNum": 2, "total": [3]}
    now = "2026-01-02T03:04:05.123456789Z"
    assert findings == []
    assert template.evaluate(message, environment()) == {
        "users": [
            {
                "external_id": 7,
                "email": "a@b.c",
                "name": "A B",
                "status": "active",
                "metadata": f'{{"source":"external-system","original_id":7,"synced_at":"{now}"}}',
                "updated_at": now,
            }
        ],
        "context": {"page": 1},
        "list": ["page 2 of [3]", 1, None, True, 2.5],
        "plain": "text",
    }
    assert [(item.path, item.interpolated) for item in template.expressions] == [
        (("users",), False),
        (("context",), False),
        (("list", 0), True),
        (("list", 0), True),
        (("list", 0), True),
    ]


def test_a_template_without_expressions_is_constant_and_its_values_are_not_shared():
    template = compile_template({"a": [Text.bare("x")]}, Scope.EDGE, [])
    first, second = (template.evaluate(None, environment()) for _ in range(2))
    assert (template.constant, first, second, first is second) == (True, {"a": ["x"]}, {"a": ["x"]}, False)


def test_the_clock_is_asked_once_an_evaluation():
    times = iter([5, 6])
    template = compiled("[now(), [1].map(x => now()), RFC3339(now()), Date.now()]")
    clock = Environment(now_ns=lambda: next(times))
    assert [template.evaluate(None, clock) for _ in range(2)] == [
        [5, [5], "1970-01-01T00:00:00.000000005Z", 0],
        [6, [6], "1970-01-01T00:00:00.000000006Z", 0],
    ]


def test_a_template_with_errors_is_not_evaluated():
    findings: list[Finding] = []
    template = compile_expression(Text.bare("lowr(1)"), Scope.EDGE, findings)
    with pytest.raises(InternalError):
        template.evaluate(None, environment())


def test_an_error_in_a_block_stands_at_its_line_and_column():
    source = "data:\n  users: |\n    {{$.items.map(é => ({\n      age: é.age + 1\n    }))}}\n"
    decoded = "{{$.items.map(é => ({\n  age: é.age + 1\n}))}}\n"
    offsets, at = [], 0
    for line in decoded.splitlines(keepends=True):
        at = source.index(line.strip("\n"), at)
        offsets += list(range(at, at + len(line)))
        at += len(line)
    text = Text(decoded, Source("flow.yaml", source), [*offsets, len(source)])
    template = compile_template({"users": text}, Scope.EDGE, findings := [])
    assert findings == []
    with pytest.raises(ExpressionError) as caught:
        template.evaluate({"items": [{"id": 1}]}, environment())
    assert caught.value.finding.render() == (
        "flow.yaml:4:12: HR220 cannot add 1 to null: `é.age` is missing; `é` has `id` (in `$.items[0]`, id 1)\n"
        "        age: é.age + 1\n"
        "             ^^^^^"
    )
    positions = {
        (line, column)
        for line, _, column, _ in _codes(template._direct.__code__)
        if line is not None and column is not None
    }
    # `é.age`, by bytes from 0, and `$.items`; no columns with PYTHONNODEBUGRANGES.
    assert {(4, 11), (3, 6)} <= positions or not positions


def test_an_error_in_quotes_stands_at_its_column():
    source = "a: 'it''s \"{{$.a + 1}}\"'\n"
    decoded = 'it\'s "{{$.a + 1}}"'
    start = source.index("it")
    offsets = [start, start + 1, start + 2, *range(start + 4, start + 4 + len(decoded) - 3 + 1)]
    template = compile_template(Text(decoded, Source("flow.yaml", source), offsets), Scope.EDGE, [])
    with pytest.raises(ExpressionError) as caught:
        template.evaluate({}, environment())
    assert caught.value.finding.render() == (
        "flow.yaml:1:14: HR220 cannot add 1 to null: `$.a` is missing; message is empty\n"
        "  a: 'it''s \"{{$.a + 1}}\"'\n"
        "               ^^^"
    )


def test_an_expression_over_folded_lines_stands_at_each_of_them():
    source = "a: >\n  {{ $.a +\n  $.b.c }}\n"
    decoded = "{{ $.a + $.b.c }}\n"
    first, second = source.index("{{"), source.index("$.b")
    offsets = [*range(first, first + 9), *range(second, len(source) + 1)]
    template = compile_template(Text(decoded, Source("flow.yaml", source), offsets), Scope.EDGE, [])
    with pytest.raises(ExpressionError) as caught:
        template.evaluate({"a": 1, "b": {}}, environment())
    assert str(caught.value.finding) == (
        "flow.yaml:3:3: HR220 cannot add null to 1: `$.b.c` is missing; `b` is empty"
    )


def _codes(code: CodeType) -> list[tuple[int | None, ...]]:
    inner = [item for item in code.co_consts if isinstance(item, CodeType)]
    return [*code.co_positions(), *(position for item in inner for position in _codes(item))]


def test_the_place_of_an_error_needs_no_columns():
    # Checked code says by its lines alone which node failed.
    template = compiled("$.a.b + $.c.map(x => x - $.d)")
    with pytest.raises(ExpressionError) as caught:
        template.evaluate({"a": {"b": 1}, "c": [1]}, environment())
    assert str(caught.value.finding) == (
        "<expression>:1:26: HR220 cannot subtract null from 1: `$.d` is missing;"
        " message has `a`, `c` (in `$.c[0]`)"
    )


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("$.secrets.token * 2", "HR222 `$.secrets.token * 2` has no value; what it reads is not shown, since it may hold a secret"),
        ("int($.secrets.token)", "HR225 `int($.secrets.token)` has no value; what it reads is not shown, since it may hold a secret"),
        ("$.secrets.other.trim()", "HR221 `$.secrets.other` is null, so `.trim` cannot run; `secrets` has `token`"),
        ("$.vars.n * 2", 'HR222 cannot multiply "x" by 2: that is no number (`$.vars.n`)'),
    ],
)  # fmt: skip
def test_no_error_shows_a_secret(expression, expected):
    template = compiled(expression, Scope.SETTINGS)
    with pytest.raises(ExpressionError) as caught:
        template.evaluate({"vars": {"n": "x"}, "secrets": {"token": "s3cret"}}, environment())
    assert f"{caught.value.code} {caught.value.message}" == expected


def test_missing_data_does_not_make_every_evaluation_try_twice():
    template = compiled("$.a.b")
    assert {template.evaluate({"a": {}}, environment()) for _ in range(3000)} == {None}
    assert template._misses < 12
    for _ in range(1100):
        template.evaluate({"a": {"b": 1}}, environment())
    assert template._pause == 0


@pytest.mark.parametrize(
    ("name", "expected"), [("lower", [" aé ", None]), ("upper", [" AÉ ", None]), ("trim", ["Aé", None])]
)
def test_null_where_a_function_expects_text_is_no_miss(name, expected):
    template = compiled(f"$.map(x => {name}(x))")
    assert template.evaluate([" Aé ", None], environment()) == expected
    assert template._misses == 0
    assert evaluate(f"[{name}(null), {name}($.gone), {name}(null) || 'none']", {}) == [None, None, "none"]


def test_null_that_is_added_to_text_is_no_miss():
    template = compiled("$.map(x => x.a + ' ' + x.b)")
    people = [{"a": "Jo", "b": "Ax"}, {"a": None, "b": "Ax"}, {"a": "Jo", "b": None}, {"a": None, "b": None}]
    assert template.evaluate(people, environment()) == ["Jo Ax", " Ax", "Jo ", " "]
    assert template._misses == 0
    for value in (None, 1, 1.0, True, [None], {"a": 1}):
        assert evaluate("['' + $, $ + '', 'a' + $ + $, $ + 'a' + null + 1]", value)


EXPRESSIONS = [
    PAGE.strip()[2:-2], "$.a?.b.map(({x, y = 1, ...z}) => [x, y, z])", "`${$.a}b` + 'c'", "typeof $.a", "-$.a",
    "[...$.a, {...$.b, [$.c]: $vars.x}]", "$..a[?@.b > 1]", "(x => x || $run.id)(1)", "'a'.replace(/a/g, 'b')", "$.a == 'b'",
    "$.list.sort((a, b) => a - b).length", "$.a < 1 && $.b !== null || !$.c", "lower($.a).__class__", "$.__class__.__mro__",
]  # fmt: skip


@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_compiled_code_reads_no_attribute_and_has_no_builtins(expression):
    template = compiled(expression)
    template.compile()
    template._pause = 1
    with contextlib.suppress(ExpressionError):  # the checked code is there, whatever it says
        template.evaluate({}, environment())
    for function in (template._direct, template._checked.evaluate):
        assert function.__globals__["__builtins__"] == {}
        forbidden = {"LOAD_ATTR", "STORE_ATTR", "LOAD_METHOD", "IMPORT_NAME", "STORE_GLOBAL", "DELETE_SUBSCR"}
        assert forbidden & _operations(function.__code__) == set()


def _operations(code: CodeType) -> set[str]:
    found = {instruction.opname for instruction in dis.get_instructions(code)}
    for item in code.co_consts:
        if isinstance(item, CodeType):
            found |= _operations(item)
    return found


@given(st.text(alphabet=st.characters(blacklist_categories=("Cs",)), max_size=20))
@settings(deadline=None)
def test_any_text_can_be_written_as_a_literal(text):
    quoted = text.replace("\\", "\\\\").replace("'", "\\'").replace("\n", "\\n").replace("\r", "\\r")
    assert rendered(f"{{{{'{quoted}'}}}}") == text


def test_now_is_unix_nanoseconds():
    assert rendered("{{now()}}") == NOW_NS
