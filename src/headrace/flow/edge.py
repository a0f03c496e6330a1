"""Reads the edges of a flow and finds the ports that they connect."""

import re
from collections.abc import Iterator
from itertools import pairwise

from headrace.expr import Scope
from headrace.expr.suggestion import did_you_mean, listed
from headrace.flow import elsewhere
from headrace.flow.draft import Draft, DraftEdge, DraftNode, Endpoint
from headrace.flow.field import Reader, kind_of
from headrace.flow.model import PortRef
from headrace.flow.tree import Broken, Entry, Mapping, Scalar, Sequence, Tree
from headrace.source import Span, Text

__all__ = ["connect", "read_edges"]

_KEYS = ("from", "to", "target", "data", "add", "description")
_ARROW = re.compile(r"->|→")
_OTHER_ARROW = re.compile(r"-{2,}>|[=~—–]+>|>{2,}|(?<![-\s])>|(?<!-)>(?=\s)|<-")
_NEXT_ITEM = re.compile(r"\s-\s")
_PORT_AFTER = re.compile(r"[./]")


def read_edges(tree: Tree | None, draft: Draft, reader: Reader) -> None:
    """`spec.edges`, in the order of the file; ports are found later, by `connect`."""
    edges = draft.edges
    before = len(reader.findings)
    for item in reader.items(tree, "`edges`", cure="write `- a -> b` for each edge"):
        if isinstance(item, Scalar) and isinstance(item.value, str):
            made = _chain(item, reader)
        elif isinstance(item, Mapping):
            made = _mapped(item, reader)
        elif isinstance(item, Broken):
            draft.misses_edges = True
            continue
        else:
            message = (
                f"an edge is a mapping with `from` and `to`, or text `a -> b`, but this is {kind_of(item)}"
            )
            reader.error("HR115", message, item.span)
            continue
        for edge in made:
            edge.index = len(edges)
            edges.append(edge)
    codes = {finding.code for finding in reader.findings[before:]}
    draft.misses_edges = draft.misses_edges or bool(codes & {"HR110", "HR115", "HR116", "HR126"})


# ---- reading


def _chain(item: Scalar, reader: Reader) -> list[DraftEdge]:
    """`a -> b -> c:port`: an edge between each two neighbours."""
    if (slip := _slip(item.text)) is not None:
        reader.error("HR126", slip[0], item.text.span(slip[1], slip[2]))
        return []
    parts = list(_split(item.text))
    if len(parts) < 2 or not all(_stripped(item.text, *part)[0] for part in parts):
        message = "an edge as text is written `a -> b` or `a:port -> b:port -> c`"
        reader.error("HR126", message, item.span)
        return []
    if any("{{" in item.text.value[start:end] for start, end in parts):
        reader.error("HR126", "an edge as text takes no `data`; write `from:`, `to:` and `data:`", item.span)
        return []
    ends = [_endpoint(item.text, start, end) for start, end in parts]
    edges = []
    for position, (left, end) in enumerate(pairwise(ends)):
        start = left
        if position > 0:  # the port in the middle of a chain is an input; on it goes by the only output
            start = Endpoint(start.node, None, start.node_span, start.node_span, start.node_span)
        span = Span(left.span.source, left.span.start, end.span.end)
        edges.append(DraftEdge(0, span, start, end))
    return edges


def _slip(text: Text) -> tuple[str, int, int] | None:
    """What is wrong with a chain that looks like one: message, start, end."""
    if "{{" in text.value:
        return None
    if match := _OTHER_ARROW.search(text.value):
        return "the arrow of an edge is `->`", match.start(), match.end()
    if (comma := text.value.find(",")) >= 0:
        message = "an edge as text leads from one node to one; several are written `from: [a, b]`"
        return message, comma, comma + 1
    for match in _NEXT_ITEM.finditer(text.value):
        first, last = text.offsets[match.start()], text.offsets[match.end() - 1]
        if "\n" in text.source.text[first:last]:
            message = "this line belongs to the item above; begin both `- ` in the same column"
            return message, match.start() + 1, match.end() - 1
    return None


def _split(text: Text) -> Iterator[tuple[int, int]]:
    begin = 0
    for match in _ARROW.finditer(text.value):
        yield begin, match.start()
        begin = match.end()
    yield begin, len(text.value)


def _stripped(text: Text, start: int, end: int) -> tuple[str, int, int]:
    value = text.value[start:end]
    start += len(value) - len(value.lstrip())
    value = value.strip()
    return value, start, start + len(value)


def _endpoint(text: Text, start: int, end: int) -> Endpoint:
    value, start, end = _stripped(text, start, end)
    node, colon, port = value.partition(":")
    middle = start + len(node)
    node_span = text.span(start, middle)
    if not colon:
        return Endpoint(node, None, text.span(start, end), node_span, node_span)
    return Endpoint(node.strip(), port.strip(), text.span(start, end), node_span, text.span(middle + 1, end))


def _mapped(tree: Mapping, reader: Reader) -> list[DraftEdge]:
    if (written := _without_keys(tree)) is not None:
        reader.error("HR126", f"an edge as text is written `{written}`", tree.head)
        return []
    meant = reader.known(tree, "an edge", _KEYS, elsewhere.EDGE)
    target = _one_of(tree, "to", "target", reader)
    shape = _one_of(tree, "data", "add", reader)
    for key, found in (("from", tree.given("from")), ("to", target)):
        if found is None and key not in meant:
            reader.error("HR116", f"`{key}` is required by an edge", tree.head)
    data = reader.compile(shape.value, Scope.EDGE) if shape else None
    if shape and shape.key == "add" and not _may_be_object(shape.value):
        reader.error("HR115", f"`add` must be a mapping, but it is {kind_of(shape.value)}", shape.value.span)
    note = tree.optional("description")
    description = reader.text(note, "`description`") if note else ""
    source = tree.optional("from")
    end = _one_end(target.value, "`to`", reader) if target else None
    if source is None:
        return []
    starts = source.items if isinstance(source, Sequence) else (source,)
    if not starts:
        reader.error("HR116", "`from` needs at least one port", source.span)
    edges = []
    for start_tree in starts:
        start = _one_end(start_tree, "`from`", reader)
        if start is None or end is None:
            continue
        edge = DraftEdge(0, start.span, start, end, description=description or "")
        if shape and shape.key == "data":
            edge.data_tree, edge.data = shape.value, data
        elif shape:
            edge.add_tree, edge.add = shape.value, data
        edges.append(edge)
    return edges


def _without_keys(tree: Mapping) -> str | None:
    """How `- a: b`, which is a mapping, is written as an edge; None if it is something else."""
    entry = next(iter(tree.entries.values()), None)
    if len(tree.entries) != 1 or entry is None or entry.key in (*_KEYS, *elsewhere.EDGE):
        return None
    if not isinstance(entry.value, Scalar) or not isinstance(entry.value.value, str):
        return None
    joint = ":" if _ARROW.search(entry.value.value) else " -> "
    return f"{entry.key}{joint}{entry.value.value}"


def _one_of(tree: Mapping, first: str, second: str, reader: Reader) -> Entry | None:
    """One of two keys that exclude each other."""
    if tree.given(first) and tree.given(second):
        place = tree.entries[second].place
        reader.error("HR126", f"`{first}` and `{second}` exclude each other", place)
    return tree.given(first) or tree.given(second)


def _may_be_object(tree: Tree) -> bool:
    """Whether a template can give an object: a mapping, or a text that is one expression."""
    if isinstance(tree, Mapping | Broken):
        return True
    return isinstance(tree, Scalar) and isinstance(tree.value, str) and tree.value.strip().startswith("{{")


def _one_end(tree: Tree, what: str, reader: Reader) -> Endpoint | None:
    """`node:port` as text, or `{node, port}`."""
    if isinstance(tree, Mapping):
        reader.known(tree, what, ("node", "port"))
        if tree.optional("node") is None:
            reader.error("HR116", f"`node` is required by {what}", tree.head)
        node, port_tree = tree.optional("node"), tree.optional("port")
        name = reader.text(node, "`node`")
        port = reader.text(port_tree, "`port`") if port_tree else None
        if name is None or node is None or (port_tree is not None and port is None):
            return None
        span = node.span
        return Endpoint(name, port, span, span, port_tree.span if port_tree else span)
    if isinstance(tree, Sequence) and what == "`to`":
        reader.error("HR115", "`to` names one port; write an edge for each", tree.span)
        return None
    if reader.text(tree, what) is None or not isinstance(tree, Scalar):
        return None
    if _ARROW.search(tree.text.value):
        message = f"{what} names one end; a chain `a -> b` is an edge of its own, written as text"
        reader.error("HR126", message, tree.span)
        return None
    return _endpoint(tree.text, 0, len(tree.text.value))


# ---- finding ports


def connect(draft: Draft, reader: Reader) -> None:
    """Find the two ports of every edge; what does not exist is reported (HR112, HR113, HR114, HR122)."""
    for edge in draft.edges:
        edge.source = _source(edge.start, draft, reader)
        edge.target = _target(edge.end, draft, reader)


_MOST_HINTS = 200
"""After so many findings nobody reads what was meant, and to look for it among all nodes takes time."""


def _node(end: Endpoint, draft: Draft, reader: Reader) -> DraftNode | None:
    node = draft.nodes.get(end.node)
    is_told = (
        not draft.nodes or f"{end.node}:{end.port}" in draft.nodes
    )  # unread nodes, and names with a colon
    if node is None and not is_told:
        hint = _port_hint(end.node, draft)
        if not hint and len(reader.findings) < _MOST_HINTS:
            hint = did_you_mean(end.node, draft.nodes)
        reader.error("HR112", f"no node `{end.node}`{hint}", end.node_span)
    return node


def _port_hint(name: str, draft: Draft) -> str:
    """The end of a sentence for `node.port` and `node/port`."""
    for match in _PORT_AFTER.finditer(name):
        if name[: match.start()] in draft.nodes:
            return f"; a port follows a colon: `{name[: match.start()]}:{name[match.end() :]}`"
    return ""


def _source(end: Endpoint, draft: Draft, reader: Reader) -> PortRef | None:
    node = _node(end, draft, reader)
    if node is None or node.outputs is None:
        return None
    names = list(dict.fromkeys(output.name for output in node.outputs))
    if end.port is None:
        plain = list(dict.fromkeys(output.name for output in node.outputs if not output.error))
        choice = plain or names
        return _only(end, node, choice, "outputs", reader)
    if end.port in names:
        return PortRef(end.node, end.port)
    inputs = [port.name for port in node.spec.inputs] if node.spec else []
    reader.error("HR113", _no_port(end.port, node, names, inputs, "input", "output"), end.port_span)
    return None


def _target(end: Endpoint, draft: Draft, reader: Reader) -> PortRef | None:
    node = _node(end, draft, reader)
    if node is None or node.spec is None:
        return None
    names = [port.name for port in node.spec.inputs]
    if not names:
        message = f"no edge can lead to {node.component} `{node.name}`: it takes no messages"
        if node.spec.trigger:
            message = f"no edge can lead to {node.component} `{node.name}`: a trigger starts runs by itself"
        reader.error("HR122", message, end.span)
        return None
    if end.port is None:
        return _only(end, node, names, "inputs", reader)
    if end.port in names:
        return PortRef(end.node, end.port)
    outputs = [output.name for output in node.outputs or ()]
    reader.error("HR113", _no_port(end.port, node, names, outputs, "output", "input"), end.port_span)
    return None


def _only(end: Endpoint, node: DraftNode, names: list[str], what: str, reader: Reader) -> PortRef | None:
    if len(names) == 1:
        return PortRef(end.node, names[0])
    if not names:
        reader.error("HR113", f"{node.component} `{node.name}` has no {what}", end.span)
        return None
    *most, last = [f"`:{name}`" for name in names]
    message = f"`{end.node}` has several {what}; choose {', '.join(most)} or {last}"
    reader.error("HR114", message, end.span)
    return None


def _no_port(
    port: str, node: DraftNode, names: list[str], others: list[str], other_kind: str, kind: str
) -> str:
    if port in others:
        listing = f"; its {kind}s are {listed(names)}" if names else ""
        return f"`{port}` is an {other_kind} of {node.component} `{node.name}`{listing}"
    if not names:
        return f"{node.component} `{node.name}` has no {kind}s"
    return f"{node.component} `{node.name}` has no port `{port}`; it has {listed(names)}"
