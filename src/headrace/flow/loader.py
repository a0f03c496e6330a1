"""Loads a flow: text or object -> tree -> draft -> checks -> model, with all findings at once."""

from collections.abc import Mapping as AbstractMapping
from itertools import chain
from pathlib import Path

import msgspec
from msgspec.structs import replace

from headrace.errors import Finding, FlowError, Severity, UsageError
from headrace.flow import elsewhere, lint
from headrace.flow.alias import Reuse
from headrace.flow.deploy import read_deploy
from headrace.flow.draft import Draft, DraftNode
from headrace.flow.edge import connect, read_edges
from headrace.flow.field import Reader
from headrace.flow.graph import Link, Ports, boundary_edges
from headrace.flow.hook import read_hooks
from headrace.flow.model import DEFAULT_MAX_QUEUED, Edge, Flow, Node
from headrace.flow.node import read_defaults, read_node
from headrace.flow.override import apply_overrides
from headrace.flow.parsed import from_object
from headrace.flow.resource import API_VERSION, expect, read_metadata, read_retry, read_secrets
from headrace.flow.settings import check_settings
from headrace.flow.tree import Mapping, Scalar, Tree, to_json, walk
from headrace.flow.version import version_of
from headrace.flow.yaml import MAX_DEPTH, read_yaml
from headrace.sdk import Registry
from headrace.source import Source
from headrace.values import Json, JsonError, encode_json

__all__ = ["Loaded", "load_flow", "load_object", "read_flow", "require"]

_TOP = ("apiVersion", "kind", "metadata", "spec", "status")
_SPEC = (
    "description", "secrets", "vars", "timeout", "concurrency", "retry", "maxQueued", "hooks", "defaults",
    "nodes", "edges", "deploy",
)  # fmt: skip
_MOST_PLACES = 5
_NO_OVERRIDES: AbstractMapping[str, Json] = {}


class Loaded(msgspec.Struct, frozen=True):
    """What came of loading: the flow, unless there is an error among the findings.

    Attributes:
        draft: what was understood of the flow however wrong it is, for tools; None if there is no `spec`.
        tree: the file as located nodes; None if it is no YAML.
    """

    flow: Flow | None
    findings: tuple[Finding, ...]
    draft: Draft | None = None
    tree: Tree | None = None


def require(loaded: Loaded) -> Flow:
    """The flow.

    Raises:
        FlowError: there are errors; it holds all findings.
    """
    if loaded.flow is None:
        raise FlowError(loaded.findings)
    return loaded.flow


def read_flow(
    path: Path | str, registry: Registry, *, overrides: AbstractMapping[str, Json] = _NO_OVERRIDES
) -> Loaded:
    """Load a flow from a file.

    Raises:
        UsageError: the file cannot be read.
    """
    try:
        data = Path(path).read_bytes()
    except OSError as error:
        raise UsageError(f"cannot read {path}: {(error.strerror or str(error)).lower()}") from error
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        return Loaded(None, (_not_utf8(str(path), data, error),))
    return load_flow(Source(str(path), text), registry, overrides=overrides)


def _not_utf8(name: str, data: bytes, error: UnicodeDecodeError) -> Finding:
    before = data[: error.start].decode("utf-8-sig", errors="replace")
    source = Source(name, before + "\ufffd" + data[error.end :].decode("utf-8", errors="replace"))
    message = f"the file is not UTF-8: the byte 0x{data[error.start]:02x} here is none of its characters"
    cure = "save the file as UTF-8"
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        source, message = (
            Source(name, data.decode("utf-16", errors="replace")),
            "the file is UTF-16, not UTF-8",
        )
        return Finding("HR108", message, source.span(0, 0), cure=cure)
    return Finding("HR108", message, source.span(len(before), len(before) + 1), cure=cure)


def load_flow(
    source: Source, registry: Registry, *, overrides: AbstractMapping[str, Json] = _NO_OVERRIDES
) -> Loaded:
    """Load a flow from YAML text.

    Args:
        source: the text, under the name that findings show.
        registry: the components that there are.
        overrides: values by dotted path below `spec` that replace the file's: `{"vars.pageSize": 50}`.

    Returns:
        The flow and all findings, sorted by place.
    """
    reader = Reader()
    tree = read_yaml(source, reader.findings)
    return _load(tree, source, registry, overrides, reader)


def load_object(
    value: Json,
    registry: Registry,
    *,
    overrides: AbstractMapping[str, Json] = _NO_OVERRIDES,
    name: str = "flow",
) -> Loaded:
    """Load a flow that arrived as an object; places are paths, `spec.edges[3].data.users:4:12`.

    Args:
        name: what findings call the object as a whole.
    """
    try:
        source = Source(name, encode_json(value).decode())
    except JsonError as error:
        return Loaded(
            None, (Finding("HR108", f"the object is no JSON: {error}", Source(name, "").span(0, 0)),)
        )
    if _is_deep(value):
        message = f"nested more than {MAX_DEPTH} levels deep"
        return Loaded(None, (Finding("HR108", message, source.span(0, 0)),))
    return _load(from_object(value, root=name), source, registry, overrides, Reader())


def _is_deep(value: Json) -> bool:
    level = [value]
    for _ in range(MAX_DEPTH + 1):
        below = [
            item.values() if isinstance(item, dict) else item
            for item in level
            if isinstance(item, dict | list)
        ]
        level = list(chain.from_iterable(below))
    return bool(level)


def _load(
    tree: Tree | None,
    source: Source,
    registry: Registry,
    overrides: AbstractMapping[str, Json],
    reader: Reader,
) -> Loaded:
    flow, draft = _read(tree, source, registry, overrides, reader) if tree is not None else (None, None)
    findings = _sorted(reader.findings)
    if any(finding.severity is Severity.ERROR for finding in findings):
        flow = None
    return Loaded(flow, findings, draft, tree)


def _sorted(findings: list[Finding]) -> tuple[Finding, ...]:
    """By place, each once; findings below an alias say where it was used."""
    merged: dict[tuple[str, str, str, int, int], Finding] = {}
    for finding in findings:
        source = finding.span.source
        if isinstance(source, Reuse):
            finding = replace(finding, also=(*finding.also, *source.uses))
        key = (finding.code, finding.message, source.name, finding.span.start, finding.span.end)
        first = merged.get(key)
        if first is not None:
            also = dict.fromkeys((*first.also, *finding.also))
            finding = replace(first, also=tuple(also)[:_MOST_PLACES])
        merged[key] = finding
    order = {name: rank for rank, name in enumerate(dict.fromkeys(key[2] for key in merged))}
    return tuple(
        merged[key] for key in sorted(merged, key=lambda key: (order[key[2]], key[3], key[0], key[1]))
    )


# ---- the resource


def _read(
    tree: Tree, source: Source, registry: Registry, overrides: AbstractMapping[str, Json], reader: Reader
) -> tuple[Flow | None, Draft | None]:
    top = reader.mapping(tree, "a flow")
    if top is None:
        return None, None
    if not {"apiVersion", "kind", "spec"} & top.entries.keys() and top.entries:
        message = "this is no flow; a flow has `apiVersion`, `kind`, `metadata` and `spec`"
        reader.error("HR116", message, top.head, f"begin with `apiVersion: {API_VERSION}` and `kind: Flow`")
        return None, None
    is_other = expect(top, "apiVersion", API_VERSION, reader), expect(top, "kind", "Flow", reader)
    if is_other == (False, False) and top.optional("kind") is not None:
        return None, None  # another tool's file
    reader.known(top, "a flow", _TOP, elsewhere.FLOW)
    name, annotations = read_metadata(top, reader)
    spec_tree = top.optional("spec")
    if spec_tree is None:
        reader.error("HR116", "`spec` is required by a flow", top.head)
    spec = reader.mapping(spec_tree, "`spec`")
    if spec is None:
        return None, None
    spec = apply_overrides(spec, overrides, reader.findings)
    version = version_of(to_json(spec))
    reader.known(spec, "`spec`", _SPEC, elsewhere.SPEC)
    draft = _read_draft(spec, registry, reader)
    flow = _build(draft, spec, source, name, annotations, version, reader)
    return replace(flow, overrides=dict(overrides)) if flow is not None else None, draft


def _read_draft(spec: Mapping, registry: Registry, reader: Reader) -> Draft:
    draft = Draft(spec.head, secrets=read_secrets(spec.optional("secrets"), reader))
    if variables := reader.mapping(spec.optional("vars"), "`vars`", cure="write `name: value` for each"):
        values = to_json(variables)
        draft.vars = values if isinstance(values, dict) else {}
        for _, part in walk(variables):
            if isinstance(part, Scalar) and isinstance(part.value, str) and "{{" in part.value:
                message = "vars are plain constants; `{{` is not evaluated here"
                reader.error("HR127", message, part.span, "move the expression to where the var is used")
    defaults = read_defaults(spec.optional("defaults"), registry, reader)
    nodes = reader.mapping(
        spec.optional("nodes"), "`nodes`", cure="write `name: {component: …}` for each node"
    )
    if spec.optional("nodes") is None:
        reader.error("HR116", "`nodes` is required by `spec`", spec.head)
    for entry in nodes.entries.values() if nodes else ():
        draft.nodes[entry.key] = read_node(entry, defaults, registry, reader)
    for node in draft.nodes.values():
        check_settings(node, draft.secrets, dict(draft.vars), reader)
    draft.hooks = read_hooks(spec.optional("hooks"), reader)
    read_edges(spec.optional("edges"), draft, reader)
    connect(draft, reader)
    draft.boundary = boundary_edges(
        {name: _ports(node) for name, node in draft.nodes.items()},
        [Link(edge.index, source, target) for edge, source, target in draft.wired],
    )
    lint.check(draft, reader)
    return draft


def _ports(node: DraftNode) -> Ports:
    inputs = node.spec.inputs if node.spec else ()
    return Ports(inputs, node.outputs or (), trigger=node.spec is not None and node.spec.trigger)


# ---- the model


def _build(
    draft: Draft,
    spec: Mapping,
    source: Source,
    name: str,
    annotations: dict[str, str],
    version: str,
    reader: Reader,
) -> Flow | None:
    timeout = reader.duration(spec.optional("timeout"), "`timeout`")
    concurrency = reader.number(spec.optional("concurrency"), "`concurrency`", least=1, whole=True)
    queued = reader.number(spec.optional("maxQueued"), "`maxQueued`", least=1, whole=True)
    retry = read_retry(spec.optional("retry"), reader)
    deploy = read_deploy(spec.optional("deploy"), reader)
    note = spec.optional("description")
    description = reader.text(note, "`description`") if note else ""
    if any(finding.severity is Severity.ERROR for finding in reader.findings):
        return None
    edges = [
        Edge(
            edge.index, start, end, edge.span, edge.data, edge.add, edge.description,
            boundary=edge.index in draft.boundary,
        )
        for edge, start, end in draft.wired
    ]  # fmt: skip
    return Flow(
        name=name,
        version=version,
        source=source,
        nodes={node.name: made for node in draft.nodes.values() if (made := _node(node)) is not None},
        edges=tuple(edges),
        description=description or "",
        annotations=annotations,
        secrets=draft.secrets,
        vars=draft.vars,
        timeout_s=timeout,
        concurrency=None if concurrency is None else int(concurrency),
        max_queued=DEFAULT_MAX_QUEUED if queued is None else int(queued),
        retry=retry,
        hooks=draft.hooks,
        deploy=deploy,
    )


def _node(node: DraftNode) -> Node | None:
    if node.spec is None or node.settings_template is None:
        return None
    return Node(
        name=node.name,
        spec=node.spec,
        span=node.place,
        settings=node.settings_template,
        settings_places={path: part.span for path, part in walk(node.settings) if path},
        message_templates=node.message_templates,
        outputs=node.outputs or (),
        input=node.input,
        result_name=node.result_name,
        control=dict(node.control),
        description=node.description,
    )
