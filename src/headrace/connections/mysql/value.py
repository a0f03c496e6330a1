r"""JSON values as MySQL's literals, and its results as JSON values.

integers, YEAR, BIT     integers, exact at any size; BOOLEAN is TINYINT there: 0 and 1
DECIMAL                 an integer where it is one, a float where that is exact, else text
FLOAT, DOUBLE           a float
TIMESTAMP               RFC 3339 in UTC: `2026-01-02T03:04:05.5Z`
DATETIME                `2026-01-02T03:04:05.5`, since it has no zone
JSON                    the value; MariaDB's is text
BINARY, BLOB, GEOMETRY  Base64 text
everything else         the server's text
"""

import base64
from datetime import UTC, datetime
from decimal import Decimal

from pymysql.constants import FIELD_TYPE
from pymysql.converters import escape_string

from headrace.errors import PermanentError
from headrace.expr.text import stringify
from headrace.values import Json, decode_json

__all__ = ["column_literal", "decode", "literal"]

_INTEGERS = frozenset(
    {
        FIELD_TYPE.TINY,
        FIELD_TYPE.SHORT,
        FIELD_TYPE.LONG,
        FIELD_TYPE.LONGLONG,
        FIELD_TYPE.INT24,
        FIELD_TYPE.YEAR,
    }
)
_TIMES = frozenset({"datetime", "timestamp"})
_BINARY = frozenset({"tinyblob", "blob", "mediumblob", "longblob", "binary", "varbinary"})
_TOO_LARGE = 10**65
_EXACT = 2**53
_DECIMALS = frozenset({FIELD_TYPE.DECIMAL, FIELD_TYPE.NEWDECIMAL})
_FLOATS = frozenset({FIELD_TYPE.FLOAT, FIELD_TYPE.DOUBLE})


def literal(value: Json, number: int) -> str:
    """A value as it stands in SQL, for a session without NO_BACKSLASH_ESCAPES.

    Args:
        number: of the parameter, for messages.

    Raises:
        PermanentError: MySQL cannot hold it.
    """
    if isinstance(value, str):
        return _text(value, number)
    if value is None:
        return "NULL"
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, int):
        if abs(value) >= _TOO_LARGE:
            raise _refused(number, "is an integer of more than 65 digits, which MySQL cannot hold; pass text")
        return str(value)
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < _EXACT else repr(value)
    return _text(stringify(value), number)


def column_literal(value: Json, number: int, sql_type: str) -> str:
    """The same for a column of a known type: times in UTC, binary values from Base64 text.

    Raises:
        PermanentError: MySQL cannot hold it.
    """
    if isinstance(value, str):
        if sql_type in _TIMES:
            return _text(_in_utc(value), number)
        if sql_type in _BINARY:
            try:
                return f"x'{base64.b64decode(value, validate=True).hex()}'"
            except ValueError as error:
                raise _refused(
                    number, f"goes into a column of type {sql_type}, which takes Base64 text"
                ) from error
    elif sql_type == "json" and value is not None:
        return _text(stringify(value), number)
    return literal(value, number)


def decode(data: object, kind: int) -> Json:
    """A value of a result, as the server wrote it.

    Args:
        kind: the type's code in the protocol.
    """
    if kind == FIELD_TYPE.BIT and isinstance(data, bytes):
        return int.from_bytes(data)
    if isinstance(data, bytes):
        return base64.b64encode(data).decode()
    if not isinstance(data, str):
        return None
    if kind in _INTEGERS:
        return int(data)
    if kind in _FLOATS:
        return float(data)
    if kind in _DECIMALS:
        return _decimal(data)
    if kind == FIELD_TYPE.JSON:
        return decode_json(data.encode())
    if kind in (FIELD_TYPE.TIMESTAMP, FIELD_TYPE.DATETIME):
        return _moment(data) + ("Z" if kind == FIELD_TYPE.TIMESTAMP else "")
    return data


def _text(text: str, number: int) -> str:
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise _refused(number, "holds half of a surrogate pair, which is no character") from error
    return f"'{escape_string(text)}'"


def _decimal(text: str) -> Json:
    whole, _, fraction = text.partition(".")
    if not fraction.strip("0"):
        return int(whole)
    number = float(text)
    return number if Decimal(repr(number)) == Decimal(text) else text


def _moment(text: str) -> str:
    """With a T, and without zeros at the end of its fraction."""
    whole, point, fraction = text.replace(" ", "T", 1).partition(".")
    fraction = fraction.rstrip("0")
    return whole + point + fraction if fraction else whole


def _in_utc(text: str) -> str:
    """A time with an offset as MySQL writes it, in UTC; another text as it is."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return text
    if moment.tzinfo is None:
        return text
    return moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.%f")


def _refused(number: int, why: str) -> PermanentError:
    return PermanentError(f"parameter ${number} {why}", code="HR323")
