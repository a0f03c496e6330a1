"""The JSON Schema of flow files: it never refuses what validates, and refuses what is plainly wrong.

Left to `headrace validate`: names of nodes and ports, expressions, rules over several settings.
"""

import copy
import json
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Literal

import jsonschema
import pytest
from pydantic import BeforeValidator, Field, ValidationError, field_validator, model_validator
from tests.flow.stand_in import registry as stand_in

from headrace.app import builtin_registry
from headrace.errors import Severity
from headrace.flow import edge, loader, node, resource
from headrace.flow.loader import load_object, read_flow
from headrace.flow.schema import flow_schema, model_schema
from headrace.flow.settings import is_per_message
from headrace.flow.tree import to_json
from headrace.flow.yaml import read_yaml
from headrace.sdk import Settings, Size
from headrace.sdk.description import descriptions
from headrace.source import Source

ROOT = Path(__file__).parents[2]
GOLDEN = sorted((Path(__file__).parent / "golden").glob("*.yaml"))
EXAMPLES = [
    *(path for path in ROOT.glob("examples/*/*.yaml") if path.parent.name != "custom-module"),
    ROOT / "src/headrace/cli/demo/flow.yaml",
]
SCHEMA = flow_schema(builtin_registry())
CHECK = jsonschema.Draft7Validator(SCHEMA)
CHECK_GOLDEN = jsonschema.Draft7Validator(flow_schema(stand_in))
STRUCTURAL = {"HR110", "HR111", "HR116", "HR118", "HR123", "HR124", "HR127"}
SOUND: dict[str, Any] = {
    "apiVersion": "headrace.dev/v1",
    "kind": "Flow",
    "metadata": {"name": "test"},
    "spec": {
        "nodes": {
            "start": {"component": "common-module/ticker"},
            "call": {"component": "http-module/client", "settings": {}, "input": {"url": "http://127.0.0.1"}},
            "split": {"component": "common-module/iterator", "input": {"array": "{{$.payload.items}}"}},
            "pause": {"component": "common-module/delay", "settings": {"duration": "1s"}},
        },
        "edges": ["start -> call -> split", {"from": "split:batch", "to": "pause"}],
    },
}


def value_of(path: Path) -> Any:
    """A file as its reader has it; None where it is no YAML that headrace takes."""
    findings: list[Any] = []
    try:
        tree = read_yaml(Source(path.name, path.read_text(encoding="utf-8-sig")), findings)
    except UnicodeDecodeError:
        return None
    return None if tree is None or findings else to_json(tree)


def errors(findings: Any) -> list[str]:
    return [str(finding) for finding in findings if finding.severity is Severity.ERROR]


def changed(path: str, value: Any) -> dict[str, Any]:
    """The sound flow with one value set, or taken out (`...`)."""
    flow = copy.deepcopy(SOUND)
    part: Any = flow
    *keys, last = [int(key) if key.isdecimal() else key for key in path.split(".")]
    for key in keys:
        part = part.setdefault(key, {}) if isinstance(part, dict) else part[key]
    if value is ...:
        del part[last]
    else:
        part[last] = value
    return flow


def test_the_schema_is_sound_itself():
    jsonschema.Draft7Validator.check_schema(SCHEMA)
    assert json.loads(json.dumps(SCHEMA)) == SCHEMA


@cache
def golden(path: Path) -> tuple[Any, frozenset[str]]:
    """The value of a golden file, and the codes of its errors."""
    findings = read_flow(path, stand_in).findings
    return value_of(path), frozenset(f.code for f in findings if f.severity is Severity.ERROR)


@pytest.mark.parametrize("path", GOLDEN, ids=lambda path: path.stem)
def test_what_validates_without_errors_is_taken(path):
    value, codes = golden(path)
    if value is not None and not codes:
        assert [error.message for error in CHECK_GOLDEN.iter_errors(value)] == []


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_the_examples_are_taken(path):
    assert errors(read_flow(path, builtin_registry()).findings) == []
    assert [error.message for error in CHECK.iter_errors(value_of(path))] == []


@pytest.mark.parametrize("path", GOLDEN, ids=lambda path: path.stem)
def test_what_has_a_mistake_of_form_is_refused(path):
    value, codes = golden(path)
    if value is not None and codes & STRUCTURAL:
        assert not CHECK_GOLDEN.is_valid(value), codes


ACCEPTED = [
    ("metadata.annotations", {"team": "data"}),
    ("status", {"phase": "Ready"}),
    ("spec.description", None),
    ("spec.vars", {"size": 100, "deep": {"list": [1, "a", None]}}),
    ("spec.secrets", ["apiToken"]),
    ("spec.timeout", "1h30m"),
    ("spec.timeout", 0),
    ("spec.retry", {"maxAttempts": 3, "backoff": 1.5, "maxDelay": "2m"}),
    ("spec.edges", None),
    ("spec.edges.0", "start:out → call:request → split"),
    ("spec.edges.1", {"from": ["split:batch", "split:item"], "target": {"node": "pause"}, "add": {"a": 1}}),
    ("spec.edges.1", {"from": "split:done", "to": "pause", "add": "{{ {b: 1} }}"}),
    ("spec.nodes.start.control", {"start": False}),
    ("spec.nodes.start.settings", None),
    ("spec.nodes.start.settings.interval", "{{$.vars.every}}"),
    ("spec.nodes.start.settings.interval", "500ms"),
    ("spec.nodes.start.settings.maxEmissions", "{{$.vars.most}}"),
    ("spec.nodes.start.settings.maxEmissions", "5"),
    ("spec.nodes.start.settings.maxEmissions", 5.0),
    ("spec.nodes.start.settings.emitOnStart", "{{$.vars.now}}"),
    ("spec.nodes.start.settings.emitOnStart", "false"),
    ("spec.nodes.start.settings.payload", {"anything": ["goes"]}),
    ("spec.nodes.start.settings.overlap", "{{$.vars.overlap}}"),
    ("spec.nodes.start.settings.overlap", "cancel-running"),
    ("spec.nodes.call.as", "users"),
    ("spec.nodes.call.sample", {"users": [{"id": 1, "name": None}]}),
    ("spec.nodes.call.schema", {
        "type": "object", "properties": {"users": {"type": ["array", "null"], "items": {"$ref": "#/$defs/user"}}},
        "$defs": {"user": {"type": "object", "required": ["id"], "format": "own", "additionalProperties": False}},
    }),
    ("spec.nodes.call.schema", True),
    ("spec.nodes.call.settings.rateLimit", "10/s"),
    ("spec.nodes.call.settings.rateLimit", None),
    ("spec.nodes.call.settings.maxResponseBytes", "64MiB"),
    ("spec.nodes.call.settings.maxResponseBytes", 1024),
    ("spec.nodes.call.settings.auth", {"type": "bearer", "token": "{{$.vars.token}}"}),
    ("spec.nodes.call.settings.auth", {"type": "basic", "username": "me", "password": "{{$.vars.token}}"}),
    ("spec.nodes.call.settings.baseUrl", "https://{{$.vars.host}}/v1"),
    ("spec.nodes.call.input", {"url": "/", "queryParams": {"page": 1}, "method": "{{$.payload.method}}"}),
    ("spec.nodes.call.input", "{{$.payload.request}}"),
    ("spec.nodes.split.input", {"array": [1, 2], "context": {"a": 1}, "further": "is no error"}),
    ("spec.nodes.pause.settings.duration", 0),
    ("spec.defaults", {"common-module/delay": {"duration": "1s"}}),
    ("spec.nodes.write", {
        "component": "database-module/connector", "settings": {"driver": "sqlite", "database": "a.db"},
    }),
    ("spec.nodes.write", {
        "component": "database-module/connector",
        "settings": {"driver": "sqlite", "database": "a.db", "setup": "CREATE TABLE a (b int)"},
    }),
    ("spec.nodes.route", {
        "component": "common-module/router",
        "settings": {"rules": [
            {"when": "{{$.a > 1}}", "outputPort": "a"},
            {"field": "b", "operator": "in", "value": [1], "outputPort": "b"},
        ]},
    }),
]  # fmt: skip


@pytest.mark.parametrize(("path", "value"), ACCEPTED)
def test_what_may_be_written_is_taken(path, value):
    flow = changed(path, value)
    variables = {"every": "1m", "most": 5, "now": True, "overlap": "skip", "token": "t", "host": "h"}
    flow["spec"].setdefault("vars", variables)
    assert errors(load_object(flow, builtin_registry()).findings) == []
    assert [error.message for error in CHECK.iter_errors(flow)] == []


REFUSED = [
    ("apiVersion", "headrace.dev/v2"),
    ("kind", ...),
    ("extra", 1),
    ("metadata.name", "Users"),
    ("metadata.title", "Users"),
    ("spec.nodes", ...),
    ("spec.node", {}),
    ("spec.secrets", ["not-a-name"]),
    ("spec.secrets", ["twice", "twice"]),
    ("spec.vars", {"deep": [{"when": "{{now()}}"}]}),
    ("spec.timeout", 60),
    ("spec.timeout", "60"),
    ("spec.concurrency", 0),
    ("spec.concurrency", "8"),
    ("spec.retry.attempts", 5),
    ("spec.retry.backoff", 0.5),
    ("spec.defaults", {"common-module/tickr": {}}),
    ("spec.defaults", {"common-module/ticker": {"intervall": "1h"}}),
    ("spec.nodes.a b", {"component": "common-module/debug"}),
    ("spec.nodes.start", None),
    ("spec.nodes.start.component", ...),
    ("spec.nodes.start.component", "common-module/tickr"),
    ("spec.nodes.start.setting", {}),
    ("spec.nodes.start.settings", []),
    ("spec.nodes.start.settings.intervall", "1h"),
    ("spec.nodes.start.settings.interval", 60),
    ("spec.nodes.start.settings.interval", "60"),
    ("spec.nodes.start.settings.maxEmissions", -1),
    ("spec.nodes.start.settings.maxEmissions", "many"),
    ("spec.nodes.start.settings.emitOnStart", "maybe"),
    ("spec.nodes.start.settings.emitOnStart", 2),
    ("spec.nodes.start.settings.overlap", "never"),
    ("spec.nodes.start.input", {}),
    ("spec.nodes.start.as", "tick"),
    ("spec.nodes.start.control", {"start": "yes"}),
    ("spec.nodes.start.control", {"start": True, "stop": True}),
    ("spec.nodes.call.control", {"start": False}),
    ("spec.nodes.call.schema", {"type": "objekt"}),
    ("spec.nodes.call.schema", {"properties": {"a": 5}}),
    ("spec.nodes.call.schema", {"required": "a"}),
    ("spec.nodes.pause.sample", {"a": 1}),
    ("spec.nodes.pause.schema", {"type": "object"}),
    ("spec.nodes.call.as", "a-b"),
    ("spec.nodes.call.input", {"method": "SEND"}),
    ("spec.nodes.call.settings.auth", {"type": "bearer"}),
    ("spec.nodes.call.settings.auth", {"type": "oauth", "token": "t"}),
    ("spec.nodes.call.settings.auth", {"type": "bearer", "token": "t", "user": "u"}),
    ("spec.nodes.call.settings.rateLimit", "fast"),
    ("spec.nodes.call.settings.maxResponseBytes", "64 megabytes"),
    ("spec.nodes.call.settings.baseUrl", "api.example.com"),
    ("spec.nodes.call.settings.defaultHeaders", {"x-page": 5}),
    ("spec.nodes.split.input", {"context": 1}),
    ("spec.nodes.split.input", {"array": {"a": 1}}),
    ("spec.nodes.pause.settings", ...),
    ("spec.nodes.pause.settings.duration", ...),
    ("spec.nodes.route", {"component": "common-module/router", "settings": {"rules": [{"field": "a"}]}}),
    ("spec.nodes.route", {
        "component": "common-module/router", "settings": {"rules": [{"when": True, "outputPort": "a"}]},
    }),
    ("spec.edges", {"from": "start", "to": "call"}),
    ("spec.edges.0", "start"),
    ("spec.edges.0", "start -> "),
    ("spec.edges.0", "start -> {{$.a}}"),
    ("spec.edges.1", {"from": "split:batch"}),
    ("spec.edges.1", {"to": "pause"}),
    ("spec.edges.1", {"from": [], "to": "pause"}),
    ("spec.edges.1", {"from": "split:batch", "to": "pause", "target": "pause"}),
    ("spec.edges.1", {"from": "split:batch", "to": "pause", "data": {}, "add": {}}),
    ("spec.edges.1", {"from": "split:batch", "to": "pause", "add": [1]}),
    ("spec.edges.1", {"from": "split:batch", "to": {"node": "pause", "prt": "in"}}),
    ("spec.edges.1", {"from": "split:batch", "to": "pause", "transform": {}}),
]  # fmt: skip


@pytest.mark.parametrize(("path", "value"), REFUSED)
def test_what_is_wrong_is_refused_as_it_is_by_validate(path, value):
    flow = changed(path, value)
    assert errors(load_object(flow, builtin_registry()).findings) != []
    assert not CHECK.is_valid(flow)


def test_the_sound_flow_of_these_tests_is_sound():
    assert errors(load_object(SOUND, builtin_registry()).findings) == []
    assert CHECK.is_valid(SOUND)


def keys_of(name: str) -> set[str]:
    return set(SCHEMA["definitions"][name]["properties"])


def test_every_key_that_is_read_is_in_the_schema():
    (mapping, _text) = SCHEMA["definitions"]["edge"]["anyOf"]
    assert set(SCHEMA["properties"]) == set(loader._TOP)
    assert set(SCHEMA["properties"]["metadata"]["properties"]) == set(resource._METADATA)
    assert keys_of("spec") == set(loader._SPEC)
    assert keys_of("node") == set(node._KEYS)
    assert set(mapping["properties"]) == set(edge._KEYS)


@pytest.mark.parametrize("spec", list(builtin_registry()), ids=lambda spec: spec.name)
def test_every_setting_and_member_of_a_message_is_in_it_with_a_description(spec):
    name = spec.name.replace("/", ".")
    models = {f"settings-of-{name}": spec.settings}
    models |= {f"input-of-{name}": port.message for port in spec.inputs[:1] if port.message}
    for definition, model in models.items():
        properties = SCHEMA["definitions"][definition].get("properties", {})
        told = descriptions(model)
        aliases = {
            field.alias: " ".join(told.get(name, "").split()) for name, field in model.model_fields.items()
        }
        assert {key: field.get("description") for key, field in properties.items()} == aliases
    enum = SCHEMA["definitions"]["node"]["properties"]["component"]
    assert dict(zip(enum["enum"], enum["enumDescriptions"], strict=True))[spec.name] == spec.summary


def test_defaults_are_as_flow_files_have_them():
    client = SCHEMA["definitions"]["settings-of-http-module.client"]["properties"]
    assert [client[key]["default"] for key in ("timeout", "maxResponseBytes", "retryCount")] == [
        "30s",
        "64MiB",
        0,
    ]


# ---- settings and messages: whatever their model takes


VALUES: list[Any] = [
    None, True, False, 0, 1, -1, 2, 5, 0.0, 1.0, 1.5, 1e3, 70000, 2**63, "", " ", "a", "0", "1", "5", " 5 ", "+5",
    "-1", "1.0", "1.5", "1_000", "1e3", ".5", "5.", "true", "True", "FALSE", "yes", "n", "on", "off", "t", "F",
    "500ms", "60s", " 1h30m ", "1.5h", "2µs", "1d", "1h 30m", "64MiB", "10 kB", "1.5GiB", "64 M", "10/s", "10 / m",
    "0/s", "010/h", "https://a", "http://", "ftp://a", "GET", "get", "upsert", "@hourly", "0 0 * * *", "UTC", "skip",
    "info", "postgres", "sqlite", "task", "prefer", "bearer", [], [1], ["a"], ["a", None], [[]], [{}], {}, {"a": "b"},
    {"a": 1}, {"a": None}, {"type": "bearer"}, {"type": "bearer", "token": "t"}, {"type": "basic", "username": "u",
    "password": "p"}, [{"outputPort": "a", "field": "b"}], [{"outputPort": "", "field": "b"}], [{"field": "b"}],
    [{"outputPort": "a", "field": "b", "operator": "in", "value": [1]}],
]  # fmt: skip
MODELS = [
    model
    for spec in builtin_registry()
    for model in (spec.settings, *(p.message for p in spec.inputs))
    if model
]


def fits(model: type[Any], value: dict[str, Any]) -> list[Any]:
    """The places of what pydantic finds wrong."""
    try:
        model.model_validate(value)
    except ValidationError as error:
        return [item["loc"] for item in error.errors()]
    return []


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_a_value_that_a_model_takes_is_never_refused(model: type[Any]) -> None:
    schema = model_schema(model)
    refused = []
    for name, field in schema.get("properties", {}).items():
        check = jsonschema.Draft7Validator(field)
        for value in VALUES:
            is_taken = not any(place[:1] == (name,) for place in fits(model, {name: value}))
            if is_taken and not check.is_valid(value) and not is_boolean_for_number(value, field):
                refused.append((name, value))
    assert refused == []


def is_boolean_for_number(value: object, field: dict[str, Any]) -> bool:
    """Pydantic takes `true` for 1; who writes that made a mistake, and an editor may say so."""
    return isinstance(value, bool) and str(field.get("type", "")).startswith(("['integer", "['number"))


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_a_value_other_than_text_that_a_model_refuses_is_refused(model: type[Any]) -> None:
    """Of text a pattern cannot tell all: a cron schedule, a time zone, `"0"` for a number from 1 on."""
    missed = []
    for name, field in model_schema(model).get("properties", {}).items():
        if is_per_message(model, (name,)):  # the loader makes a template of it, whatever it is
            continue
        check = jsonschema.Draft7Validator(field)
        for value in VALUES:
            # The least duration or size is not in the schema; to JSON Schema 1000.0 is an integer.
            is_fine = "examples" in field and (value == 0 or isinstance(value, float))
            is_wrong = any(place[:1] == (name,) for place in fits(model, {name: value}))
            if is_wrong and not isinstance(value, str) and not is_fine and check.is_valid(value):
                missed.append((name, value))
    assert missed == []


# ---- models of others


class Inner(Settings):
    level: Literal[1, 2] = 1
    size: Size = 10


class Whole(Settings):
    anything: Inner | None = None
    names: list[str] = Field(default_factory=list, max_length=2)
    pair: tuple[int, str] = (1, "a")
    short: str = Field("", max_length=3)

    @field_validator("names", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        return value.split(",") if isinstance(value, str) else value


class Tree(Settings):
    below: "list[Tree]" = Field(default_factory=list)


class Free(Settings):
    a: int

    @model_validator(mode="before")
    @classmethod
    def _from_text(cls, value: object) -> object:
        return {"a": len(value)} if isinstance(value, dict) else value


class Shouting(Settings):
    word: Annotated[str, BeforeValidator(lambda text: str(text).upper())] = ""


class Foreign(Settings):
    a: Path | None = None
    b: Literal["x"] = "x"
    c: complex = 1j


def taken(model: type[Settings], value: Any) -> bool:
    schema = model_schema(model)
    jsonschema.Draft7Validator.check_schema(schema)
    return jsonschema.Draft7Validator(schema).is_valid(value)


def test_a_validator_that_sees_the_value_first_leaves_it_open():
    assert taken(Whole, {"names": "a,b"})
    assert taken(Free, {"b": 1})
    assert not taken(Whole, {"names": [], "nams": []})


def test_values_of_unions_tuples_and_bounds_may_be_expressions():
    assert taken(Whole, {"anything": "{{$.vars.a}}", "pair": ["{{$.vars.b}}", "x"], "short": "{{$.vars.c}}"})
    assert taken(Whole, {"anything": {"level": "{{$.vars.a}}", "size": "{{$.vars.b}}MiB"}})
    assert not taken(Whole, {"short": "long"})
    assert not taken(Whole, {"anything": {"level": 3}})
    assert not taken(Whole, {"pair": ["a", "x"]})


def test_a_model_that_holds_itself_has_a_schema():
    assert taken(Tree, {"below": [{"below": [{"below": []}]}]})
    assert not taken(Tree, {"below": 5})


def test_types_that_json_schema_does_not_know_are_left_open():
    assert taken(Foreign, {"a": "/tmp", "c": "1+2j"})
    assert not taken(Foreign, {"b": "y"})


def test_a_type_that_converts_by_itself_is_left_open():
    assert taken(Shouting, {"word": 5})
    assert not taken(Shouting, {"words": 5})
