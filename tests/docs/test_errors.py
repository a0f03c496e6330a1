"""docs/errors.md: every code has a row, every row its code, and examples give what the page says."""

import re

import pytest
from tests.docs.page import ROOT, blocks, codes, examples, rows, section

from headrace.app import builtin_registry
from headrace.cli.compiled import compile_text
from headrace.errors import ExpressionError, Finding, Severity
from headrace.expr import Environment
from headrace.flow.loader import load_flow
from headrace.source import Source
from headrace.store import RunRecord
from headrace.values import decode_json
from support.flows import run_flow

PAGE = "errors.md"
TABLE = [row for row in rows(PAGE, 4) if row[0].startswith("HR")]
(BASE,) = [block.text for block in blocks(PAGE) if block.info == "yaml flow"]
(DATA,) = [decode_json(block.text) for block in blocks(PAGE) if block.info == "json data"]

CONNECTOR = "component: database-module/connector, settings: {driver: sqlite, database: shop.db}"
# What makes each error at run time: nodes after `start`, and the edges.
RUNS = {
    "HR300": f"a: {{{CONNECTOR}, input: {{query: SELECT 1; SELECT 2}}}}",
    "HR301": "a: {component: common-module/iterator, input: '{{$.payload}}'}",
    "HR302": "a: {component: common-module/router, settings: {rules: "
    "[{field: payload.total, operator: greater_than, value: 10, outputPort: big}]}}",
    "HR315": "a: {component: common-module/delay, settings: {duration: 1m}}",
    "HR317": f"a: {{{CONNECTOR}, input: {{query: BEGIN}}}}",
    "HR322": f"a: {{{CONNECTOR}, input: {{query: 'SELECT $1'}}}}",
    "HR323": f"a: {{{CONNECTOR}, input: {{query: 'SELECT $1', parameters: ['{{{{2 ** 70}}}}']}}}}",
    "HR324": f"a: {{{CONNECTOR}, input: {{query: 'SELECT 1 AS a, 2 AS a'}}}}",
    "HR330": "a: {component: http-module/client, input: {url: /orders}}",
    "HR331": "a: {component: http-module/client, input: {url: 'http://localhost', headers: {x: '{{[1]}}'}}}",
    "HR402": "a: {component: common-module/async, input: \"{{range(5).map(i => 'a'.repeat(2 ** 24))}}\"}\n"
    "  b: {component: common-module/debug, settings: {level: debug}}",
    "HR900": "a: {component: test-module/fail, settings: {kind: bug}}",
}


def raised_in_source() -> set[str]:
    files = (ROOT / "src").rglob("*.py")
    return {code for path in files for code in re.findall(r"\bHR\d{3}\b", path.read_text(encoding="utf-8"))}


def test_every_code_has_one_row_and_every_row_its_code():
    listed = [row[0].split()[0] for row in TABLE]
    unseen = codes(section(PAGE, "Codes that nobody sees"))
    assert sorted([*listed, *unseen]) == sorted(raised_in_source())


@pytest.mark.parametrize("row", [row for row in TABLE if row[0] < "HR2"], ids=lambda row: row[0])
def test_a_mistake_in_a_flow_gives_the_finding_of_the_page(row):
    text = BASE
    for old, new in examples(row[2]):
        assert text.count(old) == 1
        text = text.replace(old, new.replace("⇥", "\t").replace("⏎", "\n"))
    found = load_flow(Source("flow.yaml", text), builtin_registry()).findings
    code, _, severity = row[0].partition(" ")
    assert (row[1], severity.strip("()") or "error") in [
        (finding.message, finding.severity.value) for finding in found if finding.code == code
    ]


def test_the_flow_of_the_page_has_nothing_wrong():
    assert load_flow(Source("flow.yaml", BASE), builtin_registry()).findings == ()


@pytest.mark.parametrize("row", [row for row in TABLE if row[0].startswith("HR2")], ids=lambda row: row[0])
def test_an_expression_gives_the_error_of_the_page(row):
    (expression,) = ["[" * 101 + "]" * 101] if row[0] == "HR209" else codes(row[2])
    findings: list[Finding] = []
    template = compile_text(expression, findings)
    if findings:
        warning = " (warning)" if findings[0].severity is Severity.WARNING else ""
        assert (findings[0].code + warning, findings[0].message) == (row[0], row[1])
        return
    with pytest.raises(ExpressionError) as raised:
        template.evaluate(DATA, Environment(now_ns=lambda: 0, vars={}, run={}))
    assert (raised.value.code, raised.value.message) == (row[0], row[1])


def spec_of(code: str) -> str:
    more = "timeout: 20ms\n" if code == "HR315" else ""
    edges = "start -> a -> b" if "\n" in RUNS[code] else "start -> a"
    return (
        f"{more}nodes:\n  start: {{component: common-module/signal}}\n  {RUNS[code]}\nedges:\n  - {edges}\n"
    )


async def failed(code: str) -> RunRecord:
    run, _ = await run_flow(spec_of(code), {"total": "many"})
    return run


@pytest.mark.parametrize("code", RUNS)
async def test_a_run_fails_with_the_error_of_the_page(code, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    run = await failed(code)
    (said,) = [row[1] for row in TABLE if row[0] == code]
    assert [(error.code, error.message) for error in run.errors] == [(code, said)]
