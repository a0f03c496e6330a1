"""Triggers: the ticker's grid, cron, overlap, missed firings; time is a fake."""

import asyncio
from datetime import UTC, datetime

import pytest

from headrace.components.common.cron import Cron, CronSettings
from headrace.components.common.ticker import Ticker, TickerSettings
from headrace.store import RunStatus
from support.flows import Seen, bench

TICKER = """
nodes:
  tick:
    component: common-module/ticker
    settings: {settings}
  end: {{component: test-module/probe}}
edges:
  - tick -> end
"""


def times(schedule, start, count, anchor=None):
    first = int(datetime.fromisoformat(start).timestamp()) * 10**9
    found, after = [], first
    for _ in range(count):
        after = schedule.next_after(after, first if anchor is None else anchor)
        found.append(datetime.fromtimestamp(after / 1e9, UTC).strftime("%m-%d %H:%M:%S"))
    return found


async def test_a_ticker_keeps_its_grid_and_counts(jumping_clock):
    seen = Seen()

    async def slow(message, context):
        await context.clock.sleep(7)

    seen.before["end"] = slow
    spec = TICKER.format(settings="{interval: 10s, emitOnStart: true, maxEmissions: 3}")
    async with bench(spec, seen=seen, clock=jumping_clock) as flow:
        start = jumping_clock.now_ns()
        await flow.engine.follow(flow.program)
        await flow.engine.followed()
        while await flow.store.open_runs("test"):
            await jumping_clock.sleep(1)
    assert [m["tickNumber"] for m in seen["end"]] == [1, 2, 3]
    assert [(m["timestamp"] - start) / 1e9 for m in seen["end"]] == [0, 10, 20]
    assert seen["end"][1]["scheduledAt"] == "2023-11-14T22:13:30Z"


async def test_without_emit_on_start_the_first_firing_is_an_interval_later(jumping_clock):
    seen = Seen()
    spec = TICKER.format(settings="{interval: 1h, emitOnStart: false, maxEmissions: 1, payload: {a: 1}}")
    async with bench(spec, seen=seen, clock=jumping_clock) as flow:
        await flow.engine.follow(flow.program)
        await flow.engine.followed()
        while await flow.store.open_runs("test"):
            await jumping_clock.sleep(1)
    assert 3600 <= jumping_clock.slept_s < 3610
    assert seen["end"][0]["payload"] == {"a": 1}


@pytest.mark.parametrize(
    ("overlap", "ticks", "dropped"),
    [
        ("skip", [1, 2], ["overlap", "overlap", "overlap"]),
        ("queue", [1, 2, 3], ["queued"]),
        ("allow", [1, 2, 3, 4, 5], []),
        ("cancel-running", [1, 2, 3, 4, 5], []),
    ],
)
async def test_overlap(jumping_clock, overlap, ticks, dropped):
    """Runs take 25 s, ticks come every 10 s, from 0 to 40 s."""
    seen = Seen()

    async def slow(message, context):
        await context.clock.sleep(25)

    seen.before["end"] = slow
    spec = TICKER.format(settings=f"{{interval: 10s, overlap: {overlap}}}")
    async with bench(spec, seen=seen, clock=jumping_clock) as flow:
        await flow.engine.follow(flow.program)
        await jumping_clock.sleep(45)
        assert [m["tickNumber"] for m in seen["end"]] == ticks[: len(seen["end"])]
        first_drops = flow.observer.dropped[: len(dropped)]
        runs = await flow.store.runs()
    if overlap == "queue":
        assert [m["tickNumber"] for m in seen["end"]] == [1, 2]
    else:
        assert len(seen["end"]) == len(ticks)
    assert first_drops == dropped
    cancelled = [run for run in runs if run.status is RunStatus.CANCELLED]
    assert len(cancelled) == (4 if overlap == "cancel-running" else 0)


@pytest.mark.parametrize(("catchup", "expected"), [("none", 1), ("latest", 2), ("all", 6)])
async def test_firings_that_were_missed_while_the_machine_slept(jumping_clock, catchup, expected):
    seen = Seen()
    spec = TICKER.format(settings=f"{{interval: 1m, overlap: allow, catchup: {catchup}}}")
    async with bench(spec, seen=seen, clock=jumping_clock) as flow:
        await flow.engine.follow(flow.program)
        await asyncio.sleep(0)
        jumping_clock._now_ns += int(5.5 * 60e9)  # the machine was suspended
        woke_ns = jumping_clock.now_ns()
        for _ in range(200):
            await asyncio.sleep(0)
        assert len([m for m in seen["end"] if m["timestamp"] <= woke_ns]) == expected


async def test_jitter_delays_a_firing_but_not_its_scheduled_time(jumping_clock):
    seen = Seen()
    spec = TICKER.format(settings="{interval: 1h, emitOnStart: false, maxEmissions: 3, jitter: 10m}")
    async with bench(spec, seen=seen, clock=jumping_clock) as flow:
        await flow.engine.follow(flow.program)
        await flow.engine.followed()
        while await flow.store.open_runs("test"):
            await jumping_clock.sleep(1)
    assert [m["scheduledAt"][11:16] for m in seen["end"]] == ["23:13", "00:13", "01:13"]
    for tick, message in enumerate(seen["end"], start=1):
        late_s = message["timestamp"] / 1e9 - (1_700_000_000 + tick * 3600)
        assert 0 <= late_s <= 600


def test_cron_has_five_fields_or_six_with_seconds_first():
    assert times(Cron(CronSettings(schedule="30 2 * * *")).schedule, "2026-01-01T00:00:00Z", 2) == [
        "01-01 02:30:00",
        "01-02 02:30:00",
    ]
    assert times(Cron(CronSettings(schedule="*/20 0 * * * *")).schedule, "2026-01-01T00:00:00Z", 3) == [
        "01-01 00:00:20",
        "01-01 00:00:40",
        "01-01 01:00:00",
    ]
    assert times(Cron(CronSettings(schedule="@hourly")).schedule, "2026-01-01T00:10:00Z", 1) == [
        "01-01 01:00:00"
    ]


def test_cron_reads_its_schedule_in_its_time_zone():
    cron = Cron(CronSettings(schedule="0 9 * * *", timezone="Europe/Oslo"))
    assert times(cron.schedule, "2026-03-28T00:00:00Z", 2) == ["03-28 08:00:00", "03-29 07:00:00"]


@pytest.mark.parametrize("schedule", ["61 * * * *", "x", "* * *", "* * * * * * *"])
def test_a_wrong_cron_schedule_is_said(schedule):
    with pytest.raises(ValueError, match="is no cron schedule"):
        CronSettings(schedule=schedule)


def test_the_grid_of_a_ticker_starts_at_its_anchor():
    ticker = Ticker(TickerSettings(interval="90s"))
    anchor = 1_000 * 10**9
    assert ticker.schedule.next_after(anchor, anchor) == anchor + 90 * 10**9
    assert ticker.schedule.next_after(anchor + 95 * 10**9, anchor) == anchor + 180 * 10**9
    assert ticker.schedule.next_after(anchor - 5, anchor) == anchor + 90 * 10**9
