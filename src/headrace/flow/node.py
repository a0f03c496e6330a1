"""Reads the nodes of a flow."""

import re
from collections.abc import Mapping as AbstractMapping

from headrace.expr import Scope
from headrace.expr.suggestion import did_you_mean
from headrace.flow import elsewhere
from headrace.flow import tree as located
from headrace.flow.check import field_aliases
from headrace.flow.draft import DraftNode
from headrace.flow.field import Reader
from headrace.flow.settings import message_paths
from headrace.flow.tree import Entry, Mapping, Path, Scalar, Tree, to_json
from headrace.sdk import Output, Registry, Spec
from headrace.sdk.schema import SchemaProblem, check_schema
from headrace.source import Span

__all__ = ["NODE_NAME", "read_defaults", "read_node"]

_KEYS = ("component", "settings", "input", "as", "sample", "schema", "control", "description")
NODE_NAME = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9_.-]*[A-Za-z0-9_])?")
_MEMBER = re.compile(r"[A-Za-z_$][\w$]*")


def read_defaults(tree: Tree | None, registry: Registry, reader: Reader) -> dict[str, Mapping]:
    """`spec.defaults`: settings by component."""
    defaults = {}
    if mapping := reader.mapping(tree, "`defaults`"):
        for name, entry in mapping.entries.items():
            _component(name, entry.place, registry, reader)
            if settings := reader.mapping(entry.value, f"the defaults of `{name}`"):
                defaults[name] = settings
    return defaults


def _component(name: str, place: Span, registry: Registry, reader: Reader) -> Spec | None:
    spec = registry.get(name)
    if spec is None:
        hint = did_you_mean(name, registry.names)
        same = [known for known in registry.names if known.rpartition("/")[2] == name]
        hint = hint or (f"; did you mean `{same[0]}`?" if same else "")
        cure = "" if hint else "`headrace components` lists those that there are"
        reader.error("HR111", f"unknown component `{name}`{hint}", place, cure)
    return spec


def read_node(
    entry: Entry, defaults: AbstractMapping[str, Mapping], registry: Registry, reader: Reader
) -> DraftNode:
    """One entry of `spec.nodes`; what is wrong is reported, the rest is read."""
    name = entry.key
    if not NODE_NAME.fullmatch(name):
        message = f"`{name}` is no name for a node; use letters, digits, `-`, `_` and `.`"
        reader.error("HR125", message, entry.place)
    tree = reader.mapping(entry.value, f"node `{name}`", cure=_written(entry.value)) or Mapping(
        {}, entry.value.span
    )
    head = tree.head if tree.entries else entry.place
    component = tree.optional("component")
    component_name = reader.text(component, "`component`")
    spec = None
    if component is not None and component_name is not None:
        spec = _component(component_name, component.span, registry, reader)
    meant = reader.known(tree, f"node `{name}`", _KEYS, _belongings(spec))
    if component is None and isinstance(entry.value, Mapping) and "component" not in meant:
        reader.error("HR116", f"`component` is required by node `{name}`", head)
    own = reader.mapping(tree.optional("settings"), "`settings`")
    common = defaults.get(spec.name) if spec else None
    settings = _merged(common, own, head)
    node = DraftNode(name, entry.place, head, settings, spec)
    if own is not None and own.entries:
        node.head = own.head
    _read_settings(node, reader)
    _read_rest(node, tree, reader)
    return node


def _written(tree: Tree) -> str:
    """How a node is written that is no mapping."""
    text = tree.value if isinstance(tree, Scalar) else None
    return f"write `{{component: {text if isinstance(text, str) else '…'}}}`"


def _belongings(spec: Spec | None) -> dict[str, str]:
    """Where keys belong that people write at the node itself."""
    settings = field_aliases(spec.settings) if spec else ()
    messages = [port.message for port in spec.inputs[:1] if port.message] if spec else []
    inside = {key: "it belongs under `input`" for model in messages for key in field_aliases(model)}
    return {**inside, **elsewhere.NODE, **dict.fromkeys(settings, "it belongs under `settings`")}


def _merged(common: Mapping | None, own: Mapping | None, head: Span) -> Mapping:
    """The settings over the defaults: top-level keys merge, the node wins."""
    if common is None:
        return own or Mapping({}, head)
    return Mapping({**common.entries, **(own.entries if own else {})}, own.span if own else head)


def _read_settings(node: DraftNode, reader: Reader) -> None:
    paths: list[Path] = list(message_paths(node.spec.settings, node.settings)) if node.spec else []
    for path in paths:
        part = _part(node.settings, path)
        if isinstance(part, Scalar) and not isinstance(part.value, str):
            continue
        template = reader.compile(part, Scope.WHEN)
        if not template.constant or not isinstance(part, Scalar):
            node.message_templates[path] = template
    known = _without(node.settings, frozenset(node.message_templates))
    before = len(reader.findings)
    node.settings_template = reader.compile(known, Scope.SETTINGS)
    node.settings_usable = len(reader.findings) == before
    node.outputs = _outputs(node)


def _part(tree: Tree, path: Path) -> Tree:
    for key in path:
        if isinstance(tree, Mapping):
            tree = tree.entries[str(key)].value
        elif isinstance(tree, located.Sequence) and isinstance(key, int):
            tree = tree.items[key]
    return tree


def _without(tree: Tree, paths: frozenset[Path], at: Path = ()) -> Tree:
    """The tree with null at these paths."""
    if not paths:
        return tree
    if at in paths:
        return located.Broken(tree.span)
    match tree:
        case Mapping():
            entries = {
                key: Entry(key, entry.place, _without(entry.value, paths, (*at, key)))
                for key, entry in tree.entries.items()
            }
            return Mapping(entries, tree.span)
        case located.Sequence():
            items = tuple(_without(item, paths, (*at, index)) for index, item in enumerate(tree.items))
            return located.Sequence(items, tree.span)
        case _:
            return tree


def _outputs(node: DraftNode) -> tuple[Output, ...] | None:
    if node.spec is None:
        return None
    settings = to_json(node.settings)
    if not isinstance(settings, dict):
        return None
    try:
        return node.spec.outputs_for(settings)
    except (TypeError, ValueError, LookupError, AttributeError):
        return None  # the settings are not what the component takes, which their check reports


def _read_rest(node: DraftNode, tree: Mapping, reader: Reader) -> None:
    node.description = reader.text(tree.optional("description"), "`description`") or ""
    if (shape := tree.given("input")) is not None:
        node.input_tree = shape.value
        node.input = reader.compile(shape.value, Scope.INPUT)
        if node.spec is not None and not node.spec.inputs:
            message = f"{node.component} `{node.name}` takes no messages, so `input` has no effect"
            reader.error("HR124", message, shape.place, "shape its message on the edges that leave it")
    if (renamed := tree.given("as")) is not None:
        node.result_name = reader.text(renamed.value, "`as`")
        if node.result_name is not None and not _MEMBER.fullmatch(node.result_name):
            message = f"`{node.result_name}` is no name for a member; use letters, digits and `_`"
            reader.error("HR125", message, renamed.value.span)
        if node.spec is not None and not any(output.adds for output in node.spec.outputs):
            message = f"{node.component} `{node.name}` adds nothing to the message that `as` could rename"
            reader.error("HR124", message, renamed.place)
    _read_samples(node, tree, reader)
    if (control := tree.given("control")) is not None:
        _read_control(node, control, reader)


def _read_samples(node: DraftNode, tree: Mapping, reader: Reader) -> None:
    """`sample` and `schema`: what comes from outside, for checks and editors; no part of what runs."""
    sample, schema = tree.given("sample"), tree.given("schema")
    if sample is not None and schema is not None:
        reader.error("HR126", "`sample` and `schema` exclude each other", schema.place)
    for entry in (sample, schema):
        if entry is not None and node.spec is not None and not node.spec.samples:
            what = (
                f"{node.component} `{node.name}` gets nothing from outside that `{entry.key}` could describe"
            )
            reader.error("HR124", what, entry.place)
    if sample is not None:
        node.sample_tree = sample.value
    elif schema is not None:
        try:
            check_schema(to_json(schema.value))
        except SchemaProblem as problem:
            reader.error("HR150", str(problem), _part(schema.value, problem.path).span)
        else:
            node.schema_tree = schema.value


def _read_control(node: DraftNode, entry: Entry, reader: Reader) -> None:
    if node.spec is not None and not node.spec.trigger:
        message = f"{node.component} `{node.name}` starts no runs, so `control` has no effect"
        reader.error("HR124", message, entry.place)
    mapping = reader.mapping(entry.value, "`control`", ("start", "stop"))
    for key, item in mapping.entries.items() if mapping else ():
        if key not in ("start", "stop"):
            continue
        value = to_json(item.value)
        if not isinstance(value, bool):
            reader.error("HR115", f"`{key}` must be true or false", item.value.span)
        else:
            node.control[key] = value
    if node.control.get("stop") is True:
        if node.control.get("start") is True and mapping:
            reader.error("HR126", "`start` and `stop` exclude each other", mapping.entries["stop"].place)
        node.control["start"] = False
