"""A year of firings, by a fake clock: count and times are exact, however often the process stops and dies."""

import random
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from headrace.components.common.calendar import Calendar
from support.clock import JumpingClock
from support.lives import DAY, HOUR, MINUTE, SECOND, Lives, at
from support.stores import Reopened

pytestmark = pytest.mark.timeout(300)  # a year takes ten seconds, on a machine that does nothing else

ZONES = [
    "UTC",
    "Europe/Oslo",
    "America/New_York",
    "Australia/Lord_Howe",
    "Africa/Casablanca",
    "Africa/Cairo",
    "Asia/Kathmandu",
    "Pacific/Apia",
]


async def lead(lives: Lives, end_ns: int, seed: int, mean_ns: int) -> list[tuple[int, int, str]]:
    """Lives of random length until a time, with pauses of seconds to days; how each ends is random, too.

    Returns:
        For each when it began, when it was over, and how.
    """
    chance = random.Random(seed)
    led = []
    while (begun_ns := lives.clock.now_ns()) < end_ns:
        until_ns = min(begun_ns + round(chance.expovariate(1 / mean_ns)), end_ns)
        how = chance.choice(["stop", "before a firing", "after a firing"])
        await (lives.live(until_ns) if how == "stop" else lives.die(how, until_ns))
        led.append((begun_ns, lives.clock.now_ns(), how))
        pause_ns = chance.choice([0, 0, MINUTE, 3 * HOUR, 2 * DAY])
        lives.clock.set(min(lives.clock.now_ns() + chance.randint(0, pause_ns), end_ns))
    led.append((end_ns, end_ns + SECOND, "stop"))
    await lives.live(end_ns + SECOND)
    return led


def is_decided(time_ns: int, begun_ns: int, over_ns: int, how: str) -> bool:
    """Whether a process that lived so decided a firing of that time when it was due."""
    return begun_ns <= time_ns < over_ns + (how != "before a firing")


def made_by_latest(grid: list[int], led: list[tuple[int, int, str]]) -> list[tuple[int, int]]:
    """Which of the times fire, and when, with `catchup: latest`: told from the lives alone."""
    made, undecided = [], list(grid)
    for begun_ns, over_ns, how in led:
        missed = [time for time in undecided if time < begun_ns - 5 * SECOND]
        fresh = [time for time in undecided if begun_ns - 5 * SECOND <= time <= begun_ns]
        late = (missed + fresh)[-1:] if missed else fresh
        made += [(time, begun_ns) for time in late if is_decided(begun_ns, begun_ns, over_ns, how)]
        if is_decided(begun_ns, begun_ns, over_ns, how):
            undecided = [time for time in undecided if time > begun_ns]
        due = [time for time in undecided if begun_ns < time and is_decided(time, begun_ns, over_ns, how)]
        made += [(time, time) for time in due]
        undecided = [time for time in undecided if time not in due]
    return made


def daily(clock: timedelta, zone: str, first_ns: int, last_ns: int) -> list[int]:
    """A moment of each local day: the first whose local time is no less than its `clock`. By search alone."""
    found, tz = [], ZoneInfo(zone)
    day = datetime.fromtimestamp(first_ns / SECOND, tz).replace(hour=0, minute=0, tzinfo=None)
    moment = datetime.fromtimestamp(first_ns / SECOND, UTC) - timedelta(days=1)
    while True:
        while moment.astimezone(tz).replace(tzinfo=None) < day + clock:
            moment += timedelta(minutes=1)
        if (at_ns := round(moment.timestamp()) * SECOND) > last_ns:
            return [time for time in found if time > first_ns]
        found.append(at_ns)
        day, moment = day + timedelta(days=1), moment + timedelta(hours=22)


TICKER = "ticker", {"interval": "1h", "emitOnStart": False}
CRON = "cron", {"schedule": "0 * * * *", "timezone": "Europe/Oslo"}
RAMADAN = "cron", {"schedule": "0 * * * *", "timezone": "Africa/Casablanca"}  # no summer time in it


@pytest.mark.parametrize("place", ["memory", pytest.param("sqlite", marks=pytest.mark.soak)], indirect=True)
@pytest.mark.parametrize(
    ("trigger", "first", "end", "count"),
    [
        pytest.param(TICKER, (2026, 1), (2026, 4), 2160, id="ticker-quarter"),  # its seasons are all alike
        pytest.param(TICKER, (2026, 1), (2027, 1), 8760, id="ticker-year", marks=pytest.mark.soak),
        pytest.param(RAMADAN, (2028, 1), (2028, 4), 2184, id="cron-quarter"),  # clocks change twice
        pytest.param(CRON, (2028, 1), (2029, 1), 8784, id="cron-year", marks=pytest.mark.soak),
    ],
)
async def test_rule_22_each_hour_of_a_year_fires_once_over_restarts(
    place: Reopened,
    trigger: tuple[str, dict[str, object]],
    first: tuple[int, int],
    end: tuple[int, int],
    count: int,
) -> None:
    component, settings = trigger
    zone = ZoneInfo(str(settings.get("timezone", "UTC")))
    start_ns, end_ns = (
        round(datetime(*month, 1, tzinfo=zone).timestamp()) * SECOND for month in (first, end)
    )
    lives = Lives(
        place,
        JumpingClock(start_ns),
        {**settings, "catchup": "all", "overlap": "allow"},
        f"common-module/{component}",
    )
    led = await lead(lives, end_ns, seed=first[0], mean_ns=2 * DAY)
    assert len(led) > count / 88
    assert lives.firings.scheduled == list(range(start_ns + HOUR, end_ns + 1, HOUR))
    assert lives.firings.ticks == list(range(1, count + 1))
    assert sorted(message["tickNumber"] for message in lives.seen["end"]) == lives.firings.ticks


@pytest.mark.parametrize(
    ("zone", "place"),
    [(zone, "sqlite" if number % 3 == 1 else "memory") for number, zone in enumerate(ZONES)],
    indirect=["place"],
)
async def test_rule_22_one_firing_a_local_day_for_a_year_over_restarts(place: Reopened, zone: str) -> None:
    start_ns, end_ns = at("2026-01-01T12:00Z"), at("2027-01-01T12:00Z")
    settings = {"schedule": "30 2 * * *", "timezone": zone, "catchup": "all"}
    lives = Lives(place, JumpingClock(start_ns), settings, "common-module/cron")
    led = await lead(lives, end_ns, seed=len(zone), mean_ns=10 * DAY)
    assert len(led) > 20
    assert lives.firings.scheduled == daily(timedelta(hours=2, minutes=30), zone, start_ns, end_ns)
    assert len(lives.firings.runs) == 365
    assert lives.firings.ticks == list(range(1, 366))


async def test_rule_22_of_each_pause_of_a_year_the_latest_time_fires_once(place: Reopened) -> None:
    start_ns, end_ns = at("2026-01-01T00:00Z"), at("2027-01-01T00:00Z")
    settings = {"interval": "6h", "emitOnStart": False, "overlap": "allow"}
    lives = Lives(place, JumpingClock(start_ns), settings)
    led = await lead(lives, end_ns, seed=1, mean_ns=6 * DAY)
    expected = made_by_latest(list(range(start_ns + 6 * HOUR, end_ns + 1, 6 * HOUR)), led)
    assert [(scheduled, fired) for scheduled, fired, _ in lives.firings.runs] == expected
    assert lives.firings.ticks == list(range(1, len(expected) + 1))


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("year", [2026, 2028])
def test_an_hourly_cron_fires_each_hour_of_a_year(zone: str, year: int) -> None:
    """Lord Howe moves its clocks by half an hour: what is shown there is one full hour fewer."""
    tz = ZoneInfo(zone)
    start_ns = round(datetime(year, 1, 1, tzinfo=tz).timestamp()) * SECOND - SECOND
    end_ns = round(datetime(year + 1, 1, 1, tzinfo=tz).timestamp()) * SECOND - SECOND
    hourly, count, time_ns = Calendar("0 * * * *", zone), 0, start_ns
    while (time_ns := hourly.next_after(time_ns, 0) or end_ns) < end_ns:
        count += 1
    assert count == (8784 if year == 2028 else 8760) - (zone == "Australia/Lord_Howe")
