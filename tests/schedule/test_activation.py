"""Rule 22: a trigger's record over restarts. Grid, tick numbers, what is owed and what is held survive."""

import asyncio
import random
from contextlib import AsyncExitStack

import pytest

from headrace.engine.trigger import _LATE_S
from headrace.store import MemoryStore
from support.clock import START_NS, JumpingClock
from support.flows import Seen, bench
from support.lives import DAY, HOUR, MINUTE, SECOND, SPEC, Lives
from support.stores import Reopened

HOURLY = {"interval": "1h", "emitOnStart": False}


def since_start(lives: Lives, unit: int = MINUTE) -> list[int]:
    return [(scheduled - START_NS) // unit for scheduled in lives.firings.scheduled]


async def test_rule_22_the_grid_of_a_ticker_survives_restarts(place: Reopened, clock: JumpingClock) -> None:
    lives = Lives(place, clock, HOURLY)
    for minute in (7, 30, 59, 61, 118, 150, 230):
        await lives.live(START_NS + minute * MINUTE)
        clock.set(clock.now_ns() + 30 * SECOND)
    assert since_start(lives) == [60, 120, 180]
    assert lives.firings.fired == lives.firings.scheduled


async def test_rule_22_a_changed_interval_starts_a_new_grid_at_the_last_firing(
    place: Reopened, clock: JumpingClock
) -> None:
    lives = Lives(place, clock, HOURLY)
    await lives.live(START_NS + 130 * MINUTE)
    lives.settings = {**HOURLY, "interval": "25m"}
    await lives.live(START_NS + 171 * MINUTE)
    assert since_start(lives) == [60, 120, 145, 170]


@pytest.mark.parametrize(
    ("catchup", "expected"), [("none", [60, 170]), ("latest", [60, 160, 170]), ("all", [60, 160, 170])]
)
async def test_a_schedule_has_missed_nothing_before_it_took_effect_but_the_latest(
    place: Reopened, clock: JumpingClock, catchup: str, expected: list[int]
) -> None:
    settings = {**HOURLY, "catchup": catchup}
    lives = Lives(place, clock, settings)
    await lives.live(START_NS + 110 * MINUTE)
    clock.set(START_NS + 165 * MINUTE)
    lives.settings = {**settings, "interval": "10m"}
    await lives.die("before a firing", START_NS + 165 * MINUTE)
    await lives.live(START_NS + 175 * MINUTE)
    assert since_start(lives) == expected


@pytest.mark.parametrize("when", ["before a firing", "after a firing"])
@pytest.mark.parametrize("catchup", ["none", "latest", "all"])
async def test_rule_22_emit_on_start_fires_once_per_activation_not_per_restart(
    place: Reopened, clock: JumpingClock, when: str, catchup: str
) -> None:
    lives = Lives(place, clock, {"interval": "1h", "catchup": catchup})
    await lives.die(when, START_NS + MINUTE)
    clock.set(START_NS + MINUTE)
    for _ in range(3):
        await lives.live(clock.now_ns() + MINUTE)
    assert since_start(lives) == [0]
    assert lives.firings.ticks == [1]
    assert {message["tickNumber"] for message in lives.seen["end"]} == {1}


async def test_rule_22_a_trigger_that_was_stopped_is_activated_anew_and_its_numbers_go_on(
    place: Reopened, clock: JumpingClock
) -> None:
    lives = Lives(place, clock, {"interval": "1h"})
    await lives.live(START_NS + 65 * MINUTE)
    lives.starts = False
    await lives.live(START_NS + 300 * MINUTE)
    lives.starts = True
    await lives.live(START_NS + 361 * MINUTE)
    assert since_start(lives) == [0, 60, 300, 360]
    assert lives.firings.ticks == [1, 2, 3, 4]


async def test_rule_22_max_emissions_and_tick_numbers_survive_restarts(
    place: Reopened, clock: JumpingClock
) -> None:
    lives = Lives(place, clock, {"interval": "1h", "maxEmissions": 4})
    for hour in range(9):
        await lives.live(START_NS + hour * HOUR + MINUTE)
    assert since_start(lives, HOUR) == [0, 1, 2, 3]
    assert lives.firings.ticks == [1, 2, 3, 4]


async def test_rule_22_a_firing_on_request_leaves_schedule_and_numbers_alone(
    place: Reopened, clock: JumpingClock
) -> None:
    lives = Lives(place, clock, {**HOURLY, "maxEmissions": 2})
    records = []

    async def signal(flow) -> None:
        await clock.sleep(10)
        records.append(await flow.store.trigger("test", "tick"))
        await flow.run()
        records.append(await flow.store.trigger("test", "tick"))

    await lives.live(START_NS + 61 * MINUTE, signal)
    await lives.live(START_NS + 121 * MINUTE, signal)
    assert records[0] == records[1]
    assert records[2] == records[3]
    assert [message["tickNumber"] for message in lives.seen["end"]] == [0, 1, 0, 2]


@pytest.mark.parametrize("when", ["run is open", "run has ended"])
async def test_rule_22_what_is_queued_survives_a_restart(
    place: Reopened, clock: JumpingClock, when: str
) -> None:
    """Runs take 90 minutes; the firing of hour 2 waits for the run of hour 1."""
    lives = Lives(place, clock, {**HOURLY, "overlap": "queue", "catchup": "none"}, run_s=90 * 60)
    await lives.live(START_NS + 125 * MINUTE)
    assert lives.firings.dropped == [(START_NS + 2 * HOUR, "queued")]
    if when == "run has ended":
        await lives.die("before a firing", START_NS + 10 * HOUR)
    clock.set(START_NS + 9 * HOUR + MINUTE)
    await lives.live(START_NS + 13 * HOUR - MINUTE)
    assert since_start(lives, HOUR)[:2] == [1, 2]
    assert lives.firings.ticks == list(range(1, len(lives.firings.ticks) + 1))


async def test_rule_22_only_one_is_queued(place: Reopened, clock: JumpingClock) -> None:
    lives = Lives(place, clock, {**HOURLY, "overlap": "queue"}, run_s=210 * 60)
    await lives.live(START_NS + 281 * MINUTE)
    assert [(due - START_NS) // HOUR for due, _ in lives.firings.dropped] == [2, 3, 4]
    assert [reason for _, reason in lives.firings.dropped] == ["queued", "overlap", "overlap"]
    assert since_start(lives, HOUR) == [1, 2]


@pytest.mark.parametrize("overlap", ["skip", "allow"])
@pytest.mark.parametrize("catchup", ["latest", "all"])
async def test_rule_22_a_clock_that_is_set_back_fires_nothing_twice(
    place: Reopened, clock: JumpingClock, overlap: str, catchup: str
) -> None:
    lives = Lives(place, clock, {**HOURLY, "overlap": overlap, "catchup": catchup})

    async def set_back(flow) -> None:
        await clock.sleep_until(START_NS + 3 * HOUR + 10)
        clock.set(START_NS + HOUR - 10)

    await lives.live(START_NS + 4 * HOUR + 10, set_back)
    clock.set(START_NS + 2 * HOUR)
    await lives.live(START_NS + 5 * HOUR + 10)
    assert since_start(lives, HOUR) == [1, 2, 3, 4, 5]


async def test_a_clock_that_is_set_ahead_is_no_storm(place: Reopened, clock: JumpingClock) -> None:
    lives = Lives(place, clock, {**HOURLY, "overlap": "allow"})

    async def set_ahead(flow) -> None:
        await clock.sleep_until(START_NS + HOUR + 10)
        clock.set(START_NS + 1000 * DAY + 10)
        await clock.sleep(HOUR / SECOND)
        clock.set(START_NS + 2 * HOUR + 10)

    await lives.live(START_NS + 5 * HOUR, set_ahead)
    assert since_start(lives, HOUR) == [1, 24_000, 24_001]
    lives.starts = False  # the clock had been wrong: somebody stops the trigger and starts it again
    await lives.live(START_NS + 6 * HOUR)
    lives.starts = True
    await lives.live(START_NS + 8 * HOUR + 10)
    assert since_start(lives, HOUR) == [1, 24_000, 24_001, 7, 8]


@pytest.mark.parametrize("overlap", ["skip", "queue", "allow", "cancel-running"])
async def test_rule_22_jitter_longer_than_the_interval_drops_and_doubles_nothing(
    place: Reopened, clock: JumpingClock, overlap: str
) -> None:
    settings = {"interval": "1m", "emitOnStart": False, "jitter": "10m", "overlap": overlap}
    lives = Lives(place, clock, settings, run_s=1)
    chance = random.Random(overlap)
    while clock.now_ns() < START_NS + 3 * HOUR:
        await lives.live(clock.now_ns() + chance.randint(1, HOUR))
    assert since_start(lives) == [*range(1, len(lives.firings.runs) + 1)]
    assert len(lives.firings.runs) > 165
    late_s = [(fired - scheduled) / SECOND for scheduled, fired, _ in lives.firings.runs]
    assert min(late_s) >= 0
    assert 300 < max(late_s) <= 600 + _LATE_S + 10
    assert lives.firings.dropped == []


async def test_jitter_is_the_same_after_a_restart(place: Reopened, clock: JumpingClock) -> None:
    lives = Lives(place, clock, {**HOURLY, "jitter": "30m"})
    for minute in range(5, 600, 5):
        await lives.live(START_NS + minute * MINUTE)
    late_s = [(fired - scheduled) // SECOND for scheduled, fired, _ in lives.firings.runs]
    assert since_start(lives, HOUR) == [*range(1, len(late_s) + 1)]
    assert len(late_s) >= 9
    assert len(set(late_s)) == len(late_s)

    again = Lives(type(place)(place.folder / "again"), JumpingClock(), {**HOURLY, "jitter": "30m"})
    again.place.folder.mkdir()
    await again.live(START_NS + 595 * MINUTE)
    assert again.firings.runs == lives.firings.runs


async def test_rule_22_two_that_follow_one_trigger_fire_each_time_once(clock: JumpingClock) -> None:
    store, seen = MemoryStore(), Seen()
    spec = SPEC.format(component="common-module/ticker", settings='{"interval": "1h"}', starts="true")
    async with AsyncExitStack() as stack:
        flows = [
            await stack.enter_async_context(bench(spec, seen=seen, clock=clock, store=store))
            for _ in range(3)
        ]
        for flow in flows:
            await flow.engine.follow(flow.program)
        await clock.sleep_until(START_NS + 24 * HOUR + 10)
        await asyncio.sleep(0)
    assert [message["tickNumber"] for message in seen["end"]] == [*range(1, 26)]
    assert len({message["scheduledAt"] for message in seen["end"]}) == 25
