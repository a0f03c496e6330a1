"""Times: RFC 3339 there and back, durations, and calendars across changes of the clock."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headrace.expr.builtins import FUNCTIONS
from headrace.expr.failure import Failure
from headrace.expr.time import SECOND, parse_duration, parse_time, time_text

FIRST, LAST = -62_135_596_800 * SECOND, 253_402_300_800 * SECOND - 1


def code_of(call, *arguments) -> str:
    with pytest.raises(Failure) as caught:
        call(*arguments)
    return caught.value.code


@given(st.integers(FIRST, LAST))
def test_a_time_survives_its_text(ns):
    assert parse_time(time_text(ns)) == ns
    assert FUNCTIONS["int"].call(FUNCTIONS["RFC3339"].call(ns)) == ns


@pytest.mark.parametrize(
    ("ns", "text"),
    [
        (0, "1970-01-01T00:00:00Z"),
        (1, "1970-01-01T00:00:00.000000001Z"),
        (-1, "1969-12-31T23:59:59.999999999Z"),
        (1_500_000_000, "1970-01-01T00:00:01.5Z"),
        (FIRST, "0001-01-01T00:00:00Z"),
        (LAST, "9999-12-31T23:59:59.999999999Z"),
    ],
)
def test_a_fraction_is_shown_only_if_there_is_one(ns, text):
    assert time_text(ns) == text


@pytest.mark.parametrize("ns", [FIRST - 1, LAST + 1, 10**30])
def test_times_outside_the_calendar_are_errors(ns):
    assert code_of(time_text, ns) == "HR224"


@pytest.mark.parametrize(
    ("text", "utc"),
    [
        ("2026-01-02T03:04:05.123456789+02:00", "2026-01-02T01:04:05.123456789Z"),
        ("2026-01-02t03:04:05z", "2026-01-02T03:04:05Z"),
        ("2026-01-02 03:04:05-00:30", "2026-01-02T03:34:05Z"),
        ("2024-02-29T00:00:00.1234567891Z", "2024-02-29T00:00:00.123456789Z"),
    ],
)
def test_rfc_3339_is_read_with_its_offset(text, utc):
    assert time_text(parse_time(text)) == utc


@pytest.mark.parametrize(
    "text",
    [
        "2026-01-02",
        "2026-01-02T03:04:05",
        "2026-01-02T03:04Z",
        "2026-02-30T00:00:00Z",
        "2026-01-02T24:00:01Z",
        "2026-01-02T03:04:05+0200",
        " 2026-01-02T03:04:05Z",
        "٢٠٢٦-01-02T03:04:05Z",
        "",
    ],
)
def test_other_text_is_no_time(text):
    assert code_of(parse_time, text) == "HR225"


@pytest.mark.parametrize(
    ("text", "ns"),
    [
        ("0", 0),
        ("500ms", 500_000_000),
        ("60s", 60 * SECOND),
        ("1h30m", 5400 * SECOND),
        ("1d", 86_400 * SECOND),
        ("1.5h", 5400 * SECOND),
        ("-2m", -120 * SECOND),
        ("7us3ns", 7003),
        ("0.1s", 100_000_000),
    ],
)
def test_durations_are_nanoseconds(text, ns):
    assert parse_duration(text) == ns


@pytest.mark.parametrize("text", ["", "-", "5", "5 s", "s", "1h 30m", "1e3s", "1H", "5x", "--1s", "1s-1s"])
def test_other_text_is_no_duration(text):
    assert code_of(parse_duration, text) == "HR225"


def start_of(time, unit, zone="UTC"):
    return FUNCTIONS["RFC3339"].call(FUNCTIONS["startOf"].call(time, unit, zone))


@pytest.mark.parametrize(
    ("unit", "start"),
    [
        ("second", "2026-05-20T13:47:11Z"),
        ("minute", "2026-05-20T13:47:00Z"),
        ("hour", "2026-05-20T13:00:00Z"),
        ("day", "2026-05-20T00:00:00Z"),
        ("week", "2026-05-18T00:00:00Z"),
        ("month", "2026-05-01T00:00:00Z"),
        ("quarter", "2026-04-01T00:00:00Z"),
        ("year", "2026-01-01T00:00:00Z"),
    ],
)
def test_spans_start_where_the_calendar_says(unit, start):
    assert start_of("2026-05-20T13:47:11.123456789Z", unit) == start


def test_days_start_at_local_midnight_when_the_clock_changes():
    # Clocks in Berlin went forward on 2026-03-29 and back on 2026-10-25.
    assert start_of("2026-03-29T12:00:00Z", "day", "Europe/Berlin") == "2026-03-28T23:00:00Z"
    assert start_of("2026-10-25T12:00:00Z", "day", "Europe/Berlin") == "2026-10-24T22:00:00Z"


def test_the_repeated_hour_of_autumn_has_two_starts():
    assert start_of("2026-10-25T00:30:00Z", "hour", "Europe/Berlin") == "2026-10-25T00:00:00Z"
    assert start_of("2026-10-25T01:30:00Z", "hour", "Europe/Berlin") == "2026-10-25T01:00:00Z"
    assert start_of("2026-05-20T13:47:00Z", "hour", "Asia/Kolkata") == "2026-05-20T13:30:00Z"


def test_months_keep_the_local_clock_and_every_nanosecond():
    later = FUNCTIONS["addMonths"].call("2026-02-28T11:00:00.000000001Z", 1, "Europe/Berlin")
    assert time_text(later) == "2026-03-28T11:00:00.000000001Z"
    summer = FUNCTIONS["addMonths"].call("2026-03-15T11:00:00Z", 1, "Europe/Berlin")
    assert time_text(summer) == "2026-04-15T10:00:00Z"


@pytest.mark.parametrize("name", ["RFC3339", "unix", "unixMs", "fromUnix", "fromUnixMs", "duration"])
def test_conversions_of_null_give_null(name):
    assert FUNCTIONS[name].call(None) is None


@pytest.mark.parametrize(
    ("pattern", "zone", "code"), [("%Y", "Mars/Base", "HR214"), (1, None, "HR224"), ("%Y%Y", None, "HR225")]
)
def test_wrong_patterns_and_zones_are_errors(pattern, zone, code):
    assert code_of(FUNCTIONS["parseTime"].call, "2026", pattern, zone) == code


def test_zones_are_no_paths():
    assert code_of(FUNCTIONS["formatTime"].call, 0, "%Y", "../../etc/passwd") == "HR214"
