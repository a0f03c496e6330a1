"""What completion offers, in each place, in whole and in broken files."""

import pytest
from tests.lsp.marked import FLOW, chosen, flow, offered, suggestions

from headrace.app import builtin_registry
from headrace.expr.builtins import FUNCTIONS, METHODS

COMPONENTS = builtin_registry().names
NODE = "    x:\n      component: http-module/client"


def node(lines: str) -> str:
    """The flow with one more node, a client, that has these lines."""
    return flow(node="\n".join([NODE, *(f"      {line}" for line in lines.split("\n"))]))


# ---- components and keys


@pytest.mark.parametrize("line", ["component: ‸", "component:‸", 'component: "‸"', "component: http‸"])
def test_components(line: str) -> None:
    assert offered(flow(node=f"    x:\n      {line}")) == COMPONENTS
    assert offered(flow(node=f"    x: {{{line}")) == COMPONENTS


def test_a_component_tells_what_it_is() -> None:
    item = suggestions(flow(node="    x: {component: ‸"))[0]
    assert (item.label, item.detail) == ("common-module/ticker", "Starts a run at fixed intervals.")
    assert "Outputs: `out`" in item.documentation


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("apiVersion: headrace.dev/v1\n‸", ["kind", "metadata", "spec", "status"]),
        ("apiVersion: headrace.dev/v1\nmetadata: {‸", ["name", "annotations", "labels", "namespace"]),
        (
            flow(below="spec:\n  ‸"),
            ["description", "timeout", "concurrency", "maxQueued", "retry", "hooks", "defaults", "deploy"],
        ),
        (
            flow(below="spec:\n  re‸"),
            ["description", "timeout", "concurrency", "maxQueued", "retry", "hooks", "defaults", "deploy"],
        ),
        (flow(below="spec:\n  retry: {‸"), ["maxAttempts", "initialDelay", "backoff", "maxDelay"]),
        (flow(below="spec:\n  retry:\n    maxAttempts: 3\n    ‸"), ["initialDelay", "backoff", "maxDelay"]),
        (flow(below="spec:\n  defaults:\n    ‸"), COMPONENTS),
        (flow(edge="    - from: fetch\n      ‸"), ["to", "target", "data", "add", "description"]),
        (flow(edge="    - from: fetch\n      to: {‸"), ["node", "port"]),
        (flow(edge="    - {from: fetch, to: batches, data: {‸"), []),
        (flow(node="    x: {component: common-module/ticker, control: {‸"), ["start", "stop"]),
        (flow(node="    x: {component: common-module/ticker, ‸"), ["settings", "control", "description"]),
    ],
)
def test_keys(text: str, expected: list[str]) -> None:
    found = offered(text)
    assert [name for name in found if name in expected] == expected
    assert set(found) - set(expected) <= {
        "generateName", "uid", "resourceVersion", "generation", "creationTimestamp", "deletionTimestamp",
        "deletionGracePeriodSeconds", "managedFields", "ownerReferences", "finalizers", "selfLink",
    }  # fmt: skip


def test_keys_of_a_node_are_those_that_have_an_effect_there() -> None:
    assert offered(node("‸"))[:3] == ["settings", "input", "as"]
    assert "as" not in offered(flow(node="    x:\n      component: common-module/debug\n      ‸"))
    assert offered(flow(node="    x:\n      ‸"))[0] == "component"


def test_settings_of_the_nodes_component() -> None:
    fields = ["baseUrl", "defaultHeaders", "timeout", "retryCount"]
    assert offered(node("settings: {‸"))[:4] == fields
    assert offered(node("settings:\n  ‸"))[:4] == fields
    assert offered(node("settings:\n  baseUrl: x\n  ‸\n  timeout: 3s"))[:2] == [
        "defaultHeaders",
        "retryCount",
    ]
    assert offered(flow(below="spec:\n  defaults: {http-module/client: {‸"))[:4] == fields


def test_settings_inside_of_settings() -> None:
    assert offered(node("settings: {auth: {‸")) == ["type", "token", "username", "password"]
    assert offered(node("settings: {auth: {type: basic, ‸")) == ["username", "password"]
    rules = "    x: {component: common-module/router, settings: {rules: [{outputPort: a, ‸"
    assert offered(flow(node=rules)) == ["name", "field", "operator", "value", "when"]
    rules = "    x:\n      component: common-module/router\n      settings:\n        rules:\n          - ‸"
    assert offered(flow(node=rules))[0] == "outputPort"


def test_the_members_of_a_message_by_the_targets_model() -> None:
    members = ["method", "url", "headers", "queryParams", "body", "contentType"]
    assert offered(node("input: {‸")) == members
    assert offered(node("input:\n  url: /users\n  ‸")) == [name for name in members if name != "url"]
    to = flow(node=NODE, edge="    - from: state\n      to: x\n      data: {‸")
    assert offered(to) == members
    # Whoever has an `input` takes what that reads, which its model does not tell.
    assert offered(flow(edge="    - {from: state, to: fetch, data: {‸")) == []


@pytest.mark.parametrize(
    ("text", "label", "expected"),
    [
        (flow(below="spec:\n  re‸"), "retry", "retry:‸"),
        (flow(below="spec:\n  ‸"), "timeout", "timeout: ‸"),
        (flow(below="spec:\n  retry: {‸}"), "backoff", "retry: {backoff: ‸}"),
        (flow(below="spec:\n  ti‸: 3s"), "timeout", "timeout‸: 3s"),
        (flow(edge="    -‸"), "from", None),
        (flow(node="    x:\n      component:‸"), "http-module/client", "component: http-module/client‸"),
        (flow(node="    x:\n      component: ht‸tp"), "http-module/client", "component: http-module/client‸"),
        (
            flow(node='    x:\n      component: "ht‸tp"'),
            "http-module/client",
            'component: "http-module/client‸"',
        ),
        (flow(node="    x:\n      component: 'ht‸"), "http-module/client", "component: 'http-module/client‸"),
    ],
)
def test_what_is_taken_fits_into_the_line(text: str, label: str, expected: str | None) -> None:
    if expected is None:
        assert label not in offered(text)
    else:
        assert chosen(text, label) == expected


# ---- values


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (node("settings: {retryUnsafe: ‸"), ["true", "false"]),
        (node("settings:\n  retryUnsafe: t‸"), ["true", "false"]),
        (node("settings: {auth: {type: ‸"), ["bearer", "basic"]),
        (node("input: {method: ‸"), ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]),
        (
            flow(node="    x: {component: common-module/debug, settings: {level: ‸"),
            ["info", "debug", "warning", "error"],
        ),
        ("apiVersion: headrace.dev/v1\nkind: ‸", ["Flow"]),
    ],
)
def test_values(text: str, expected: list[str]) -> None:
    assert sorted(offered(text)) == sorted(expected)


def test_a_default_is_marked_and_comes_first() -> None:
    shown = [(item.label, item.detail) for item in suggestions(node("settings: {timeout: ‸"))]
    assert shown[0] == ("30s", "default")
    assert ("60s", "for example") in shown
    assert [item.detail for item in suggestions(node("settings: {retryUnsafe: ‸"))] == ["", "default"]


# ---- edges


@pytest.mark.parametrize(
    ("edge", "expected"),
    [
        ("    - ‸", ["hourly", "state", "fetch", "route", "last"]),
        ("    - fe‸", ["hourly", "state", "fetch", "route", "last"]),
        ("    - state -> ‸", ["state", "fetch", "batches", "route", "last"]),
        ("    - state ->‸", ["state", "fetch", "batches", "route", "last"]),
        ("    - state -> fe‸ -> last", ["state", "fetch", "batches", "route", "last"]),
        ('    - "state -> ‸"', ["state", "fetch", "batches", "route", "last"]),
        ("    - batches:‸", ["batches:item", "batches:batch", "batches:done", "batches:error"]),
        ("    - batches:ba‸ -> last", ["batches:item", "batches:batch", "batches:done", "batches:error"]),
        ("    - route:‸ -> last", ["route:more", "route:default"]),
        ("    - state -> fetch:‸", ["fetch:request"]),
        ("    - {from: ‸", ["hourly", "state", "fetch", "route", "last"]),
        ("    - {from: [state, ‸", ["hourly", "state", "fetch", "route", "last"]),
        ("    - {from: state, to: ‸", ["state", "fetch", "batches", "route", "last"]),
        ("    - from: state\n      to: ‸", ["state", "fetch", "batches", "route", "last"]),
        ("    - from: state\n      target: fetch:‸", ["fetch:request"]),
        ("    - {from: {node: ‸", ["hourly", "state", "fetch", "batches", "route", "last"]),
        ("    - {from: {node: batches, port: ‸", ["item", "batch", "done", "error"]),
        ("    - {from: a, to: {node: ‸", ["state", "fetch", "batches", "route", "last"]),
    ],
)
def test_ends_of_edges(edge: str, expected: list[str]) -> None:
    found = [label for label in offered(flow(edge=edge)) if ":" in expected[0] or ":" not in label]
    keys = {"from", "to", "target", "data", "add", "description"}
    assert [label for label in found if label not in keys] == [
        name for name in expected if name != "route" or "route" in found
    ]


def test_a_node_whose_component_is_not_known_yet_is_offered() -> None:
    for edge in ("    - ‸", "    - state -> ‸"):
        assert "new" in offered(flow(node="    new: {component: common-module/x}", edge=edge))


def test_nodes_with_several_ports_are_offered_with_each() -> None:
    found = offered(flow(edge="    - ‸"))
    assert [label for label in found if label.startswith("batches")] == [
        "batches:item", "batches:batch", "batches:done", "batches:error",
    ]  # fmt: skip
    assert [label for label in found if label.startswith("fetch")] == [
        "fetch",
        "fetch:response",
        "fetch:error",
    ]


@pytest.mark.parametrize(
    ("edge", "label", "expected"),
    [
        ("    - state -> ‸", "fetch", "- state -> fetch‸"),
        ("    - state ->‸", "fetch", "- state -> fetch‸"),
        ("    - batches:‸ -> last", "batches:done", "- batches:done‸ -> last"),
        ("    - ba‸:item -> last", "batches:done", "- batches:done‸ -> last"),
        ("    - state -> fe‸ -> last", "fetch", "- state -> fetch‸ -> last"),
        ("    - {from: state, to: ‸}", "fetch", "- {from: state, to: fetch‸}"),
        ("    - from:‸", "fetch", "- from: fetch‸"),
    ],
)
def test_an_end_is_replaced_as_a_whole(edge: str, label: str, expected: str) -> None:
    assert chosen(flow(edge=edge), label) == expected


# ---- expressions


def expression(text: str, edge: str = "batches:batch") -> str:
    """The flow with a node that gets a batch, and this as one member of its input."""
    lines = f"    x:\n      component: common-module/modify\n      input:\n        a: {text}\n        b: 1"
    return flow(node=lines, edge=f"    - {edge} -> x")


BATCH = ["items", "batchNum", "totalBatches", "startIndex", "total", "progress", "isLastBatch", "context"]


@pytest.mark.parametrize(
    "text",
    [
        '"{{$.‸"',
        '"{{$.‸}}"',
        '"{{$.‸',
        "'{{$.‸",
        "{{$.‸",
        '"a {{$.b}} c {{$.‸ d"',
        '"{{$.pro‸gress}}"',
        '"é😀 {{$.‸"',
        '"\\t\\u00e9 {{$.‸"',
        "|\n          {{\n            $.‸\n          }}",
        ">-\n          {{\n          $.‸\n          }}",
        '"{{[$].map(m => ({x: m.‸',
        '"{{$.isLastBatch ? $.‸',
        '"{{`${$.‸',
        '"{{$?.‸',
        '"{{coalesce($.‸',
        '[1, "{{$.‸',
        "{b: {c: '{{$.‸'}}",
    ],
)
def test_members_of_the_message_by_what_arrives(text: str) -> None:
    for written in (expression(text), expression(text).replace("\n", "\r\n")):
        assert sorted(members(written)) == sorted(BATCH)


def members(text: str) -> list[str]:
    return [item.label for item in suggestions(text) if item.kind.value == "member"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (expression('"{{$.response.‸"', "fetch"), ["statusCode", "headers", "body", "bodyJson", "url", "elapsedMs"]),
        (expression('"{{$.errorDetail.‸"', "fetch:error"), ["code", "retryable", "node", "attempt", "place"]),
        (expression('"{{$.payload.‸"', "hourly"), ["mode"]),
        (expression('"{{$run.‸"'), ["id", "flow", "trigger", "startedAt", "attempt"]),
        (expression('"{{$vars.‸"'), ["pageSize", "page-no"]),
        (expression('"{{$.items.map((item, index) => index.‸"'), []),
        (expression('"{{[{id: 1, name: 2}].map(({id, ...rest}) => rest.‸"'), ["name"]),
        (flow(edge='    - {from: fetch, to: last, data: {a: "{{$.response.‸'),
         ["statusCode", "headers", "body", "bodyJson", "url", "elapsedMs"]),
        (flow(edge='    - from: [state, hourly]\n      to: last\n      add:\n        a: "{{$.‸"'),
         ["page", "mode", "timestamp", "formatted", "tickNumber", "scheduledAt", "payload"]),
        (node('settings: {baseUrl: "{{$.‸"}'), ["vars", "secrets"]),
        (node('settings: {baseUrl: "{{$.secrets.‸'), ["apiToken", "dbUrl"]),
        (node('settings: {baseUrl: "{{$.vars.‸'), ["pageSize", "page-no"]),
        (flow(below='spec:\n  defaults: {http-module/client: {baseUrl: "{{$.secrets.‸"}}'), ["apiToken", "dbUrl"]),
        (flow(node='    r: {component: common-module/router, settings: {rules: [{when: "{{$.‸"}]}}',
              edge="    - state -> r"), ["page", "mode"]),
    ],
)  # fmt: skip
def test_members_by_shape(text: str, expected: list[str]) -> None:
    assert members(text) == expected


def test_a_member_shows_its_shape() -> None:
    shown = {item.label: item.detail for item in suggestions(expression('"{{$.‸"', "fetch"))}
    assert shown["page"] == "number"
    assert shown["response"].startswith("object {statusCode: number, headers: {…}")


@pytest.mark.parametrize(
    ("text", "label", "expected"),
    [
        ('"{{$.ba‸"', "batchNum", 'a: "{{$.batchNum‸"'),
        ('"{{$.ba‸tch + 1}}"', "batchNum", 'a: "{{$.batchNum‸ + 1}}"'),
        ('"{{$vars.‸"', "page-no", "a: \"{{$vars['page-no']‸\""),
        ('"{{$vars?.pa‸"', "page-no", "a: \"{{$vars?.['page-no']‸\""),
        ("'{{$vars.‸'", "page-no", "a: '{{$vars[\"page-no\"]‸'"),
        ('"{{$vars[\'‸"', "page-no", "a: \"{{$vars['page-no']‸\""),
        ("\"{{$vars['pa‸']}}\"", "page-no", "a: \"{{$vars['page-no‸']}}\""),
        ('"{{lo‸"', "lower", 'a: "{{lower(‸)"'),
        ('"{{lo‸($.a)}}"', "lower", 'a: "{{lower‸($.a)}}"'),
        ('"{{no‸"', "now", 'a: "{{now()‸"'),
        ('"{{Math.‸"', "round", 'a: "{{Math.round(‸)"'),
        ('"{{$.items.‸"', "map", 'a: "{{$.items.map(‸)"'),
    ],
)
def test_what_is_taken_fits_into_the_expression(text: str, label: str, expected: str) -> None:
    assert chosen(expression(text), label) == expected


def test_functions_roots_and_globals_where_an_operand_stands() -> None:
    found = suggestions(expression('"{{[1].map((x, i) => ‸'))
    by_kind: dict[str, list[str]] = {}
    for item in found:
        by_kind.setdefault(item.kind.value, []).append(item.label)
    assert by_kind["name"] == ["x", "i", "$", "$vars", "$run"]
    assert by_kind["function"] == [
        name for name, entry in FUNCTIONS.items() if "." not in name and entry.suggested
    ]
    assert {"Math", "JSON", "Object", "Array"} <= set(by_kind["namespace"])
    assert by_kind["word"] == ["true", "false", "null", "typeof"]


def test_names_that_javascript_has_as_well_stay_out() -> None:
    unsuggested = {name for name, entry in FUNCTIONS.items() if not entry.suggested}
    assert unsuggested
    assert unsuggested.isdisjoint(offered(expression('"{{‸"')))


def test_a_function_brings_signature_summary_and_examples() -> None:
    item = next(item for item in suggestions(expression('"{{‸"')) if item.label == "chunk")
    assert item.detail == "chunk(array, size)"
    assert "The items in arrays of `size`" in item.documentation
    assert "chunk([1, 2, 3], 2) → [[1, 2], [3]]" in item.documentation


@pytest.mark.parametrize(
    ("text", "receiver"),
    [
        ("\"{{'a'.‸\"", "text"),
        ('"{{[1].‸"', "array"),
        ('"{{$.batchNum.‸"', "number"),
        ('"{{$.isLastBatch.‸"', "boolean"),
        ('"{{/x/.‸"', "pattern"),
        ('"{{$.items.‸"', "array"),
    ],
)
def test_methods_by_the_receivers_kind(text: str, receiver: str) -> None:
    found = [item.label for item in suggestions(expression(text)) if item.kind.value == "method"]
    assert found == [name for name, method in METHODS.items() if receiver in method.calls]


def test_an_object_has_no_methods() -> None:
    assert [item for item in suggestions(expression('"{{$.‸"')) if item.kind.value == "method"] == []


def test_whatever_is_not_known_has_all_methods_and_no_members() -> None:
    found = suggestions(expression('"{{$.items[0].x.‸"'))
    assert [item.label for item in found if item.kind.value == "member"] == ["length"]
    assert len([item for item in found if item.kind.value == "method"]) > 40


@pytest.mark.parametrize(
    "text",
    [
        flow(below="spec:\n  description: a ‸"),
        expression('"a ‸"'),
        expression("\"{{'te‸xt'}}\""),
        FLOW + "# ‸",
        flow(node="    ‸"),
        flow(below="spec:\n  secrets: [‸"),
    ],
)
def test_nothing_is_offered_where_nothing_is_known(text: str) -> None:
    assert offered(text) == []


def test_every_place_of_a_flow_can_be_asked() -> None:
    for offset in range(0, len(FLOW) + 1, 7):
        offered(f"{FLOW[:offset]}‸{FLOW[offset:]}")
