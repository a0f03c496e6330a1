r"""JSON values as PostgreSQL's text parameters.

What a value becomes depends on the parameter's type, which the server told:

    null        NULL
    text        itself, for every type: RFC 3339 for timestamptz, JSON text for json, `{…}` for an array
    number      its digits; an integral float is an integer (rule D2)
    object      JSON text
    array       an array literal for an array type, else JSON text
    bytea       takes Base64 text, which is how results give it, or PostgreSQL's own `\x…`

An array of texts costs a few passes at C speed over one joined string, not a step for each element.
"""

import base64
import binascii
from collections.abc import Sequence

from headrace.connections.parameter import check_count
from headrace.connections.postgres.sqltype import Kind, SqlType
from headrace.errors import PermanentError
from headrace.expr.text import number_text, to_text
from headrace.values import Json

__all__ = ["Column", "bind", "guess_type"]

_INT8 = range(-(2**63), 2**63)


class Column(list[Json]):
    """The values of a column of rows: an array among them is one value, no further dimension."""


def bind(values: Sequence[Json], types: Sequence[SqlType]) -> list[bytes | None]:
    """The parameters of one execution.

    Raises:
        PermanentError: there are too many or too few; text with a NUL character or half a surrogate pair,
            which PostgreSQL cannot hold; bytea that is no Base64.
    """
    check_count(len(types), len(values))
    bound: list[bytes | None] = []
    for number, (value, sql_type) in enumerate(zip(values, types, strict=True), 1):
        if value is None:
            bound.append(None)
            continue
        try:
            data = _literal(value, sql_type).encode()
        except UnicodeEncodeError as error:
            raise _refused(number, "holds half of a surrogate pair, which is no character") from error
        except (binascii.Error, ValueError) as error:
            raise _refused(number, str(error)) from error
        if b"\0" in data:
            raise _refused(number, "holds a NUL character (U+0000), which PostgreSQL's text cannot hold")
        bound.append(data)
    return bound


def guess_type(value: Json) -> int:
    """The object id of the type that a value has by itself, where the statement leaves it open."""
    if isinstance(value, bool):
        return 16
    if isinstance(value, int):
        return 20 if value in _INT8 else 1700
    if isinstance(value, float):
        return 701
    return 3802 if isinstance(value, list | dict) else 25


def _refused(number: int, why: str) -> PermanentError:
    return PermanentError(f"parameter ${number} {why}", code="HR323")


def _literal(value: Json, sql_type: SqlType) -> str:
    if isinstance(value, list) and sql_type.element is not None:
        return _array(value, sql_type.element.kind)
    return _scalar(value, sql_type.kind)


def _scalar(value: Json, kind: Kind) -> str:
    if isinstance(value, str):
        return _bytea(value) if kind is Kind.BYTES else value
    if isinstance(value, float):
        if kind in (Kind.INTEGER, Kind.DECIMAL) and value.is_integer():
            return str(int(value))
        return repr(value) if kind is Kind.FLOAT else number_text(value)
    return "null" if value is None else to_text(value)


def _bytea(text: str) -> str:
    if text.startswith("\\x"):
        return text
    try:
        return "\\x" + base64.b64decode(text, validate=True).hex()
    except ValueError as error:
        raise ValueError("is bound to bytea, which takes Base64 text or `\\x` and hex digits") from error


def _array(items: list[Json], kind: Kind) -> str:
    """An array literal; its elements are quoted, which every type allows, except for plain numbers."""
    if not items:
        return "{}"
    types = set(map(type, items))
    if types == {str} and kind is not Kind.BYTES:
        return _quoted_array(items)  # type: ignore[arg-type]  # the line above saw texts alone
    if types == {int}:
        return "{" + ",".join(map(str, items)) + "}"
    if list in types and kind is not Kind.JSON and not isinstance(items, Column):
        return "{" + ",".join(_element(item, kind) for item in items) + "}"
    texts = [None if item is None else _scalar(item, kind) for item in items]
    if None not in texts:
        return _quoted_array(texts)  # type: ignore[arg-type]  # the line above saw that none is null
    return "{" + ",".join(["NULL" if text is None else _quoted(text) for text in texts]) + "}"


def _element(item: Json, kind: Kind) -> str:
    if isinstance(item, list):
        return _array(item, kind)
    return "NULL" if item is None else _quoted(_scalar(item, kind))


def _quoted_array(texts: list[str]) -> str:
    """Join by NUL, which no text may hold, escape all at once, then put quotes and commas in its place."""
    body = "\0".join(texts)
    if body.count("\0") != len(texts) - 1:
        return body  # a text holds NUL: the check of the whole parameter says so
    if "\\" in body:
        body = body.replace("\\", "\\\\")
    if '"' in body:
        body = body.replace('"', '\\"')
    return '{"' + body.replace("\0", '","') + '"}'


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
