"""The times of a cron expression where clocks change: exact moments in UTC, forwards and backwards."""

import random
from bisect import bisect_left
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

import pytest
from cronsim import CronSim

from headrace.components.common.calendar import Calendar
from support.lives import HOUR, SECOND, at, text

CHANGES = {
    "Europe/Oslo": ["2026-03-28", "2026-10-24"],
    "America/New_York": ["2026-03-07", "2026-10-31"],
    "Australia/Lord_Howe": ["2026-04-04", "2026-10-03"],
    "Africa/Casablanca": ["2026-02-14", "2026-03-21"],
    "Africa/Cairo": ["2026-04-23", "2026-10-29"],
    "America/Havana": ["2026-03-07", "2026-10-31"],
    "Asia/Kathmandu": ["2026-03-28"],
    "Pacific/Apia": ["2011-12-28"],
}
SCHEDULES = [
    "0 * * * *",
    "*/15 * * * *",
    "5 * * * *",
    "*/10 2 * * *",
    "0 */2 * * *",
    "30 2 * * *",
    "0 0 * * *",
    "15,45 1-3 * * *",
    "59 23 * * *",
    "0 0 30 12 *",
    "0 3 * * SUN",
]


def times(schedule: str, zone: str, after: str, until: str) -> list[str]:
    calendar, found, time_ns = Calendar(schedule, zone), [], at(after)
    while (time_ns := calendar.next_after(time_ns, 0)) <= at(until):
        found.append(text(time_ns))
    return found


@pytest.mark.parametrize(
    ("zone", "schedule", "after", "until", "expected"),
    [
        # the clock goes from 02:00 to 03:00 at 01:00 UTC, and from 03:00 to 02:00 at 01:00 UTC
        ("Europe/Oslo", "30 2 * * *", "2026-03-28", "2026-03-31", ["03-28 01:30", "03-29 01:00", "03-30 00:30"]),
        ("Europe/Oslo", "30 2 * * *", "2026-10-24", "2026-10-27", ["10-24 00:30", "10-25 00:30", "10-26 01:30"]),
        ("Europe/Oslo", "0,30 2,3 * * *", "2026-03-29", "2026-03-29T12:00Z", ["03-29 01:00", "03-29 01:30"]),
        # one that names its second, too, is a fixed time
        ("Europe/Oslo", "30 30 2 * * *", "2026-03-29", "2026-03-30", ["03-29 01:00"]),
        ("Europe/Oslo", "30 30 2 * * *", "2026-10-25", "2026-10-26", ["10-25 00:30:30"]),
        # where the minute is any, what the wall does not show does not fire, what it shows twice fires twice
        ("Europe/Oslo", "*/30 2 * * *", "2026-03-29", "2026-03-29T12:00Z", []),
        ("Europe/Oslo", "*/30 2 * * *", "2026-10-24T23:00Z", "2026-10-26T00:00Z", ["10-25 00:00", "10-25 00:30", "10-25 01:00", "10-25 01:30"]),
        # from 02:00 to 03:00 at 07:00 UTC, from 02:00 to 01:00 at 06:00 UTC
        ("America/New_York", "30 2 * * *", "2026-03-08", "2026-03-10", ["03-08 07:00", "03-09 06:30"]),
        ("America/New_York", "30 1 * * *", "2026-11-01", "2026-11-03", ["11-01 05:30", "11-02 06:30"]),
        # by half an hour: from 02:00 to 02:30 at 15:30 UTC, from 02:00 to 01:30 at 15:00 UTC
        ("Australia/Lord_Howe", "15 2 * * *", "2026-10-02", "2026-10-05", ["10-02 15:45", "10-03 15:30", "10-04 15:15"]),
        ("Australia/Lord_Howe", "45 1 * * *", "2026-04-03", "2026-04-06", ["04-03 14:45", "04-04 14:45", "04-05 15:15"]),
        ("Australia/Lord_Howe", "0 * * * *", "2026-10-03T14:00Z", "2026-10-03T17:00Z", ["10-03 14:30", "10-03 16:00", "10-03 17:00"]),
        ("Australia/Lord_Howe", "*/10 2 * * *", "2026-10-03", "2026-10-04", ["10-03 15:30", "10-03 15:40", "10-03 15:50"]),
        # no summer time in Ramadan: from 03:00 to 02:00 on 2026-02-15 and from 02:00 to 03:00 on 03-22
        ("Africa/Casablanca", "30 2 * * *", "2026-02-14", "2026-02-17", ["02-14 01:30", "02-15 01:30", "02-16 02:30"]),
        ("Africa/Casablanca", "30 2 * * *", "2026-03-21", "2026-03-24", ["03-21 02:30", "03-22 02:00", "03-23 01:30"]),
        # a quarter of an hour off, and no change
        ("Asia/Kathmandu", "0 * * * *", "2026-03-29T00:00Z", "2026-03-29T02:00Z", ["03-29 00:15", "03-29 01:15"]),
        # midnight does not exist: from 00:00 to 01:00 at 22:00 UTC
        ("Africa/Cairo", "0 0 * * *", "2026-04-22", "2026-04-25", ["04-22 22:00", "04-23 22:00", "04-24 21:00"]),
        # a day that does not exist, 2011-12-30: its firing comes right after it
        ("Pacific/Apia", "30 2 * * *", "2011-12-29", "2012-01-01", ["12-29 12:30", "12-30 10:00", "12-30 12:30", "12-31 12:30"]),
        ("Pacific/Apia", "0 */6 * * *", "2011-12-30", "2011-12-31", ["12-30 04:00", "12-30 10:00", "12-30 16:00", "12-30 22:00"]),
    ],
)  # fmt: skip
def test_where_clocks_change(zone: str, schedule: str, after: str, until: str, expected: list[str]) -> None:
    first, last = (f"{time}T00:00Z" if "T" not in time else time for time in (after, until))
    assert times(schedule, zone, first, last) == expected


@pytest.mark.parametrize("schedule", SCHEDULES)
@pytest.mark.parametrize("zone", CHANGES)
def test_all_moments_are_those_that_a_search_by_minutes_finds(zone: str, schedule: str) -> None:
    chance = random.Random(zone + schedule)
    calendar = Calendar(schedule, zone)
    for day in CHANGES[zone]:
        after_ns = at(f"{day}T00:00Z") - HOUR
        until_ns = after_ns + 96 * HOUR
        expected = searched(schedule, zone, after_ns, until_ns)
        found, time_ns = [], after_ns
        while (time_ns := calendar.next_after(time_ns, 0)) <= until_ns:
            found.append(time_ns)
        assert [*map(text, found)] == [*map(text, expected)]
        for time_ns in (chance.randint(after_ns, until_ns) for _ in range(50)):
            due_ns, last_ns = calendar.next_after(time_ns, 0), calendar.last_until(time_ns, 0)
            assert last_ns <= time_ns < due_ns
            assert [time for time in expected if last_ns < time < due_ns] == []
            assert {due_ns, last_ns} - {
                time for time in (due_ns, last_ns) if not after_ns < time <= until_ns
            } <= {*expected}


@lru_cache(2)  # a zone changes its clocks twice, and all schedules are looked for at both
def shown_each_minute(zone: str, first_ns: int, last_ns: int) -> list[tuple[datetime, int]]:
    """What the clock on the wall shows, and when."""
    tz = ZoneInfo(zone)
    return [
        (datetime.fromtimestamp(time_ns / SECOND, tz).replace(tzinfo=None), time_ns)
        for time_ns in range(first_ns, last_ns, 60 * SECOND)
    ]


def searched(schedule: str, zone: str, after_ns: int, until_ns: int) -> list[int]:
    """By the definition alone, looking at each minute's local time."""
    shown = shown_each_minute(zone, after_ns - 72 * HOUR, until_ns + 72 * HOUR)
    first, last = min(shown)[0], max(shown)[0]
    named = set()
    for local in CronSim(schedule, first - timedelta(minutes=1)):
        if local > last:
            break
        named.add(local)
    if schedule.split()[0].startswith("*") or schedule.split()[1].startswith("*"):
        moments = [time_ns for local, time_ns in shown if local in named]
    else:  # the first moment at which the clock on the wall shows that time or has passed it
        latest, passed = first, []
        for local, time_ns in shown:
            if local > latest:
                passed.append((local, time_ns))
                latest = local
        moments = sorted({passed[bisect_left(passed, (time, 0))][1] for time in named if time <= latest})
    return [time_ns for time_ns in moments if after_ns < time_ns <= until_ns]


def test_it_is_no_work_to_look_back_or_ahead_for_years() -> None:
    assert Calendar("0 0 29 2 *", "Europe/Oslo").last_until(at("2027-06-01T00:00Z"), 0) == at(
        "2024-02-28T23:00Z"
    )
    assert Calendar("* * * * * *", "UTC").last_until(at("2027-06-01T00:00Z") + 5, 0) == at(
        "2027-06-01T00:00Z"
    )
    assert datetime.fromtimestamp(
        Calendar("0 0 29 2 *", "UTC").next_after(at("2097-01-01T00:00Z"), 0) / 1e9, UTC
    ) == (datetime(2104, 2, 29, tzinfo=UTC))


def test_days_of_the_month_and_of_the_week_are_both_meant_where_one_begins_with_a_star() -> None:
    assert times("0 0 13 * FRI", "UTC", "2026-02-01T00:00Z", "2026-02-14T00:00Z") == [
        "02-06 00:00",
        "02-13 00:00",
    ]
    assert times("0 0 */2 * FRI", "UTC", "2026-02-01T00:00Z", "2026-02-14T00:00Z") == ["02-13 00:00"]
