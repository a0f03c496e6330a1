"""Settings: checked as far as they are known, evaluated at the start."""

from typing import Annotated

import pytest
from pydantic import Field
from tests.flow.stand_in import registry

from headrace.errors import FlowError
from headrace.flow.loader import Loaded, load_flow, require
from headrace.flow.model import Node
from headrace.flow.parsed import from_object
from headrace.flow.settings import is_per_message, message_paths, resolve
from headrace.sdk import MessageTemplate, Settings
from headrace.source import Source

FLOW = """
apiVersion: headrace.dev/v1
kind: Flow
metadata: {{name: f}}
spec:
  secrets: [password, port, host]
  vars: {{size: 5, wait: 2s}}
  nodes:
    go: {{component: common-module/signal}}
    it:
      component: {component}
      settings: {settings}
  edges: []
"""


def load(component: str, settings: str) -> Loaded:
    return load_flow(Source("f.yaml", FLOW.format(component=component, settings=settings)), registry)


def errors(component: str, settings: str) -> list[str]:
    loaded = load(component, settings)
    return [f"{f.code} {f.span.text}: {f.message}" for f in loaded.findings if f.severity.value == "error"]


def node(component: str, settings: str) -> Node:
    return require(load(component, settings)).nodes["it"]


VARS = {"size": 5, "wait": "2s"}
SECRETS = {"password": "hunter22", "port": "5433", "host": "db.local"}
CONNECTOR = "database-module/connector"


def test_settings_are_evaluated_over_vars_and_secrets() -> None:
    settings = "{driver: postgres, host: '{{$.secrets.host}}', port: '{{$.secrets.port}}', username: 'u{{$.vars.size}}'}"
    made = resolve(node(CONNECTOR, settings), VARS, SECRETS)
    assert (made.host, made.port, made.username) == ("db.local", 5433, "u5")  # type: ignore[attr-defined]  # of the component


def test_settings_of_vars_alone_are_checked_when_the_flow_is_loaded() -> None:
    assert errors("common-module/iterator", "{batchSize: '{{$.vars.size - 5}}'}") == [
        "HR115 '{{$.vars.size - 5}}': `batchSize` must be 1 or more"
    ]
    assert errors("common-module/iterator", "{batchSize: '{{$vars.size}}'}") == []
    assert errors("common-module/delay", "{duration: '{{$.vars.wait}}'}") == []


def test_settings_of_secrets_wait_and_the_others_are_checked() -> None:
    known = "{driver: postgres, host: '{{$.secrets.host}}', port: '{{$.secrets.port}}', maxOpenConns: 0}"
    assert errors(CONNECTOR, known) == ["HR115 0: `maxOpenConns` must be 1 or more"]
    failing = "{driver: postgres, host: h, port: '{{int($.secrets.port)}}', maxOpenConns: 0}"
    assert errors(CONNECTOR, failing) == ["HR115 0: `maxOpenConns` must be 1 or more"]


def test_a_required_setting_that_comes_from_a_secret_is_there() -> None:
    assert errors(CONNECTOR, "{driver: postgres, url: 'postgres://{{$.secrets.host}}'}") == []


def test_a_computed_secret_is_a_secret() -> None:
    assert errors("common-module/delay", "{duration: \"{{$.secrets['po' + 'rt']}}\"}") == []


def test_an_expression_that_fails_without_secrets_fails_when_the_flow_is_loaded() -> None:
    (error,) = errors("common-module/iterator", "{batchSize: '{{$.vars.size / 0}}'}")
    assert error.startswith("HR2")


def test_what_is_wrong_at_the_start_has_its_place_and_no_secret() -> None:
    settings = "{driver: postgres, host: h, port: '{{$.secrets.password}}', username: '{{$.secrets.host}}'}"
    with pytest.raises(FlowError) as caught:
        resolve(node(CONNECTOR, settings), VARS, SECRETS)
    (finding,) = caught.value.findings
    assert (finding.code, finding.span.text) == ("HR115", "'{{$.secrets.password}}'")
    assert finding.message == "`port` must be a whole number"
    assert "hunter22" not in repr(caught.value) + finding.render() + str(caught.value.__cause__)


def test_a_duration_from_a_secret_shows_no_secret() -> None:
    with pytest.raises(FlowError) as caught:
        resolve(node("common-module/delay", "{duration: '{{$.secrets.password}}'}"), VARS, SECRETS)
    (finding,) = caught.value.findings
    assert finding.code == "HR118"
    assert "hunter22" not in str(caught.value)


def test_an_expression_that_fails_at_the_start_shows_no_secret() -> None:
    with pytest.raises(FlowError) as caught:
        resolve(node("common-module/delay", "{duration: '{{int($.secrets.password)}}'}"), VARS, SECRETS)
    (finding,) = caught.value.findings
    assert finding.code.startswith("HR2")
    assert "hunter22" not in str(caught.value)


def test_settings_for_each_message_arrive_as_templates() -> None:
    rules = "{rules: [{outputPort: a, when: '{{$.x > 1}}'}, {outputPort: b, field: y_}]}"
    it = node("common-module/router", rules)
    first = resolve(it, VARS, SECRETS)
    second = resolve(it, VARS, SECRETS)
    assert first.rules[0].when is second.rules[0].when is it.message_templates["rules", 0, "when"]  # type: ignore[attr-defined]  # of the component
    assert first.rules[1].when is None  # type: ignore[attr-defined]  # of the component


def test_a_setting_for_each_message_must_be_an_expression() -> None:
    assert errors("common-module/router", "{rules: [{outputPort: a, when: $.x}]}") == [
        "HR115 $.x: `rules[0].when` must be an expression, `{{…}}`"
    ]


def test_defaults_lie_below_the_settings_of_a_node() -> None:
    text = FLOW.format(component="http-module/client", settings="{timeout: 3s, defaultHeaders: {b: '2'}}")
    defaults = "{http-module/client: {timeout: 9s, retryCount: 4, defaultHeaders: {a: '1'}}}"
    loaded = load_flow(
        Source("f.yaml", text.replace("  nodes:", f"  defaults: {defaults}\n  nodes:")), registry
    )
    made = resolve(require(loaded).nodes["it"], VARS, SECRETS)
    assert (made.timeout, made.retry_count, made.default_headers) == (3.0, 4, {"b": "2"})  # type: ignore[attr-defined]  # of the component


# ---- settings that are evaluated for each message


class Part(Settings):
    when: MessageTemplate | None = None
    name: str = ""


class Parts(Settings):
    first: Annotated[MessageTemplate, Field(description="…")] = None
    one: Part | None = None
    many: list[Part | str] = Field(default_factory=list)
    named: dict[str, Part] = Field(default_factory=dict)
    pages: dict[str, MessageTemplate] = Field(default_factory=dict)


def test_settings_that_are_evaluated_for_each_message_are_found_at_any_depth():
    tree = {
        "first": {"a": ["{{$.a}}"]},
        "one": {"when": "{{$.a}}", "name": "x"},
        "many": ["x", {"when": "{{$.a}}"}],
        "named": {"x": {"when": "{{$.a}}", "name": "x"}},
        "pages": {"next": "{{$.a}}", "last": "{{$.a}}"},
        "unknown": {"when": "{{$.a}}"},
    }
    paths = [
        ("first",), ("one", "when"), ("many", 1, "when"), ("named", "x", "when"), ("pages", "next"), ("pages", "last"),
    ]  # fmt: skip
    assert list(message_paths(Parts, from_object(tree))) == paths
    assert [path for path in paths if not is_per_message(Parts, path)] == []
    assert is_per_message(Parts, ("first", "a", 0))


@pytest.mark.parametrize(
    "path", [(), ("one",), ("one", "name"), ("many", "when"), ("many", 0), ("unknown", "when")]
)
def test_other_settings_are_evaluated_once(path):
    assert not is_per_message(Parts, path)
