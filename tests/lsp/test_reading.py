"""Which texts are flows, and what is left of those that are broken."""

import pytest
from tests.lsp.marked import FLOW, REGISTRY, flow, split

from headrace.lsp.reading import is_flow, read, repaired
from headrace.source import Source


@pytest.mark.parametrize(
    "text",
    [
        FLOW,
        FLOW.replace("\n", "\r\n"),
        f"# a comment\n---\n{FLOW}",
        "kind: Flow\napiVersion: 'headrace.dev/v1'\n",
        '"apiVersion": "headrace.dev/v2"',
        '{"apiVersion": "headrace.dev/v1", "kind": "Flow"}',
        '\n{\n  "kind": "Flow",\n  "apiVersion": "headrace.dev/v1"\n}',
    ],
)
def test_a_flow_says_so(text: str) -> None:
    assert is_flow(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "apiVersion: v1\nkind: ConfigMap\n",
        "apiVersion: v1\ndata:\n  flow.yaml: |\n    apiVersion: headrace.dev/v1\n",
        "kind: List\nitems:\n  - apiVersion: headrace.dev/v1\n",
        '{"items": [{"apiVersion": "headrace.dev/v1"}]}',
        "# apiVersion: headrace.dev/v1\n",
        "\n" * 5000,
    ],
)
def test_other_files_do_not(text: str) -> None:
    assert not is_flow(text)


@pytest.mark.parametrize(
    "text",
    [
        flow(node="    x: {component: ‸"),
        flow(node='    x: {component: common-module/modify, input: {a: "{{$.‸'),
        flow(node="    x:\n      component: common-module/modify\n      input:\n        a: '{{$.‸"),
        flow(node="    x: [‸"),
        flow(edge="    - {from: a, to: {node: ‸"),
        flow(below="spec:\n  vars: {a: ‸"),
        flow(node="    x: {component: common-module/debug\n    y: {component: common-module/debug}‸"),
        flow(node='    x: {component: "common-module/debug}‸'),
        flow(node="    x: ]‸"),
        flow(node="    x: a: b‸"),
        flow(node="\t x: 1‸"),
    ],
)
@pytest.mark.parametrize("in_place", [True, False])
@pytest.mark.parametrize("hint", [True, False])
def test_one_broken_line_costs_no_more_than_a_few(text: str, *, in_place: bool, hint: bool) -> None:
    source, offset = split(text)
    whole = read(Source("flow.yaml", FLOW), REGISTRY)
    reading = repaired(source, REGISTRY, offset if hint else None, in_place=in_place)
    assert reading.draft is not None
    assert whole.draft is not None
    assert set(whole.draft.nodes) <= set(reading.draft.nodes)
    assert len(reading.draft.edges) >= len(whole.draft.edges)
    if in_place:
        assert len(reading.source.text) == len(source.text)
        for node in whole.draft.nodes:
            place = reading.draft.nodes[node].place
            assert source.text[place.start : place.end] == node
