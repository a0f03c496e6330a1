"""common-module/router: every operator, default, several matches, expressions."""

import pytest

from headrace.components.common.comparison import compare
from headrace.errors import FlowError
from headrace.store import RunStatus
from support.flows import bench

OPERATORS = [
    ("equals", True, "true", True),
    ("equals", "true", "true", True),
    ("equals", 1, "1", True),
    ("equals", 1.0, 1, True),
    ("equals", None, "", False),
    ("equals", [1], "[1]", False),
    ("not_equals", "a", "b", True),
    ("not_equals", None, "b", True),
    ("contains", "headrace", "race", True),
    ("contains", ["a", 1], "1", True),
    ("contains", {"a": 1}, "a", True),
    ("contains", None, "a", False),
    ("starts_with", "headrace", "head", True),
    ("ends_with", "headrace", "head", False),
    ("greater_than", 10, "9", True),
    ("greater_than", "10", 9, True),
    ("less_than", 1.5, 2, True),
    ("less_than", None, 2, False),
    ("greater_than", "2026-02-01", "2026-01-31", True),
    ("matches", "usr_12", r"^usr_\d+$", True),
    ("matches", "x", r"^usr", False),
    ("exists", 0, None, True),
    ("exists", None, None, False),
    ("exists", None, False, True),
    ("in", "b", ["a", "b"], True),
    ("in", 2, ["1", "2"], True),
    ("in", None, ["a"], False),
]


async def route(settings, payload):
    spec = f"""
    nodes:
      start: {{component: common-module/signal}}
      route: {{component: common-module/router, settings: {settings}}}
      a: {{component: test-module/probe}}
      b: {{component: test-module/probe}}
      other: {{component: test-module/probe}}
    edges:
      - from: start:out
        to: route:in
        data: "{{{{$.payload}}}}"
      - route:a -> a
      - route:b -> b
      - route:default -> other
    """
    async with bench(spec) as flow:
        run = await flow.run(payload)
        return run, {name for name in ("a", "b", "other") if flow.seen[name]}


BOTH = "rules: [{when: '{{$.x > 1}}', outputPort: a}, {field: x, operator: greater_than, value: 2, outputPort: b}]"


@pytest.mark.parametrize(("operator", "value", "expected", "matches"), OPERATORS)
def test_operators(operator, value, expected, matches):

    assert compare(operator, expected)(value, "field") is matches


@pytest.mark.parametrize(
    ("settings", "payload", "ports"),
    [
        (f"{{{BOTH}}}", {"x": 5}, {"a"}),
        (f"{{{BOTH}, stopOnMatch: false}}", {"x": 5}, {"a", "b"}),
        (f"{{{BOTH}}}", {"x": 1}, {"other"}),
    ],
    ids=["first", "all", "default"],
)
async def test_the_first_rule_that_matches_takes_the_message(settings, payload, ports):
    run, reached = await route(settings, payload)
    assert run.status is RunStatus.SUCCEEDED
    assert reached == ports


@pytest.mark.parametrize("payload", [{"c": {"d": [{"e": "x"}]}}, {"c.d.0.e": "x"}])
async def test_dotted_fields(payload):
    rules = (
        "{rules: [{field: c.d.0.e, value: x, outputPort: a}, {field: none, operator: exists, outputPort: b}]}"
    )
    _, reached = await route(rules, payload)
    assert reached == {"a"}


async def test_what_cannot_be_compared_is_said():
    rules = "{rules: [{field: x, operator: greater_than, value: 5, outputPort: a}, {when: '{{false}}', outputPort: b}]}"
    run, _ = await route(rules, {"x": ["list"]})
    assert (
        run.errors[0].message
        == "`x` is an array ('[\"list\"]') and cannot be compared with '5' by `greater_than`"
    )


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        ("field: a", "HR116 `outputPort` is required by `rules[0]`"),
        ("outputPort: a", "HR115 `rules[0]`: give either `field` or `when`"),
        (
            "field: a, operator: in, value: 5, outputPort: a",
            "HR115 `rules[0]`: `value` must be an array for `in`, but it is a number",
        ),
        (
            "field: a, operator: matches, value: '(', outputPort: a",
            "HR115 `rules[0]`: /(/ is no regular expression: missing ): (",
        ),
    ],
)
async def test_rules_that_cannot_be_are_found_before_the_run(rule, said):
    with pytest.raises(FlowError) as raised:
        await route(f"{{rules: [{{{rule}}}]}}", {})
    found = [f"{finding.code} {finding.message}" for finding in raised.value.findings]
    assert [text for text in found if not text.startswith("HR113")] == [
        said
    ]  # ports go missing with their rule
