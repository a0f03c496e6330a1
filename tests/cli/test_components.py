"""`headrace components`: the list, the descriptions, the examples."""

import json
from collections.abc import Callable
from textwrap import indent

import pytest
from tests.cli.outcome import Outcome

from headrace.app import builtin_registry
from headrace.cli.snippet import SNIPPETS
from headrace.flow.loader import load_flow
from headrace.source import Source


def test_components_are_listed_by_module(call: Callable[..., Outcome]) -> None:
    outcome = call("components")
    listed = [line.split()[0] for line in outcome.out.splitlines() if line.startswith("  ")]
    modules = [line.partition(":")[0] for line in outcome.out.splitlines() if line and line[0] != " "]
    assert (outcome.code, outcome.err) == (0, "")
    assert listed == builtin_registry().names
    assert modules == [module.name for module in builtin_registry().modules]


def test_a_component_is_described_whole(
    call: Callable[..., Outcome], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    outcome = call("components", "signal")
    assert outcome == Outcome(
        0,
        """\
common-module/signal: Starts a run on request.

Fires when someone asks: `headrace run --once`.

Settings
  payload: any value
      Handed on as `payload` where the request brings none.

Outputs
  out: `{timestamp, formatted, tickNumber, scheduledAt, payload}`

Example
  nodes:
    request: {component: common-module/signal}
    log: {component: common-module/debug}
  edges:
    - request -> log
""",
        "",
    )


@pytest.mark.parametrize("name", builtin_registry().names)
def test_every_component_has_an_example_that_is_sound(name: str) -> None:
    registry = builtin_registry()
    head = (
        "apiVersion: headrace.dev/v1\nkind: Flow\nmetadata: {name: example}\nspec:\n  secrets: [apiToken]\n"
    )
    loaded = load_flow(Source("example", head + indent(SNIPPETS[name], "  ")), registry)
    assert [str(finding) for finding in loaded.findings] == []
    assert loaded.flow is not None
    assert name in {node.spec.name for node in loaded.flow.nodes.values()}


@pytest.mark.parametrize("name", builtin_registry().names)
def test_every_description_fits_its_width_and_names_all_settings(
    call: Callable[..., Outcome], monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv("COLUMNS", "70")
    text = call("components", name).out
    prose = text.partition("\nExample\n")[0]
    settings = builtin_registry().get(name).settings.model_fields.values()
    assert [line for line in prose.splitlines() if len(line) > 70] == []
    assert [field.alias for field in settings if f"\n  {field.alias}: " not in prose] == []


def test_defaults_are_written_as_in_flow_files(call: Callable[..., Outcome]) -> None:
    text = call("components", "client").out
    assert "timeout: duration, default 30s\n" in text
    assert "maxResponseBytes: size, default 64MiB\n" in text
    assert "password: text, secret, required\n" in text


def test_json_is_one_object_for_a_name_and_all_for_none(call: Callable[..., Outcome]) -> None:
    one = json.loads(call("components", "common-module/router", "--json").out)
    every = json.loads(call("components", "--json").out)["components"]
    assert one == next(each for each in every if each["name"] == "common-module/router")
    assert [each["name"] for each in every] == builtin_registry().names
    assert (one["dynamicOutputs"], one["example"]) == (True, SNIPPETS["common-module/router"])


def test_an_unknown_name_is_told_with_the_nearest_one(call: Callable[..., Outcome]) -> None:
    assert call("components", "rooter").err == "error: unknown component `rooter`; did you mean `router`?\n"
    assert (
        call("components", "xyz").err == "error: unknown component `xyz`; `headrace components` lists them\n"
    )


def test_snippets_are_of_components_that_exist() -> None:
    assert set(SNIPPETS) == set(builtin_registry().names)
