"""Nodes, in the schema of flow files: what their keys hold follows from the component."""

from headrace.flow.schema.key import exclusive, noted, optional, reference
from headrace.flow.schema.model import Schema, model_schema
from headrace.sdk import Registry, Spec

__all__ = ["definitions_of", "node_schema", "requirements", "settings_of", "shape_schema"]


def definitions_of(spec: Spec) -> dict[str, Schema]:
    """What nodes and defaults of a component refer to: its settings, and the message of its first input."""
    found = {_settings_name(spec): _settings(spec)}
    return {**found, _input_name(spec): _input(spec)} if spec.inputs else found


def _settings_name(spec: Spec) -> str:
    return f"settings-of-{spec.name.replace('/', '.')}"


def _input_name(spec: Spec) -> str:
    return f"input-of-{spec.name.replace('/', '.')}"


def settings_of(spec: Spec) -> Schema:
    """The settings of a component, none of them required."""
    return reference(_settings_name(spec))


def node_schema(registry: Registry) -> Schema:
    """A node: common keys, and what they hold for each component."""
    return {
        "type": "object",
        "required": ["component"],
        "additionalProperties": False,
        "properties": {
            "component": noted(
                {
                    "enum": [spec.name for spec in registry],
                    "enumDescriptions": [spec.summary for spec in registry],
                },
                "What the node is made of: `module/name`.",
            ),
            "settings": optional("object", "Evaluated once, when the flow starts."),
            "input": noted({}, "Builds the message that the component gets, for every edge."),
            "as": optional(
                "string",
                "Another name for the result that the component adds.",
                pattern=r"^[A-Za-z_$][^\s.-]*$",
            ),
            "sample": noted({}, "An example of what comes from outside; for checks and editors."),
            "schema": noted(
                {"anyOf": [reference("shape"), {"type": "null"}]},
                "A JSON Schema of what comes from outside; for checks and editors.",
            ),
            "control": _control(),
            "description": optional("string", "For people."),
        },
        "allOf": [exclusive("sample", "schema"), *map(_of_component, registry)],
    }  # fmt: skip


def _control() -> Schema:
    both = {name: {"const": True} for name in ("start", "stop")}
    return optional(
        "object",
        "Of triggers: `{start: false}` or `{stop: true}` keeps one from firing by itself.",
        properties={"start": {"type": "boolean", "default": True}, "stop": {"type": "boolean"}},
        additionalProperties=False,
        **{"not": {"type": "object", "required": list(both), "properties": both}},
    )


def shape_schema() -> Schema:
    """A JSON Schema inside a flow file, as far as its form is checked."""
    part = reference("shape")
    named = {"type": "object", "additionalProperties": part}
    name = {"enum": ["object", "array", "string", "number", "integer", "boolean", "null", None]}
    return {
        "type": ["object", "boolean"],
        "properties": {
            "type": {"anyOf": [name, {"type": "array", "items": name}]},
            "properties": named,
            "$defs": named,
            "required": {"type": "array", "items": {"type": "string"}},
            "items": {"anyOf": [part, {"type": "array"}]},
            "anyOf": {"type": "array", "items": part},
            "oneOf": {"type": "array", "items": part},
            "enum": {"type": "array"},
        },
    }


def _of_component(spec: Spec) -> Schema:
    """What the keys of a node hold if it is one of this component."""
    short = spec.name.partition("/")[2]
    properties: Schema = {"settings": {"anyOf": [settings_of(spec), {"type": "null"}]}}
    if spec.inputs:
        properties["input"] = reference(_input_name(spec))
    else:
        properties["input"] = noted({"type": "null"}, f"{short} takes no messages, so `input` has no effect.")
    if not any(output.adds for output in spec.outputs):
        properties["as"] = noted({"type": "null"}, f"{short} adds nothing that `as` could rename.")
    if not spec.samples:
        for name in ("sample", "schema"):
            properties[name] = noted({"type": "null"}, f"{short} gets nothing that `{name}` could describe.")
    if not spec.trigger:
        properties["control"] = noted(
            {"type": "null"}, f"{short} starts no runs, so `control` has no effect."
        )
    return {"if": _is(spec), "then": {"properties": properties}}


def _is(spec: Spec) -> Schema:
    return {"required": ["component"], "properties": {"component": {"const": spec.name}}}


def _settings(spec: Spec) -> Schema:
    """The settings, none of them required: `spec.defaults` may give them, too."""
    schema = noted(model_schema(spec.settings), spec.summary)
    schema.pop("required", None)
    return schema


def requirements(registry: Registry) -> list[Schema]:
    """A component's required settings are in each of its nodes, unless there are defaults for it."""
    made = []
    for spec in registry:
        if needed := model_schema(spec.settings).get("required"):
            required = {"required": ["settings"], "properties": {"settings": {"required": needed}}}
            nodes = {"additionalProperties": {"if": _is(spec), "then": required}}
            defaults = {"required": ["defaults"], "properties": {"defaults": {"required": [spec.name]}}}
            made.append({"if": defaults, "else": {"properties": {"nodes": nodes}}})
    return made


def _input(spec: Spec) -> Schema:
    """What the first input takes; further members are no error, an array or a text may be an expression's."""
    port = spec.inputs[0]
    if port.message is None:
        return noted({}, port.summary)
    schema = noted(model_schema(port.message), port.summary)
    schema.pop("type", None)
    schema.pop("additionalProperties", None)
    return schema
