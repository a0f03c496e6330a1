"""`headrace components`: the list, the descriptions, the examples."""

import json
import re
from collections.abc import Callable
from textwrap import indent
from typing import Any, Literal

import pytest
from pydantic import Field
from tests.cli.outcome import Outcome

from headrace.app import builtin_registry
from headrace.app.snippet import SNIPPETS, snippet_of
from headrace.expr.shape import NOTHING
from headrace.flow.loader import load_flow
from headrace.sdk import (
    Arrival,
    Component,
    Duration,
    Input,
    MessageModel,
    Module,
    Output,
    Registry,
    Settings,
    Spec,
    component,
)
from headrace.source import Source

HEAD = "apiVersion: headrace.dev/v1\nkind: Flow\nmetadata: {name: example}\nspec:\n  secrets: [apiToken]\n"


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
    loaded = load_flow(Source("example", HEAD + indent(SNIPPETS[name], "  ")), registry)
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


@pytest.mark.parametrize("spec", list(builtin_registry()), ids=lambda spec: spec.name)
def test_the_members_that_are_told_of_a_message_are_those_that_it_has(spec: Spec) -> None:
    arrival = Arrival(message=NOTHING, base=NOTHING, settings={})
    for output in spec.outputs:
        told = re.match(r"(?:the base value plus `\w+ |`)\{([\w, ]+)\}`", output.summary)
        assert (told is None) == (
            not callable(output.emits)
            or output.summary == "the same message"
            or output.error
            or (output.summary.startswith("the base value plus") and output.adds is None)
        )
        if told is not None:
            assert set(told[1].split(", ")) == set(output.emits(arrival).object.members)


def test_keys_of_nodes_that_results_bring_are_told(call: Callable[..., Outcome]) -> None:
    told = call("components", "client").out.partition("Further keys of its nodes\n")[2].partition("\n\n")[0]
    assert told.split("\n") == [
        "  as: another name than `response` for what it adds",
        "  sample, schema: an example or a JSON Schema of `bodyJson`, for checks",
    ]
    assert "Further keys" not in call("components", "router").out


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


class Inner(Settings):
    level: Literal["a", "b"]


class OtherSettings(Settings):
    every: Duration
    most: int = Field(ge=5)
    ratio: float
    quick: bool
    names: list[str] = Field(min_length=1)
    inner: Inner
    either: Inner | str
    note: str = "not needed"


class OtherMessage(MessageModel):
    records: list[dict[str, Any]]


@component(
    "other-module/log",
    summary="A component of someone else.",
    settings=OtherSettings,
    inputs=(Input("first", message=OtherMessage), Input("second")),
    outputs=(Output("good"), Output("bad"), Output("error", error=True)),
)
class Other(Component):
    """Not one of ours."""


@component(
    "other-module/clock", summary="A trigger.", settings=Settings, outputs=(Output("out"),), trigger=True
)
class Clock:
    """Not one of ours."""


OTHERS = Registry([*builtin_registry().modules, Module("other-module", "Others.", (Other, Clock))])


@pytest.mark.parametrize("name", ["other-module/log", "other-module/clock"])
def test_a_component_of_others_has_an_example_that_is_sound(name: str) -> None:
    spec = OTHERS.get(name)
    text = HEAD + indent(snippet_of(spec), "  ")
    loaded = load_flow(Source("example", text), OTHERS)
    assert [str(finding) for finding in loaded.findings] == []


def test_an_example_of_a_component_of_others_has_what_is_required() -> None:
    assert (
        snippet_of(OTHERS.get("other-module/log"))
        == """\
nodes:
  log:
    component: other-module/log
    settings: {"every":"500ms","most":5,"ratio":1,"quick":true,"names":["…"],"inner":{"level":"a"},"either":{"level":"a"}}
    input: {"records":[{}]}
  request: {component: common-module/signal}
  log-2: {component: common-module/debug}
edges:
  - request -> log:first
  - log:good -> log-2
"""
    )


def test_snippets_are_of_components_that_exist() -> None:
    assert set(SNIPPETS) == set(builtin_registry().names)
