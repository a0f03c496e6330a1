"""What messages are made of: JSON values, and their encoding.

Nothing here knows expressions or flows. JSON on the wire keeps every digit of an integer of any
size; numbers with a fraction or an exponent are IEEE doubles.
"""

import math
from collections.abc import Iterable, Mapping
from typing import Literal, TypeAlias

import msgspec

__all__ = [
    "Json",
    "JsonError",
    "Kind",
    "Message",
    "decode_json",
    "described",
    "encode_json",
    "in_words",
    "is_json",
    "kind",
    "members_of",
    "well_formed",
]

Json: TypeAlias = "bool | int | float | str | list[Json] | dict[str, Json] | None"
Message: TypeAlias = Json
Kind: TypeAlias = Literal["null", "boolean", "number", "text", "array", "object"]
"""The user's word for the type of a value."""

_ARTICLES: Mapping[Kind, str] = {
    "object": "an object", "array": "an array", "text": "text",
    "number": "a number", "boolean": "a boolean", "null": "null",
}  # fmt: skip

_decoder = msgspec.json.Decoder()
_encoder = msgspec.json.Encoder()


class JsonError(ValueError):
    """The text is no JSON, or the value cannot be written as JSON."""


def decode_json(data: bytes | str) -> Json:
    """Parse one JSON text, strictly by RFC 8259.

    Raises:
        JsonError: not JSON: bad syntax, `NaN`, a number beyond a double, a lone surrogate, bytes
            that are not UTF-8.
    """
    try:
        value: Json = _decoder.decode(data)
    except (msgspec.MsgspecError, UnicodeError, RecursionError) as error:
        raise JsonError(str(error)) from error
    return value


def members_of(message: Message) -> "dict[str, Json]":
    """The members to which a node adds: null has none, and any other value becomes the member `value`."""
    if isinstance(message, dict):
        return message
    return {} if message is None else {"value": message}


def encode_json(value: Json) -> bytes:
    """Write a value as compact JSON in UTF-8.

    Raises:
        JsonError: the value holds a lone surrogate or an object that has no form in JSON. What msgspec
            has a form for (sets, times) is written in it; NaN and infinities, which do not leave
            expressions (rule D7), as null.
    """
    try:
        return _encoder.encode(value)
    except (msgspec.MsgspecError, UnicodeError, RecursionError, TypeError, ValueError) as error:
        raise JsonError(str(error)) from error


def well_formed(text: str) -> str:
    """The text with U+FFFD for each half of a surrogate pair, which UTF-8 has not (`toWellFormed`)."""
    if text.isascii():
        return text
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def is_json(value: object) -> bool:
    """Whether a value, at any depth, is made of JSON's types alone (and is finite)."""
    if value is None or isinstance(value, str | bool | int):
        return True
    if isinstance(value, float):
        return math.isfinite(value)
    if isinstance(value, list):
        return all(map(is_json, value))
    if isinstance(value, dict):
        return all(isinstance(key, str) and is_json(member) for key, member in value.items())
    return False


def kind(value: Json) -> Kind:
    """The user's word for a value's type: null, boolean, number, text, array or object."""
    match value:
        case None:
            return "null"
        case bool():
            return "boolean"
        case int() | float():
            return "number"
        case str():
            return "text"
        case list():
            return "array"
        case dict():
            return "object"


def described(value: Json) -> str:
    """What a value is, in a sentence: `a number`, `text`, `null`."""
    return _ARTICLES[kind(value)]


def in_words(kinds: Iterable[Kind]) -> str:
    """Kinds in a sentence, always in one order: `a number`, `an object or null`; at least one."""
    known = set(kinds)
    *others, last = (words for kind, words in _ARTICLES.items() if kind in known)
    return f"{', '.join(others)} or {last}" if others else last
