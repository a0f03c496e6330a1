"""Writes samples into a flow file, in which nothing else changes."""

import os
import shutil
import tempfile
from contextlib import suppress
from itertools import pairwise
from pathlib import Path

from headrace.errors import UsageError
from headrace.flow.loader import Loaded, load_flow
from headrace.flow.tree import Mapping, to_json
from headrace.flow.writer import yaml_lines
from headrace.sdk import Registry
from headrace.source import Source
from headrace.values import Json

__all__ = ["Insertion", "inserted", "replace_file"]

_BOM = "\ufeff"


class Insertion:
    """What a node is to get: `sample` or `schema`, and its value."""

    def __init__(self, node: str, key: str, value: Json) -> None:
        self.node = node
        self.key = key
        self.value = value


def inserted(text: str, insertions: list[Insertion], registry: Registry, name: str) -> str:
    """The text of a flow file with samples, each after its node's `component:` line.

    Args:
        text: of the file; nothing else in it changes.
        insertions: for nodes of that flow.
        registry: to read it by.
        name: of the file, for messages.

    Raises:
        UsageError: a node is not written so that a line can be put there, or has a sample already.
    """
    bom = _BOM if text.startswith(_BOM) else ""
    text = text.removeprefix(_BOM)
    loaded = load_flow(Source(name, text), registry)
    lines = _lines(Source(name, text))
    places = {each.node: _place(loaded, each, text) for each in insertions}
    for each in sorted(insertions, key=lambda each: places[each.node][0], reverse=True):
        line, indent = places[each.node]
        before = lines[line - 1]
        end = before[len(before.rstrip("\r\n")) :] or "\n"
        if not before.endswith(end):
            lines[line - 1] = before + end
        lines[line:line] = [f"{indent}{new}{end}" for new in yaml_lines(each.key, each.value)]
    made = "".join(lines)
    _check(loaded, load_flow(Source(name, made), registry), insertions)
    return bom + made


def _lines(source: Source) -> list[str]:
    """The lines as places count them, with their ends."""
    return [source.text[start:end] for start, end in pairwise((*source.line_starts, len(source.text)))]


def _node(loaded: Loaded, name: str) -> Mapping | None:
    tree = loaded.tree
    for key in ("spec", "nodes", name):
        tree = tree.get(key) if isinstance(tree, Mapping) else None
    return tree if isinstance(tree, Mapping) else None


def _place(loaded: Loaded, insertion: Insertion, text: str) -> tuple[int, str]:
    """The line of a node's `component:`, from 1, and its indentation."""
    node = _node(loaded, insertion.node)
    entry = node.entries.get("component") if node is not None else None
    if node is None or entry is None:
        raise UsageError(f"`{insertion.node}` has no `component` line to write its {insertion.key} after")
    if node.given("sample") or node.given("schema"):
        raise UsageError(f"`{insertion.node}` has a sample or a schema already; remove it first")
    line, column = entry.place.source.position(entry.place.start)
    indent = entry.place.source.line(line)[: column - 1]
    if entry.place.source.text != text or indent.strip(" "):
        message = f"`{insertion.node}` is written in one line; give each of its keys a line of its own first"
        raise UsageError(message)
    return entry.value.span.source.position(max(entry.value.span.end - 1, 0))[0], indent


def _check(before: Loaded, after: Loaded, insertions: list[Insertion]) -> None:
    """Refuse a text that says anything else than the old one and the samples."""
    expected = to_json(before.tree) if before.tree is not None else None
    for each in insertions:
        node: Json = expected
        for key in ("spec", "nodes", each.node):
            node = node.get(key) if isinstance(node, dict) else None
        if isinstance(node, dict):
            node[each.key] = each.value
    if after.flow is None or after.tree is None or to_json(after.tree) != expected:
        names = ", ".join(f"`{each.node}`" for each in insertions)
        raise UsageError(f"the file is written so that nothing can be put into {names}; paste it by hand")


def replace_file(path: Path, text: str) -> None:
    """Replace a file's text, wholly or not at all; it keeps its permissions.

    Raises:
        UsageError: the file or its folder cannot be written.
    """
    path = path.resolve()
    made = ""
    try:
        handle, made = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        with os.fdopen(handle, "wb") as file:
            file.write(text.encode())
            file.flush()
            os.fsync(file.fileno())
        shutil.copymode(path, made)
        os.replace(made, path)  # noqa: PTH105 - as atomic as the standard library has it
    except OSError as error:
        if made:
            with suppress(OSError):
                os.unlink(made)  # noqa: PTH108 - the file may never have been there
        raise UsageError(f"cannot write {path}: {(error.strerror or str(error)).lower()}") from error
