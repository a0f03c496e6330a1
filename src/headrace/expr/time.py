"""Instants as Unix nanoseconds, their RFC 3339 text, and durations.

Pure: no clock here. `RFC3339` is called per record, so the text up to the second is cached and nothing
goes through `strftime`.
"""

import re
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from headrace.expr.argument import quoted, whole_number, wrong
from headrace.expr.failure import Failure
from headrace.values import Json

__all__ = [
    "SECOND",
    "from_datetime",
    "instant",
    "looks_like_time",
    "parse_duration",
    "parse_time",
    "time_text",
    "to_datetime",
    "zone_named",
]

SECOND = 1_000_000_000
"""Nanoseconds in a second."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_FIRST = -62_135_596_800 * SECOND
_LAST = 253_402_300_800 * SECOND

# RFC 3339, section 5.6; a blank for the `T` is the liberty its note gives.
_TIME = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2})[Tt ]([0-9]{2}:[0-9]{2}:[0-9]{2})(?:\.([0-9]+))?"
    r"([Zz]|[+-][0-9]{2}:[0-9]{2})"
)
_BEGINNING = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")

_LONGEST = 100  # characters of a time or a duration, which are remembered

_UNITS = {
    "ns": 1,
    "us": 1_000,
    "µs": 1_000,
    "μs": 1_000,
    "ms": 1_000_000,
    "s": SECOND,
    "m": 60 * SECOND,
    "h": 3_600 * SECOND,
    "d": 86_400 * SECOND,
}
_PART = re.compile(r"([0-9]+)(?:\.([0-9]+))?([a-zµμ]+)")


@lru_cache(maxsize=1024)
def _second_text(second: int) -> str:
    return (_EPOCH + timedelta(seconds=second)).isoformat()[:19]


@lru_cache(maxsize=256)
def time_text(ns: int) -> str:
    """RFC 3339 in UTC with `Z`; a fraction only if there is one, without trailing zeros.

    Raises:
        Failure: HR224, not within the years 1 to 9999.
    """
    second, fraction = divmod(ns, SECOND)
    if not _FIRST <= ns < _LAST:
        raise Failure("HR224", "{operand} is no time between the years 1 and 9999", 0)
    if fraction:
        return f"{_second_text(second)}.{fraction:09d}".rstrip("0") + "Z"
    return _second_text(second) + "Z"


def looks_like_time(text: str) -> bool:
    """Whether a text begins like `2026-01-02`, so that errors speak of times."""
    return _BEGINNING.match(text) is not None


@lru_cache(maxsize=1024)
def parse_time(text: str) -> int:
    """The Unix nanoseconds of an RFC 3339 time; digits beyond nanoseconds are cut off.

    Raises:
        Failure: HR225, not RFC 3339 or no such time; the message has the cure.
    """
    match = _TIME.fullmatch(text) if len(text) <= _LONGEST else None
    if match is None:
        cure = "write it as 2026-01-02T15:04:05Z, or use parseTime(text, pattern, zone)"
        raise Failure("HR225", f"{quoted(text)} is no RFC 3339 time; {cure}", 0)
    date, clock, fraction, offset = match.groups()
    zone = "+00:00" if offset in "Zz" else offset
    try:
        moment = datetime.fromisoformat(f"{date}T{clock}{zone}")
    except ValueError as error:
        raise Failure("HR225", f"{quoted(text)} is no time that exists", 0) from error
    return from_datetime(moment) + int((fraction or "")[:9].ljust(9, "0"))


def instant(name: str, value: Json, position: int = 0) -> int:
    """The nanoseconds of an argument that is a time: an integer, or RFC 3339 text."""
    if type(value) is int:
        return value
    if isinstance(value, str):
        try:
            return parse_time(value)
        except Failure as failure:
            raise Failure(failure.code, failure.message, position) from failure
    if isinstance(value, bool) or value is None:
        raise wrong(name, "a time (nanoseconds or RFC 3339 text)", value, position)
    return whole_number(name, value, position)


def to_datetime(ns: int, zone: ZoneInfo) -> datetime:
    """The instant in a zone, its nanoseconds cut to microseconds.

    Raises:
        Failure: HR224, not within the years 1 to 9999 there.
    """
    try:
        return (_EPOCH + timedelta(microseconds=ns // 1000)).astimezone(zone)
    except OverflowError as error:
        raise Failure("HR224", "{operand} is no time between the years 1 and 9999", 0) from error


def from_datetime(moment: datetime) -> int:
    """The Unix nanoseconds of an aware datetime."""
    return (moment - _EPOCH) // _MICROSECOND * 1000


@lru_cache(maxsize=256)
def zone_named(name: str) -> ZoneInfo:
    """A time zone of the IANA database by its name.

    Raises:
        Failure: HR214, there is none of this name.
    """
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:
        cure = "names are as `Europe/Berlin` or `UTC`"
        raise Failure("HR214", f"{quoted(name)} is no time zone; {cure}") from error


@lru_cache(maxsize=1024)
def parse_duration(text: str) -> int:
    """The nanoseconds of `500ms`, `1h30m`, `1.5h`, `-2d` or `0`; a day is 24 hours.

    Raises:
        Failure: HR225, no duration.
    """
    if len(text) > _LONGEST:
        raise Failure("HR225", f"{quoted(text)} is no duration; it is too long", 0)
    sign, rest = (-1, text[1:]) if text.startswith("-") else (1, text)
    if rest == "0":
        return 0
    total = position = 0
    while match := _PART.match(rest, position):
        whole, fraction, unit = match.groups()
        if unit not in _UNITS or len(match[0]) > 40:
            break
        total += int(whole) * _UNITS[unit]
        total += int(fraction or 0) * _UNITS[unit] // 10 ** len(fraction or "")
        position = match.end()
    if not rest or position < len(rest):
        cure = "write it as `500ms`, `60s`, `1h30m` or `1d`"
        raise Failure("HR225", f"{quoted(text)} is no duration; {cure}", 0)
    return sign * total
