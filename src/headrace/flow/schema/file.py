"""JSON Schema of the flow file: its keys, and each component's settings and messages."""

from headrace.flow.schema.model import TEMPLATE, Schema, duration_schema, model_schema, notes
from headrace.flow.schema.written import DURATION
from headrace.sdk import Registry, Spec

__all__ = ["flow_schema"]

_NODE_NAME = r"^[A-Za-z0-9_]([A-Za-z0-9_.-]*[A-Za-z0-9_])?$"
_END = r"^\s*[A-Za-z0-9_.-]+\s*(:.*)?$"
_KUBERNETES = (
    "generateName", "uid", "resourceVersion", "generation", "creationTimestamp", "deletionTimestamp",
    "deletionGracePeriodSeconds", "managedFields", "ownerReferences", "finalizers", "selfLink",
)  # fmt: skip


def flow_schema(registry: Registry) -> Schema:
    """The schema of flow files, draft-07, for the components of a registry."""
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "headrace flow",
        "description": "A graph of nodes; messages move along its edges, expressions shape them.",
        "type": "object",
        "required": ["apiVersion", "kind", "metadata", "spec"],
        "additionalProperties": False,
        "properties": {
            "apiVersion": {"const": "headrace.dev/v1"},
            "kind": {"const": "Flow"},
            "metadata": _metadata(),
            "spec": {"$ref": "#/definitions/spec"},
            "status": _noted({}, "Written by Kubernetes; ignored in files."),
        },
        "definitions": {
            "spec": _spec(registry),
            "node": _node(registry),
            "edge": _edge(),
            "end": _end(),
            "constant": _constant(),
            "shape": _shape(),
            **{_settings_name(spec): _settings(spec) for spec in registry},
            **{_input_name(spec): _input(spec) for spec in registry if spec.inputs},
        },
    }


def _noted(schema: Schema, description: str) -> Schema:
    return {**schema, **notes({"description": description})}


def _optional(kind: str, description: str = "", **rest: object) -> Schema:
    """A key that may be left empty, which is the same as not given."""
    return _noted({"type": [kind, "null"], **rest}, description)


def _exclusive(first: str, second: str) -> Schema:
    """Two keys of which only one may be given."""
    given = {"not": {"type": "null"}}
    return {"not": {"required": [first, second], "properties": {first: given, second: given}}}


def _reference(name: str) -> Schema:
    return {"$ref": f"#/definitions/{name}"}


def _settings_name(spec: Spec) -> str:
    return f"settings of {spec.name}".replace("/", ".").replace(" ", "-")


def _input_name(spec: Spec) -> str:
    return f"input of {spec.name}".replace("/", ".").replace(" ", "-")


# ---- the resource


def _metadata() -> Schema:
    texts = {"type": "string"}
    return {
        "type": "object",
        "required": ["name"],
        "additionalProperties": False,
        "properties": {
            "name": _noted(
                {"type": "string", "pattern": "^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$"},
                "The flow's name: up to 63 lower-case letters, digits and `-`.",
            ),
            "annotations": _optional("object", "Texts by name, for other tools.", additionalProperties=texts),
            "labels": _noted({}, "For Kubernetes."),
            "namespace": _noted({}, "For Kubernetes."),
            **{name: _noted({}, "Written by Kubernetes.") for name in _KUBERNETES},
        },
    }


def _spec(registry: Registry) -> Schema:
    return {
        "type": "object",
        "required": ["nodes"],
        "additionalProperties": False,
        "properties": {
            "description": _optional("string", "For people."),
            "secrets": _optional(
                "array",
                "Names of the secrets that settings may read as `$.secrets.name`; values come from outside.",
                items={"type": "string", "pattern": "^[A-Za-z_][A-Za-z0-9_]*$"},
                uniqueItems=True,
            ),
            "vars": _optional(
                "object",
                "Constants, `$vars.name` in expressions; `--set vars.name=value` replaces one.",
                additionalProperties=_reference("constant"),
            ),
            "timeout": _duration("How long one run may take."),
            "concurrency": _optional(
                "integer", "How many tasks of one run execute at once.", minimum=1, default=8
            ),
            "maxQueued": _optional(
                "integer",
                "Above this many open tasks of a run, loops wait with their next round.",
                minimum=1,
                default=10_000,
            ),
            "retry": _retry(),
            "defaults": _optional(
                "object",
                "Settings by component, for all its nodes; the node's own win.",
                properties={spec.name: _reference(_settings_name(spec)) for spec in registry},
                additionalProperties=False,
            ),
            "nodes": _noted(
                {
                    "type": "object",
                    "propertyNames": {"pattern": _NODE_NAME},
                    "additionalProperties": _reference("node"),
                },
                "The nodes, by name.",
            ),
            "edges": _optional(
                "array", "What connects the nodes, in order.", items=_reference("edge")
            ),
        },
        "allOf": [_requirement(spec) for spec in registry if _required(spec)],
    }  # fmt: skip


def _duration(description: str, default: str | None = None) -> Schema:
    """A duration that is no expression."""
    shown = {} if default is None else {"default": default}
    choices = [*duration_schema(DURATION)["anyOf"], {"type": "null"}]
    return _noted({"anyOf": choices, **shown}, description)


def _retry() -> Schema:
    return _optional(
        "object",
        "How often and when a failed task is tried again.",
        additionalProperties=False,
        properties={
            "maxAttempts": _optional(
                "integer", "How often a task is tried in all.", minimum=1, default=5
            ),
            "initialDelay": _duration("Before the second attempt.", "1s"),
            "backoff": _optional(
                "number", "By how much the delay grows each time.", minimum=1, default=2
            ),
            "maxDelay": _duration("The longest delay.", "5m"),
        },
    )  # fmt: skip


def _constant() -> Schema:
    """A value without expressions, at any depth."""
    return {
        "not": {"type": "string", "pattern": TEMPLATE},
        "items": _reference("constant"),
        "additionalProperties": _reference("constant"),
    }


# ---- nodes


def _node(registry: Registry) -> Schema:
    return {
        "type": "object",
        "required": ["component"],
        "additionalProperties": False,
        "properties": {
            "component": _noted(
                {
                    "enum": [spec.name for spec in registry],
                    "enumDescriptions": [spec.summary for spec in registry],
                },
                "What the node is made of: `module/name`.",
            ),
            "settings": _optional("object", "Evaluated once, when the flow starts."),
            "input": _noted({}, "Builds the message that the component gets, for every edge."),
            "as": _optional(
                "string",
                "Another name for the result that the component adds.",
                pattern=r"^[A-Za-z_$][^\s.-]*$",
            ),
            "sample": _noted({}, "An example of what comes from outside; for checks and editors."),
            "schema": _noted(
                {"anyOf": [_reference("shape"), {"type": "null"}]},
                "A JSON Schema of what comes from outside; for checks and editors.",
            ),
            "control": _control(),
            "description": _optional("string", "For people."),
        },
        "allOf": [_exclusive("sample", "schema"), *map(_of_component, registry)],
    }  # fmt: skip


def _control() -> Schema:
    both = {name: {"const": True} for name in ("start", "stop")}
    return _optional(
        "object",
        "Of triggers: `{start: false}` or `{stop: true}` keeps one from firing by its schedule.",
        properties={"start": {"type": "boolean", "default": True}, "stop": {"type": "boolean"}},
        additionalProperties=False,
        **{"not": {"type": "object", "required": list(both), "properties": both}},
    )


def _shape() -> Schema:
    """A JSON Schema inside a flow file, as far as its form is checked."""
    part = _reference("shape")
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
    properties: Schema = {"settings": {"anyOf": [_reference(_settings_name(spec)), {"type": "null"}]}}
    if spec.inputs:
        properties["input"] = _reference(_input_name(spec))
    else:
        properties["input"] = _noted(
            {"type": "null"}, f"{short} takes no messages, so `input` has no effect."
        )
    if not any(output.adds for output in spec.outputs):
        properties["as"] = _noted({"type": "null"}, f"{short} adds nothing that `as` could rename.")
    if not spec.samples:
        for name in ("sample", "schema"):
            properties[name] = _noted({"type": "null"}, f"{short} gets nothing that `{name}` could describe.")
    if not spec.trigger:
        properties["control"] = _noted(
            {"type": "null"}, f"{short} starts no runs, so `control` has no effect."
        )
    return {"if": _is(spec), "then": {"properties": properties}}


def _is(spec: Spec) -> Schema:
    return {"required": ["component"], "properties": {"component": {"const": spec.name}}}


def _settings(spec: Spec) -> Schema:
    """The settings, none of them required: `spec.defaults` may give them, too."""
    schema = _noted(model_schema(spec.settings), spec.summary)
    schema.pop("required", None)
    return schema


def _required(spec: Spec) -> list[str]:
    found: list[str] = model_schema(spec.settings).get("required", [])
    return found


def _requirement(spec: Spec) -> Schema:
    """A component's required settings are in each of its nodes, unless there are defaults for it."""
    required = {"required": ["settings"], "properties": {"settings": {"required": _required(spec)}}}
    return {
        "if": {"required": ["defaults"], "properties": {"defaults": {"required": [spec.name]}}},
        "else": {"properties": {"nodes": {"additionalProperties": {"if": _is(spec), "then": required}}}},
    }


def _input(spec: Spec) -> Schema:
    """What the first input takes; further members are no error, an array or a text may be an expression's."""
    port = spec.inputs[0]
    if port.message is None:
        return _noted({}, port.summary)
    schema = _noted(model_schema(port.message), port.summary)
    schema.pop("type", None)
    schema.pop("additionalProperties", None)
    return schema


# ---- edges


def _end() -> Schema:
    """One end of an edge."""
    mapping = {
        "type": "object",
        "required": ["node"],
        "additionalProperties": False,
        "properties": {"node": {"type": "string"}, "port": {"type": ["string", "null"]}},
    }
    return {"anyOf": [{"type": "string", "pattern": _END}, mapping]}


def _edge() -> Schema:
    end, null = _reference("end"), {"type": "null"}
    mapping = {
        "type": "object",
        "required": ["from"],
        "anyOf": [{"required": ["to"]}, {"required": ["target"]}],
        "allOf": [_exclusive("to", "target"), _exclusive("data", "add")],
        "additionalProperties": False,
        "properties": {
            "from": _noted(
                {"anyOf": [end, {"type": "array", "items": end, "minItems": 1}]},
                "Where it begins: `node:port`, or a list of such.",
            ),
            "to": _noted({"anyOf": [end, null]}, "Where it leads: `node:port`."),
            "target": _noted({"anyOf": [end, null]}, "Another name for `to`."),
            "data": _noted({}, "Builds the message that arrives; without it the message passes unchanged."),
            "add": _noted(
                {"type": ["object", "string", "null"], "pattern": rf"^\s*{TEMPLATE}"},
                "Members that are laid over the message: `{...message, ...add}`.",
            ),
            "description": _optional("string", "For people."),
        },
    }
    text = {
        "type": "string",
        "pattern": r"\S\s*(->|→)\s*\S",
        "not": {"pattern": TEMPLATE},
        "patternErrorMessage": "an edge as text is written `a -> b` or `a:port -> b:port -> c`",
    }
    return {"anyOf": [mapping, text]}
