"""What an operation of the connector needs: members of its message, and an edge for bad rows."""

from headrace.expr.suggestion import listed
from headrace.flow.check import field_aliases
from headrace.flow.draft import DraftNode
from headrace.flow.field import Reader
from headrace.flow.lint.view import CONNECTOR, View
from headrace.flow.tree import Mapping, Scalar

__all__ = ["check_isolation", "check_operations"]

_NEEDED = {
    "query": ("query",),
    "execute": ("query",),
    "executeMany": ("query",),
    "upsert": ("table", "key", "rows"),
    "insert": ("table", "rows"),
    "copy": ("table", "rows"),
}
_OF_ROWS = ("table", "columns", "key", "rows")


def check_operations(view: View, reader: Reader) -> None:
    """HR117: a message to a connector lacks what its operation needs, `key` of an upsert for one."""
    for node in view.of(CONNECTOR):
        known = _members(node)
        for message in view.messages(node):
            operation = message.get("operation")
            if not message.entries.keys() <= known:
                continue  # a key that is not known is probably the one that is missing
            if operation is None:
                _check(node, message, "query", reader)
            elif isinstance(operation, Scalar) and operation.value in _NEEDED:
                _check(node, message, str(operation.value), reader)


def check_isolation(view: View, reader: Reader) -> None:
    """HR146: bad rows of a batch are to go to the `error` port, and it is not wired, or there are no rows."""
    for node in view.of(CONNECTOR):
        for message in view.messages(node):
            isolate, operation = message.get("onRowError"), message.get("operation")
            if not isinstance(isolate, Scalar) or isolate.value != "isolate":
                continue
            name = operation.value if isinstance(operation, Scalar) else operation or "query"
            if name in ("query", "execute"):
                told = f"`onRowError: isolate` is for operations that write rows, not for `{name}`"
                reader.error(
                    "HR146", told, isolate.span, "set `operation` to `upsert`, `insert` or `executeMany`"
                )
            elif not view.is_wired(node.name, "error"):
                told = f"bad rows of `{node.name}` have nowhere to go: no edge leaves `{node.name}:error`"
                reader.error(
                    "HR146", told, isolate.span, "wire it, into a table or a log, or set `onRowError: fail`"
                )


def _members(node: DraftNode) -> set[str]:
    model = node.spec.inputs[0].message if node.spec else None
    return set(field_aliases(model)) if model is not None else set()


def _check(node: DraftNode, message: Mapping, operation: str, reader: Reader) -> None:
    # An empty member is as none, be it null or an empty text or array.
    missing = [name for name in _NEEDED[operation] if _is_empty(message, name)]
    what = f"the message to connector `{node.name}`"
    if operation in ("insert", "copy") and not _is_empty(message, "key"):
        told = f"`key` is not for `operation: {operation}` in {what}, which adds every row"
        span = message.entries["key"].place
        reader.error("HR117", told, span, "`operation: upsert` updates the rows that have the key already")
    if not missing:
        return
    if operation == "query" and message.get("operation") is None:
        begun = [name for name in _OF_ROWS if name in message.entries]
        operations = "`operation: upsert`" + ("" if "key" in begun else " or `operation: insert`")
        cure = f"for {listed(begun)} add {operations}" if begun else "it is the SQL statement"
        reader.error("HR117", f"`query` is required by {what}", message.head, cure)
        return
    cures = {
        "key": "`key` names the column or columns by which a row is known, such as `id`",
        "rows": "`rows` is an array of objects, a member for each column",
    }
    told = f"{listed(missing)} {'is' if len(missing) == 1 else 'are'} required by `operation: {operation}`"
    reader.error("HR117", f"{told} in {what}", message.head, cures.get(missing[0], ""))


def _is_empty(message: Mapping, name: str) -> bool:
    value = message.get(name)
    return value is None or (isinstance(value, Scalar) and value.value in (None, ""))
