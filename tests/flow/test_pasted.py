"""A secret that somebody wrote into the file is in no excerpt, whatever else is said of its line."""

import pytest

from headrace.app import builtin_registry
from headrace.flow.loader import load_flow
from headrace.flow.report import render
from headrace.source import Source

TOKEN = "ghp_" + "a1B2" * 9
FLOW = """apiVersion: headrace.dev/v1
kind: Flow
metadata: {name: pasted}
spec:
  nodes:
    start: {component: common-module/signal}
    call:
      component: http-module/client
      settings: &shared {baseUrl: "https://api.example.com", auth: {type: bearer, token: %s, tokn: 1}, tiemout: 1s}
    again: {component: http-module/client, settings: *shared}
  edges:
    - start -> call -> again
"""


def test_no_finding_on_its_line_shows_a_token_nor_through_an_alias():
    found = load_flow(Source("flow.yaml", FLOW % TOKEN), builtin_registry()).findings
    text = render(found)
    assert [finding.code for finding in found if finding.span.line == 9].count("HR154") >= 1
    assert len({finding.code for finding in found}) > 1
    assert TOKEN not in text
    assert "•" * len(TOKEN) in text


@pytest.mark.parametrize(
    ("url", "codes"),
    [
        ("postgres://app:hunter22@db.example.com/shop", ["HR154"]),
        ("postgres://app:hunter22@localhost:5432/shop", []),
        ("postgres://app:hunter22@database/shop", []),
        ("postgres://app:{{$.secrets.word}}@db.example.com/shop", []),
    ],
)
def test_a_password_in_a_url_is_told_where_it_opens_another_machine(url, codes):
    text = f"""apiVersion: headrace.dev/v1
kind: Flow
metadata: {{name: pasted}}
spec:
  secrets: [word]
  nodes:
    start: {{component: common-module/signal}}
    read:
      component: database-module/connector
      settings: {{driver: postgres, url: "{url}"}}
      input: {{query: SELECT 1}}
  edges: [start -> read]
"""
    found = load_flow(Source("flow.yaml", text), builtin_registry()).findings
    assert [finding.code for finding in found] == codes


@pytest.mark.parametrize(
    ("component", "settings", "codes"),
    [
        (
            "http-module/client",
            '{baseUrl: "https://api.example.com", auth: {type: bearer, token: abc}}',
            ["HR154"],
        ),
        ("http-module/client", '{baseUrl: "http://localhost:8080", auth: {type: bearer, token: abc}}', []),
        ("http-module/client", "{auth: {type: bearer, token: abc}}", []),
        ("database-module/connector", "{driver: postgres, host: db.example.com, password: abc}", ["HR154"]),
        ("database-module/connector", '{driver: postgres, host: db.example.com, password: ""}', []),
        ("database-module/connector", "{driver: postgres, host: embedded, password: abc}", []),
    ],
)
def test_a_password_is_told_in_settings_that_lead_to_another_machine(component, settings, codes):
    text = f"""apiVersion: headrace.dev/v1
kind: Flow
metadata: {{name: pasted}}
spec:
  nodes:
    start: {{component: common-module/signal}}
    read: {{component: {component}, settings: {settings}, input: "{{{{$.payload}}}}"}}
  edges: [start -> read]
"""
    found = load_flow(Source("flow.yaml", text), builtin_registry()).findings
    assert [finding.code for finding in found if finding.code == "HR154"] == codes


def test_a_token_is_found_in_what_a_node_gets_too_and_told_once():
    text = FLOW % "abc"
    text = text.replace(
        "  edges:", f"    last: {{component: http-module/client, input: {{url: /a?t={TOKEN}}}}}\n  edges:"
    )
    found = load_flow(Source("flow.yaml", text), builtin_registry()).findings
    assert [finding.span.text for finding in found if finding.code == "HR154"] == ["abc", TOKEN]
