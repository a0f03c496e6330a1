"""`headrace schema`: the schema on standard output."""

import json
from collections.abc import Callable

import jsonschema
from tests.cli.outcome import Outcome

from headrace.app import full_registry
from headrace.flow.schema import flow_schema


def test_the_schema_of_the_installed_components_is_printed(call: Callable[..., Outcome]) -> None:
    outcome = call("schema")
    schema = json.loads(outcome.out)
    assert (outcome.code, outcome.err) == (0, "")
    assert schema == flow_schema(full_registry())
    assert schema["$schema"] == "http://json-schema.org/draft-07/schema#"
    jsonschema.Draft7Validator.check_schema(schema)


def test_settings_of_a_component_are_the_same_there_and_in_its_description(
    call: Callable[..., Outcome],
) -> None:
    described = json.loads(call("components", "http-module/client", "--json").out)
    definition = json.loads(call("schema").out)["definitions"]["settings-of-http-module.client"]
    assert described["settings"]["properties"] == definition["properties"]
