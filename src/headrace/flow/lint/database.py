"""Databases and tasks: what commits together, and what does not belong into a transaction."""

import re

from headrace.flow.draft import DraftNode
from headrace.flow.field import Reader
from headrace.flow.lint.sql import first_words
from headrace.flow.lint.view import CLIENT, CONNECTOR, DELAY, View
from headrace.flow.tree import Mapping, Scalar
from headrace.values import Json, encode_json

__all__ = ["check_passwords", "check_transactions", "check_write_order", "writes"]

_WRITES = frozenset(
    {"INSERT", "UPDATE", "DELETE", "MERGE", "CREATE", "ALTER", "DROP", "TRUNCATE", "COPY", "CALL"}
)
_WRITE_WORD = re.compile(r"\b(?:INSERT\s+INTO|UPDATE|DELETE\s+FROM|MERGE\s+INTO)\b", re.IGNORECASE)
_SERVER = ("driver", "host", "port", "database")
_DEFAULTS: dict[str, Json] = {"driver": "postgres", "port": 5432}


def writes(view: View, node: DraftNode) -> bool:
    """Whether a connector is sure to write: its statement stands in the file, or its operation says so."""
    return any(_is_write(message) for message in view.messages(node))


def _is_write(message: Mapping) -> bool:
    operation, query = message.get("operation"), message.get("query")
    if isinstance(operation, Scalar) and operation.value in ("upsert", "insert", "copy"):
        return True
    if not isinstance(query, Scalar) or not isinstance(query.value, str):
        return False
    word = first_words(query.value)
    return word in _WRITES or (word == "WITH" and _WRITE_WORD.search(query.value) is not None)


def _server(view: View, node: DraftNode) -> tuple[Json, ...]:
    """What a node connects to, as it stands in the file; templates count as their text."""
    if (url := view.setting(node, "url")) is not None:
        return (url,)
    found = [view.setting(node, name) for name in _SERVER]
    return tuple(
        _DEFAULTS.get(name) if value is None else value for name, value in zip(_SERVER, found, strict=True)
    )


def check_transactions(view: View, reader: Reader) -> None:
    """HR129 and HR130: two databases, or two users of one, write in one task, one below the other."""
    writers = [
        node
        for node in view.of(CONNECTOR)
        if writes(view, node) and view.setting(node, "transaction") != "statement"
    ]
    for first in writers:
        below = view.below(view.outputs(first), across=False)
        for second in writers:
            if second.name not in below or second is first:
                continue
            if _server(view, first) != _server(view, second):
                message = f"`{first.name}` and `{second.name}` write to two databases in one task"
                cure = "put a `common-module/async` between them, or give one `transaction: statement`"
                reader.error("HR129", message, second.place, cure)
            elif view.setting(first, "username") != view.setting(second, "username"):
                message = f"`{first.name}` and `{second.name}` write as two users of one database in one task"
                reader.error(
                    "HR130", message, second.place, "use one user, or put a `common-module/async` between"
                )


def check_passwords(view: View, reader: Reader) -> None:
    """HR139: nodes that share a pool differ in the password, of which only one is used."""
    first_of: dict[bytes, DraftNode] = {}
    for node in view.of(CONNECTOR):
        # As JSON: a setting of a wrong type, an object, has no hash.
        key = encode_json(
            [*_server(view, node), view.setting(node, "username"), view.setting(node, "sslMode")]
        )
        first = first_of.setdefault(key, node)
        if view.setting(first, "password") != view.setting(node, "password"):
            message = f"`{first.name}` and `{node.name}` share one pool, but their passwords differ"
            entry = node.settings.entries.get("password")
            reader.warn("HR139", message, entry.place if entry else node.place)


def check_write_order(view: View, reader: Reader) -> None:
    """HR141: an HTTP call or a delay after a write keeps the task's transaction open."""
    if not view.is_whole:
        return  # an edge that is not understood may close the loop by which a new task begins
    reported = set()
    for writer in view.of(CONNECTOR):
        if not writes(view, writer) or view.setting(writer, "transaction") == "statement":
            continue
        below = view.below(view.outputs(writer), across=False)
        for node in view.of(CLIENT, DELAY):
            if node.name in below and node.name not in reported:
                reported.add(node.name)
                what = "waits" if node.spec and node.spec.name == DELAY else "calls out"
                message = f"`{node.name}` {what} while the transaction of `{writer.name}` is open"
                reader.warn("HR141", message, node.place, "put a `common-module/async` between them")
