"""What flow files promise, clause by clause: shaping, base values, vars, scalars, versions, templates.

Other promises have tests where they are kept: forms of edges in test_edge.py, scalars and durations in
test_plain.py, merge keys and places of aliases in test_yaml.py and the golden files, shared pools in
components/test_driver.py, headers in connections/http/test_transport.py, fan-out in engine/test_messages.py.
"""

import textwrap

import pytest

from headrace.app import builtin_registry
from headrace.errors import Severity
from headrace.expr import Environment, Scope, compile_template
from headrace.flow.loader import Loaded, load_flow, load_object, require
from headrace.source import Source, Text
from headrace.values import Json, decode_json
from support.flows import HEAD, run_flow

REGISTRY = builtin_registry()


def load(spec: str) -> Loaded:
    text = HEAD + textwrap.indent(textwrap.dedent(spec), "  ")
    return load_flow(Source("flow.yaml", text), REGISTRY)


def errors(spec: str) -> list[tuple[str, str]]:
    found = load(spec).findings
    return [(item.code, item.span.text) for item in found if item.severity is Severity.ERROR]


# ---- shaping and base values

STATE = """
nodes:
  start: {component: common-module/signal}
  state: {component: common-module/modify, input: {s: "{{$.payload.s}}"}}
"""


async def passed_on(component: str, edge: str, node: str) -> Json:
    """What a component sends for `{s: 7}` over an edge."""
    spec = f"""{STATE}
  it:
    component: common-module/{component}
    {node}
  end: {{component: test-module/probe}}
edges:
  - start -> state
  - {{from: state, to: it, {edge}}}
  - it -> end
"""
    _, seen = await run_flow(spec, {"s": 7})
    (message,) = seen["end"]
    return message


@pytest.mark.parametrize(
    "component",
    ["router", "debug", "async", "modify", "delay, settings: {duration: 0}"],
    ids=lambda component: component.split(",")[0],
)
@pytest.mark.parametrize(
    ("edge", "node", "expected"),
    [
        ("description: as it is", "", {"s": 7}),
        ('data: {d: "{{$.s + 1}}"}', "", {"d": 8}),
        ('add: {d: "{{$.s + 1}}"}', "", {"s": 7, "d": 8}),
        ('data: {d: "{{$.s + 1}}"}', 'input: {i: "{{$.d + 1}}"}', {"i": 9}),
        ('add: {s: "{{$.s + 1}}"}', 'input: "{{$}}"', {"s": 8}),
    ],
    ids=["unchanged", "data", "add", "data-input", "add-input"],
)
async def test_what_adds_nothing_passes_on_exactly_what_it_got(component, edge, node, expected):
    name, _, rest = component.partition(", ")
    assert await passed_on(name, edge, f"{rest}\n    {node}" if rest else node) == expected


@pytest.mark.parametrize("port", ["result", "error"])
@pytest.mark.parametrize(
    ("edge", "node", "base"),
    [
        ('data: {query: "{{$.q}}"}', "", {"s": 7, "q": "Q"}),
        ('data: {q: "{{$.q}}", d: 1}', 'input: {query: "{{$.q}}"}', {"q": "Q", "d": 1}),
        ('add: {query: "{{$.q}}"}', "", {"s": 7, "q": "Q", "query": "Q"}),
        ("add: {d: 1}", 'input: {query: "{{$.q}}"}', {"s": 7, "q": "Q", "d": 1}),
        ('data: {query: "{{$.q}}"}', "as: found", {"s": 7, "q": "Q"}),
    ],
    ids=["before-data", "before-input", "add", "add-input", "as"],
)
async def test_a_connector_adds_to_the_base_value_on_both_its_ports(edge, node, base, port, tmp_path):
    sql = "SELECT 1 AS n" if port == "result" else "SELECT * FROM nothing"
    spec = f"""
nodes:
  start: {{component: common-module/signal}}
  state: {{component: common-module/modify, input: {{s: 7, q: "{sql}"}}}}
  it:
    component: database-module/connector
    settings: {{driver: sqlite, database: "{tmp_path}/x.db"}}
    {node}
  end: {{component: test-module/probe}}
edges:
  - start -> state
  - {{from: state, to: it, {edge}}}
  - it:{port} -> end
"""
    _, seen = await run_flow(spec)
    (message,) = seen["end"]
    name = "found" if node == "as: found" else "result"
    added = {name} if port == "result" else {"error", "errorDetail"}
    wanted = decode_json(str(base).replace("'", '"').replace('"Q"', f'"{sql}"'))
    assert {key: value for key, value in message.items() if key not in added} == wanted
    assert added <= set(message)
    if port == "result":
        assert message[name]["rows"] == [{"n": 1}]


async def test_as_keeps_a_second_result_from_replacing_the_first(tmp_path):
    _, seen = await run_flow(
        f"""
        defaults:
          database-module/connector: {{driver: sqlite, database: "{tmp_path}/x.db"}}
        nodes:
          start: {{component: common-module/signal}}
          one: {{component: database-module/connector, input: {{query: SELECT 1 AS n}}}}
          two:
            component: database-module/connector
            input: {{query: "SELECT 1 + $1 AS n", parameters: ["{{{{$.result.rows[0].n}}}}"]}}
            as: second
          end: {{component: test-module/probe, input: {{a: "{{{{$.result.rows}}}}", b: "{{{{$.second.rows}}}}"}}}}
        edges:
          - start -> one -> two
          - two:result -> end
        """
    )
    assert seen["end"] == [{"a": [{"n": 1}], "b": [{"n": 2}]}]


async def test_an_iterator_sends_the_items_of_a_batch_then_the_batch():
    _, seen = await run_flow(
        """
        nodes:
          start: {component: common-module/signal}
          each: {component: common-module/iterator, settings: {batchSize: 2}, input: {array: "{{$.payload}}"}}
          end: {component: test-module/probe}
        edges:
          - start -> each
          - {from: 'each:batch', to: end, data: "{{$.items}}"}
          - {from: 'each:item', to: end, data: "{{$.item}}"}
        """,
        ["a", "b", "c"],
    )
    assert seen["end"] == ["a", "b", ["a", "b"], "c", ["c"]]


# ---- vars and secrets


async def test_vars_are_read_anywhere():
    _, seen = await run_flow(
        """
        vars: {size: 3, field: big}
        nodes:
          start: {component: common-module/signal}
          route:
            component: common-module/router
            settings:
              defaultPort: "{{$.vars.field + $vars.field}}"
              rules: [{outputPort: rule, when: "{{$.size > $vars.size}}"}]
            input: {size: "{{$vars.size + 1}}", of: "{{$.d}}"}
          end: {component: test-module/probe}
        edges:
          - {from: start, to: route, data: {d: "{{$vars.size}}"}}
          - {from: 'route:rule', to: end, add: {more: "{{$vars.size * 2}}"}}
        """
    )
    assert seen["end"] == [{"size": 4, "of": 3, "more": 6}]


READS = (
    f"{STATE}"
    + """\
  route:
    component: common-module/router
    settings: {rules: [{outputPort: rule, when: "{{WHEN}}"}]}
    input: "{{INPUT}}"
  call:
    component: http-module/client
    settings: {baseUrl: "https://a.b", defaultHeaders: {x-a: "{{SETTING}}"}}
    input: {url: /}
edges:
  - start -> state
  - {from: state, to: route, data: "{{DATA}}"}
  - {from: 'route:rule', to: call, add: {x: "{{ADD}}"}}
"""
)


def _reads(place: str, expression: str) -> str:
    """A flow that reads something in one place, and constants in all others."""
    spec = READS.replace(place, expression)
    for other in ("WHEN", "SETTING"):
        spec = spec.replace(other, "'a'")
    return spec.replace("INPUT", "1").replace("DATA", "1").replace("ADD", "1")


@pytest.mark.parametrize("place", ["WHEN", "INPUT", "DATA", "ADD", "SETTING"])
def test_secrets_are_read_in_settings_only(place: str) -> None:
    spec = "secrets: [token]\n" + _reads(place, "$.secrets.token")
    assert errors(spec) == ([] if place == "SETTING" else [("HR120", "$.secrets")])


@pytest.mark.parametrize("place", ["WHEN", "INPUT", "DATA", "ADD"])
def test_vars_of_the_message_are_no_vars_of_the_flow(place: str) -> None:
    """`$.vars` is a member of the message there; in settings it is the flow's."""
    assert "HR128" not in {code for code, _ in errors(_reads(place, "$.vars?.none"))}
    assert ("HR128", "$.vars.none") in errors(_reads("SETTING", "$.vars.none"))


# ---- scalars, through a whole flow


@pytest.mark.parametrize(
    "text",
    ["y", "n", "yes", "no", "on", "off", "017", "0o17", "1_000", "1:30", ".inf", "9223372036854775808"],
)
@pytest.mark.parametrize("place", ["vars: {x: @}", "defaults: {common-module/delay: {duration: @}}"])
def test_what_readers_of_yaml_disagree_on_is_refused_with_the_cure(place: str, text: str) -> None:
    found = load(
        f"{place.replace('@', text)}\nnodes: {{start: {{component: common-module/signal}}}}"
    ).findings
    told = [item for item in found if item.code == "HR104"]
    assert [item.span.text for item in told] == [text]
    assert (
        f'quote it: `"{text}"`' in told[0].message or f'quote it if it is text: `"{text}"`' in told[0].message
    )


def test_values_are_those_of_json_and_dates_stay_text() -> None:
    written = """\
    vars:
      values: [true, False, null, ~, 12, -3, 0xff, 1.5, 1e3, .5, text, "1", '2', 2026-01-02, 2026-01-02T03:04:05Z]
    nodes: {start: {component: common-module/signal}}
    """
    assert require(load(written)).vars["values"] == [
        True, False, None, None, 12, -3, 255, 1.5, 1000.0, 0.5, "text", "1", "2", "2026-01-02",
        "2026-01-02T03:04:05Z",
    ]  # fmt: skip


# ---- versions

PLAIN = """\
description: d
vars: {a: 1, b: "x"}
nodes:
  start: {component: common-module/signal}
  show:
    component: common-module/debug
    settings: {level: info}
edges:
  - start -> show
"""


def version(spec: str) -> str:
    return require(load(spec)).version


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("vars:", "# a comment\nvars:"),
        ('vars: {a: 1, b: "x"}', "vars:\n  b: x   # first\n  a: 1\n"),
        ('"x"', "'x'"),
        ("a: 1,", "a: 0x1,"),
        ("level: info", "level: &level info"),
        ("settings: {level: info}", "settings:\n      level: >-\n        info"),
        ("  show:", "\n\n  show:"),
    ],
    ids=["comment", "block and order", "quotes", "hexadecimal", "anchor", "folded", "empty lines"],
)
def test_how_a_flow_is_written_does_not_change_its_version(old: str, new: str) -> None:
    assert PLAIN.count(old) == 1
    assert version(PLAIN.replace(old, new)) == version(PLAIN)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("description: d", "description: e"),
        ("a: 1,", "a: 2,"),
        ("a: 1,", 'a: "1",'),
        ("level: info", "level: debug"),
        ("- start -> show", "- {from: start, to: show}"),
        ("show", "view"),
    ],
)
def test_what_a_flow_says_changes_its_version(old: str, new: str) -> None:
    assert version(PLAIN.replace(old, new)) != version(PLAIN)


def test_the_order_of_edges_counts_and_metadata_does_not() -> None:
    two = PLAIN + "  - start -> last\n".replace("last", "show")
    assert version(two) != version(PLAIN)
    text = HEAD + textwrap.indent(PLAIN, "  ")
    renamed = load_flow(Source("other.yaml", text.replace("name: test", "name: other")), REGISTRY)
    assert require(renamed).version == version(PLAIN)


def test_a_description_may_stand_anywhere_and_changes_no_message() -> None:
    flow = require(
        load("""\
        description: |
          Of the flow.
        nodes:
          start: {component: common-module/signal, description: of a node}
          show: {component: common-module/debug}
        edges:
          - {from: start, to: show, description: of an edge}
        """)
    )
    assert (flow.description, flow.nodes["start"].description, flow.edges[0].description) == (
        "Of the flow.\n",
        "of a node",
        "of an edge",
    )


# ---- places in flows that came as objects


def test_places_in_an_object_are_paths_with_line_and_column() -> None:
    value: Json = {
        "apiVersion": "headrace.dev/v1",
        "kind": "Flow",
        "metadata": {"name": "test"},
        "spec": {
            "nodes": {
                "start": {"component": "common-module/signal"},
                "show": {"component": "common-module/debug", "settings": {"lvel": "info"}},
            },
            "edges": [
                "start -> show",
                {"from": "start", "to": "show", "data": {"a b": ["{{1}}", "x\n  {{lowr(1)}}"]}},
                "start -> shw",
            ],
        },
    }
    assert [(str(item.span), item.code) for item in load_object(value, REGISTRY).findings] == [
        ("spec.nodes.show.settings.lvel:1:1", "HR110"),
        ("spec.edges[1].data['a b'][1]:2:5", "HR204"),
        ("spec.edges[2]:1:10", "HR112"),
    ]


# ---- templates


def value_of(template: str, message: Json) -> Json:
    compiled = compile_template(Text.bare(template), Scope.EDGE, [])
    return compiled.evaluate(message, Environment(now_ns=lambda: 0, vars={}))


@pytest.mark.parametrize(
    ("template", "value"),
    [
        ("{{'{{'}}", "{{"),
        ("a {{'{{'}} b }} c", "a {{ b }} c"),
        ("{{'{{$.n}}'}}", "{{$.n}}"),
        ("}}", "}}"),
        ("a } b }} c", "a } b }} c"),
        ("{ {$.n} }", "{ {$.n} }"),
        ("{{'}}'}}{{'}'}}", "}}}"),
        ("  {{$.n}}\n", 1),
        ("{{$.n}}{{$.n}}", "11"),
        ("x{{$.n}}", "x1"),
        ("{{ {a: {b: $.n}} }}", {"a": {"b": 1}}),
        ("{{/* }} */ $.n}}", 1),
    ],
)
def test_braces_are_told_from_text(template: str, value: Json) -> None:
    assert value_of(template, {"n": 1}) == value


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, ""),
        (True, "true"),
        (False, "false"),
        (0, "0"),
        (-0.0, "0"),
        (12345678901234567890123, "12345678901234567890123"),
        (1.5, "1.5"),
        (100.0, "100"),
        (1e21, "1e+21"),
        (1e-7, "1e-7"),
        ("a\"b'é", "a\"b'é"),
        ([], "[]"),
        ([1, "a", None], '[1,"a",null]'),
        ({"a": {"b": [True]}}, '{"a":{"b":[true]}}'),
    ],
)
def test_a_value_becomes_the_same_text_in_every_place(value: Json, text: str) -> None:
    message: Json = {"v": value}
    assert value_of("<{{$.v}}>", message) == f"<{text}>"
    assert value_of("{{`<${$.v}>`}}", message) == f"<{text}>"
    assert value_of("{{'<' + $.v + '>'}}", message) == f"<{text}>"
    assert value_of("{{string($.v)}}", message) == (None if value is None else text)


def test_keys_are_never_evaluated() -> None:
    spec = STATE + 'edges:\n  - {from: start, to: state, data: {"{{$.a}}": 1, b: {"x{{1}}": 2}, "}}": 3}}\n'
    assert errors(spec) == [("HR138", '"{{$.a}}"'), ("HR138", '"x{{1}}"')]


# ---- pools


@pytest.mark.parametrize(
    ("first", "second", "found"),
    [
        ("host: '{{$.secrets.a}}'", "host: '{{$.secrets.a}}'", set()),
        ("host: '{{$.secrets.a}}'", "host: '{{$.secrets.b}}'", {"HR129"}),
        ("host: a, username: '{{$.secrets.a}}'", "host: a, username: '{{$.secrets.b}}'", {"HR130"}),
        ("host: a, maxOpenConns: 3", "host: a, maxOpenConns: 5", set()),
    ],
    ids=["one text", "two texts", "two users", "two sizes"],
)
def test_templates_that_are_not_resolved_yet_are_compared_as_text(
    first: str, second: str, found: set[str]
) -> None:
    spec = f"""
    secrets: [a, b]
    defaults: {{database-module/connector: {{driver: postgres, database: shop}}}}
    nodes:
      start: {{component: common-module/signal}}
      one:
        component: database-module/connector
        settings: {{{first}}}
        input: {{query: DELETE FROM a}}
      two:
        component: database-module/connector
        settings: {{{second}}}
        input: {{query: DELETE FROM b}}
    edges:
      - start -> one -> two
    """
    assert {code for code, _ in errors(spec)} == found
