"""Functions of times: Unix nanoseconds, exact integers; RFC 3339 text is taken wherever a time is.

Conversions of null give null. A day is 24 hours only in `duration`; `startOf` and `addMonths` follow the
calendar of a time zone.
"""

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from fractions import Fraction
from zoneinfo import ZoneInfo

from headrace.expr.argument import choice, number, quoted, text, whole_number
from headrace.expr.entry import function
from headrace.expr.environment import Environment
from headrace.expr.failure import Failure
from headrace.expr.signature import Function
from headrace.expr.time import (
    SECOND,
    from_datetime,
    instant,
    parse_duration,
    parse_time,
    time_text,
    to_datetime,
    zone_named,
)
from headrace.values import Json

__all__ = ["TABLE"]

_MILLISECOND = 1_000_000
_LONGEST_PATTERN = 1000  # characters; a directive may stand for 256 of them
_FAR = 10**15  # milliseconds, past the year 9999
_SPANS = ("second", "minute", "hour", "day", "week", "month", "quarter", "year")
_UTC_SPANS: Mapping[str, int] = {"second": SECOND, "minute": 60 * SECOND}


def _now(environment: Environment) -> Json:
    return environment.now()


def _date_now(environment: Environment) -> Json:
    return environment.now() // _MILLISECOND


def _rfc3339(value: Json) -> Json:
    if type(value) is int:
        return time_text(value)
    return None if value is None else time_text(instant("RFC3339", value))


def _duration(value: Json) -> Json:
    if value is None or type(value) is int:
        return value
    return parse_duration(text("duration", value))


def _zone(name: str, value: Json, position: int) -> ZoneInfo:
    try:
        return zone_named("UTC" if value is None else text(name, value, position))
    except Failure as failure:
        raise Failure(failure.code, failure.message, position) from failure


def _start_of(value: Json, unit: Json, zone: Json = None) -> Json:
    if value is None:
        return None
    ns, span = instant("startOf", value), choice("startOf", unit, _SPANS, 1)
    if span in _UTC_SPANS:  # zones differ from UTC by whole minutes
        return ns - ns % _UTC_SPANS[span]
    moment = to_datetime(ns, _zone("startOf", zone, 2))
    if span == "hour":
        # Back by minutes, not by the clock's face: the hour that is repeated in autumn stays apart.
        past = timedelta(minutes=moment.minute, seconds=moment.second, microseconds=moment.microsecond)
        return from_datetime(moment) - int(past.total_seconds() * 1_000_000) * 1000
    first = moment.replace(hour=0, minute=0, second=0, microsecond=0, fold=0)
    match span:
        case "week":
            first -= timedelta(days=first.weekday())
        case "month":
            first = first.replace(day=1)
        case "quarter":
            first = first.replace(month=first.month - (first.month - 1) % 3, day=1)
        case "year":
            first = first.replace(month=1, day=1)
        case _:
            pass
    return from_datetime(first)


def _add_months(value: Json, months: Json, zone: Json = None) -> Json:
    if value is None:
        return None
    ns = instant("addMonths", value)
    moment = to_datetime(ns, _zone("addMonths", zone, 2))
    index = moment.year * 12 + moment.month - 1 + whole_number("addMonths", months, 1)
    year, month = divmod(index, 12)
    if not 1 <= year <= 9999:
        raise Failure("HR224", "`addMonths` leaves the years 1 to 9999", 1)
    day = min(moment.day, _days_in(year, month + 1))
    return from_datetime(moment.replace(year=year, month=month + 1, day=day)) + ns % 1000


def _days_in(year: int, month: int) -> int:
    if month == 2:
        return 29 if year % 4 == 0 and (year % 100 != 0 or year % 400 == 0) else 28
    return 30 if month in (4, 6, 9, 11) else 31


def _unix(value: Json) -> Json:
    return None if value is None else instant("unix", value) // SECOND


def _unix_ms(value: Json) -> Json:
    return None if value is None else instant("unixMs", value) // _MILLISECOND


def _date_parse(value: Json) -> Json:
    return None if value is None else parse_time(text("Date.parse", value)) // _MILLISECOND


def _scaled(name: str, value: Json, unit: int) -> Json:
    if value is None:
        return None
    seconds = number(name, value)
    if abs(seconds) > _FAR:
        raise Failure("HR224", "{operand} is no time between the years 1 and 9999", 0)
    return int(Fraction(seconds) * unit)


def _from_unix(value: Json) -> Json:
    return _scaled("fromUnix", value, SECOND)


def _from_unix_ms(value: Json) -> Json:
    return _scaled("fromUnixMs", value, _MILLISECOND)


def _format_time(value: Json, pattern: Json, zone: Json = None) -> Json:
    if value is None:
        return None
    moment = to_datetime(instant("formatTime", value), _zone("formatTime", zone, 2))
    layout = text("formatTime", pattern, 1)
    if len(layout) > _LONGEST_PATTERN:
        raise Failure("HR225", f"{quoted(layout)} is too long for a pattern of a time", 1)
    try:
        return moment.strftime(layout)
    except ValueError as error:
        raise Failure("HR225", f"{quoted(layout)} is no pattern of a time: {error}", 1) from error


def _parse_time(value: Json, pattern: Json = None, zone: Json = None) -> Json:
    if value is None:
        return None
    written = text("parseTime", value)
    if pattern is None:
        return parse_time(written)
    layout = text("parseTime", pattern, 1)
    if len(layout) > _LONGEST_PATTERN:
        raise Failure("HR225", f"{quoted(layout)} is too long for a pattern of a time", 1)
    try:
        moment = datetime.strptime(written, layout)  # noqa: DTZ007 - the zone follows
    except (ValueError, re.error) as error:  # re: a directive given twice
        raise Failure("HR225", f"{quoted(written)} is not as {quoted(layout)} says", 0) from error
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=_zone("parseTime", zone, 2))
    return from_datetime(moment)


TABLE: tuple[Function, ...] = (
    function(
        "now()", "→ number", _now, "The time in Unix nanoseconds, the same throughout one template.",
        "now() > 0 → true", "now() == now() → true", environment=True,
    ),
    function(
        "RFC3339(time)", "time? → text?",
        _rfc3339, "The time as RFC 3339 text in UTC, with a fraction only if there is one.",
        "RFC3339(1767323045000000000) → \"2026-01-02T03:04:05Z\"",
        "RFC3339('2026-01-02T03:04:05.120+02:00') → \"2026-01-02T01:04:05.12Z\"", "RFC3339(null) → null",
    ),
    function(
        "duration(text)", "time? → number?",
        _duration, "The nanoseconds of a duration; units are ns us ms s m h d.",
        "duration('1h30m') → 5400000000000", "duration('-1.5s') → -1500000000", "duration('5') → HR225",
    ),
    function(
        "startOf(time, unit, zone?)", "time?, text, any → number?", _start_of,
        "The start of the second, minute, hour, day, week (Monday), month, quarter or year.",
        "RFC3339(startOf('2026-05-20T13:00:00Z', 'month')) → \"2026-05-01T00:00:00Z\"",
        "RFC3339(startOf('2026-05-20T13:00:00Z', 'day', 'Europe/Berlin')) → \"2026-05-19T22:00:00Z\"",
    ),
    function(
        "addMonths(time, months, zone?)", "time?, scalar, text? → number?", _add_months,
        "The same day and clock so many months later, or the last day of a shorter month.",
        "RFC3339(addMonths('2026-01-31T00:00:00Z', 1)) → \"2026-02-28T00:00:00Z\"",
        "RFC3339(addMonths('2026-01-31T00:00:00Z', -12)) → \"2025-01-31T00:00:00Z\"",
    ),
    function(
        "unix(time)", "time? → number?", _unix, "The time in whole Unix seconds.",
        "unix('1970-01-01T00:01:00Z') → 60", "unix(1999999999) → 1",
    ),
    function(
        "unixMs(time)", "time? → number?", _unix_ms, "The time in whole Unix milliseconds.",
        "unixMs('1970-01-01T00:00:01.5Z') → 1500", "unixMs(null) → null",
    ),
    function(
        "fromUnix(seconds)", "scalar? → number?", _from_unix, "The time of Unix seconds.",
        "fromUnix(60) → 60000000000", "fromUnix(1.5) → 1500000000",
    ),
    function(
        "fromUnixMs(milliseconds)", "scalar? → number?", _from_unix_ms, "The time of Unix milliseconds.",
        "fromUnixMs(1500) → 1500000000", "fromUnixMs(null) → null",
    ),
    function(
        "formatTime(time, pattern, zone?)", "time?, text, text? → text?", _format_time,
        "The time as a strftime pattern says, in UTC or a zone.",
        "formatTime('2026-01-02T03:04:05Z', '%d.%m.%Y') → \"02.01.2026\"",
        "formatTime('2026-01-02T23:04:05Z', '%H:%M', 'Europe/Berlin') → \"00:04\"",
    ),
    function(
        "parseTime(text, pattern?, zone?)", "text?, text?, any → number?", _parse_time,
        "The time that a strptime pattern reads, in UTC or a zone unless the text says it; RFC 3339 without.",
        "RFC3339(parseTime('02.01.2026', '%d.%m.%Y')) → \"2026-01-02T00:00:00Z\"",
        "RFC3339(parseTime('2026-07-01', '%Y-%m-%d', 'Europe/Berlin')) → \"2026-06-30T22:00:00Z\"",
        "parseTime('x', '%Y') → HR225",
    ),
    function(
        "Date.now()", "→ number",
        _date_now, "The time in Unix milliseconds, the same throughout one template.",
        "Date.now() > 0 → true", "Date.now() == Date.now() → true", environment=True,
    ),
    function(
        "Date.parse(text)", "text? → number?", _date_parse, "The Unix milliseconds of an RFC 3339 time.",
        "Date.parse('1970-01-01T00:00:01Z') → 1000", "Date.parse('x') → HR225",
    ),
)  # fmt: skip
