"""PostgreSQL's results as JSON values.

    bool, integers          themselves; integers are exact at any size
    numeric                 an integer where it is one (`12.00` is 12), else a float
    float4, float8          a float
    json, jsonb             the value
    timestamptz             RFC 3339 in UTC: `2026-01-02T03:04:05.5Z`
    timestamp               `2026-01-02T03:04:05.5`
    bytea                   Base64 text
    arrays                  arrays, nested and with nulls
    everything else         the server's text

JSON has no NaN and no infinity: in numeric and floats they are the texts `NaN`, `Infinity`, `-Infinity`,
which bind to such a column again. Nothing becomes null that was not null.
"""

import base64
import re
from collections.abc import Callable

from headrace.connections.postgres.sqltype import Kind, SqlType
from headrace.values import Json, decode_json

__all__ = ["Decoder", "decoder_of"]

Decoder = Callable[[bytes], Json]

_UNBOUND = frozenset({b"NaN", b"Infinity", b"-Infinity"})
_TOKEN = re.compile(r'([{},])|"((?:[^"\\]|\\.)*)"|([^{},"]+)', re.DOTALL)
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)


def decoder_of(sql_type: SqlType) -> Decoder:
    """What turns the text of a value of this type (never NULL) into a JSON value."""
    if sql_type.element is not None:
        return _array_decoder(decoder_of(sql_type.element))
    return _DECODERS[sql_type.kind]


def _boolean(data: bytes) -> Json:
    return data == b"t"


def _integer(data: bytes) -> Json:
    return int(data)


def _decimal(data: bytes) -> Json:
    whole, _, fraction = data.partition(b".")
    if data in _UNBOUND:
        return data.decode()
    if not fraction.strip(b"0"):
        return int(whole)
    return float(data)


def _float(data: bytes) -> Json:
    return data.decode() if data in _UNBOUND else float(data)


def _text(data: bytes) -> Json:
    return data.decode()


def _bytes(data: bytes) -> Json:
    if data.startswith(b"\\x"):
        return base64.b64encode(bytes.fromhex(data[2:].decode())).decode()
    return data.decode()


def _datetime(data: bytes) -> Json:
    text = data.decode()
    # Infinities and years before Christ (`… BC`) have no such form.
    return text.replace(" ", "T", 1) if text[:1].isdigit() and text[-1].isdigit() else text


def _instant(data: bytes) -> Json:
    if data.endswith(b"+00") and data[:1].isdigit():
        return data[:-3].decode().replace(" ", "T", 1) + "Z"
    return data.decode()  # infinity, a year before Christ, or a statement changed the time zone


def _array_decoder(decode: Decoder) -> Decoder:
    def decode_array(data: bytes) -> Json:
        text = data.decode()
        if text.startswith("["):  # bounds that do not start at 1: `[0:2]={…}`
            text = text.partition("=")[2]
        return _parse_array(text, decode)

    return decode_array


def _parse_array(text: str, decode: Decoder) -> Json:
    if '"' not in text and "{" not in text[1:]:
        body = text[1:-1]
        return [None if item == "NULL" else decode(item.encode()) for item in body.split(",")] if body else []
    stack: list[list[Json]] = [[]]
    for mark, quoted, plain in _TOKEN.findall(text):
        if mark == "{":
            inner: list[Json] = []
            stack[-1].append(inner)
            stack.append(inner)
        elif mark == "}":
            stack.pop()
        elif plain:
            stack[-1].append(None if plain == "NULL" else decode(plain.encode()))
        elif not mark:
            stack[-1].append(decode(_ESCAPE.sub(r"\1", quoted).encode()))
    return stack[0][0]


_DECODERS: dict[Kind, Decoder] = {
    Kind.BOOLEAN: _boolean,
    Kind.INTEGER: _integer,
    Kind.DECIMAL: _decimal,
    Kind.FLOAT: _float,
    Kind.TEXT: _text,
    Kind.JSON: decode_json,
    Kind.BYTES: _bytes,
    Kind.INSTANT: _instant,
    Kind.DATETIME: _datetime,
    Kind.ARRAY: _text,
    Kind.OTHER: _text,
}
