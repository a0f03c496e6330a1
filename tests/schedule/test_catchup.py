"""What becomes of firings that were missed, under each policy of overlap: docs/runtime.md has the table."""

import asyncio

import pytest

from headrace.components.common.calendar import Calendar
from headrace.components.common.ticker import Ticker, TickerSettings
from headrace.store.firing import MAX_OPEN
from support.clock import START_NS, JumpingClock
from support.lives import DAY, HOUR, MINUTE, SECOND, Lives
from support.stores import Reopened

TICKS = {"interval": "10m", "emitOnStart": False}


def minutes(lives: Lives) -> list[str]:
    """The firings, as `30@65` for one of minute 30 that fired in minute 65, or `70` where that is the same."""
    since = [
        ((scheduled - START_NS) // MINUTE, (fired - START_NS) // MINUTE)
        for scheduled, fired, _ in lives.firings.runs
    ]
    return [str(due) if due == fired else f"{due}@{fired}" for due, fired in since]


@pytest.mark.parametrize(
    ("overlap", "catchup", "expected"),
    [
        ("skip", "none", "10 20 70 80"),
        ("skip", "latest", "10 20 60@65 70 80"),
        ("skip", "all", "10 20 30@65 40@66 50@67 60@68 70 80"),
        ("queue", "none", "10 20 70 80"),
        ("queue", "latest", "10 20 60@65 70 80"),
        ("queue", "all", "10 20 30@65 40@66 50@67 60@68 70 80"),
        ("allow", "none", "10 20 70 80"),
        ("allow", "latest", "10 20 60@65 70 80"),
        ("allow", "all", "10 20 30@65 40@65 50@65 60@65 70 80"),
        ("cancel-running", "none", "10 20 70 80"),
        ("cancel-running", "latest", "10 20 60@65 70 80"),
        ("cancel-running", "all", "10 20 30@65 40@66 50@67 60@68 70 80"),
    ],
)
async def test_rule_22_what_was_missed_while_no_process_ran(
    place: Reopened, clock: JumpingClock, overlap: str, catchup: str, expected: str
) -> None:
    """Runs take a minute; there is no process from minute 25 to 65."""
    lives = Lives(place, clock, {**TICKS, "overlap": overlap, "catchup": catchup}, run_s=60)
    await lives.live(START_NS + 25 * MINUTE)
    clock.set(START_NS + 65 * MINUTE)
    await lives.live(START_NS + 85 * MINUTE)
    assert " ".join(minutes(lives)) == expected
    assert lives.firings.ticks == list(range(1, len(lives.firings.runs) + 1))


@pytest.mark.parametrize(
    ("overlap", "catchup", "expected"),
    [
        ("skip", "none", "10 80 100"),
        ("skip", "latest", "10 80 100"),
        ("skip", "all", "10 20@79 30@93 40@107"),
        ("queue", "none", "10 70@79 80@93 100@107"),
        ("queue", "latest", "10 60@79 80@93 100@107"),
        ("queue", "all", "10 20@79 30@93 40@107"),
        ("allow", "none", "10 70 80 90 100 110"),
        ("allow", "latest", "10 60@65 70 80 90 100 110"),
        ("allow", "all", "10 20@65 30@65 40@65 50@65 60@65 70 80 90 100 110"),
        ("cancel-running", "none", "10 70 80 90 100 110"),
        ("cancel-running", "latest", "10 60@65 70 80 90 100 110"),
        ("cancel-running", "all", "10 20@79 30@93 40@107"),
    ],
)
async def test_rule_22_what_was_missed_while_a_run_was_open(
    place: Reopened, clock: JumpingClock, overlap: str, catchup: str, expected: str
) -> None:
    """Runs take 14 minutes; there is no process from 12 to 65, then the first run goes on, to minute 79."""
    lives = Lives(place, clock, {**TICKS, "overlap": overlap, "catchup": catchup}, run_s=14 * 60)
    await lives.live(START_NS + 12 * MINUTE)
    clock.set(START_NS + 65 * MINUTE)
    await lives.live(START_NS + 115 * MINUTE)
    assert " ".join(minutes(lives)) == expected


async def test_rule_22_a_process_that_dies_while_it_makes_up_for_all_goes_on_where_it_was(
    place: Reopened, clock: JumpingClock
) -> None:
    lives = Lives(place, clock, {**TICKS, "catchup": "all"}, run_s=60)
    await lives.live(START_NS + MINUTE)
    clock.set(START_NS + 65 * MINUTE)
    for when in ("before a firing", "after a firing", "after a firing", "before a firing", "after a firing"):
        await lives.die(when, START_NS + 85 * MINUTE)
    await lives.live(START_NS + 85 * MINUTE)
    assert [(scheduled - START_NS) // MINUTE for scheduled in lives.firings.scheduled] == [*range(10, 90, 10)]
    assert lives.firings.ticks == [*range(1, 9)]
    assert sorted({message["tickNumber"] for message in lives.seen["end"]}) == lives.firings.ticks


@pytest.mark.parametrize(
    ("overlap", "most"), [("skip", 1), ("queue", 1), ("cancel-running", 1), ("allow", MAX_OPEN)]
)
async def test_however_much_was_missed_few_runs_are_open_at_once(
    place: Reopened, clock: JumpingClock, overlap: str, most: int
) -> None:
    settings = {"interval": "1s", "emitOnStart": False, "overlap": overlap, "catchup": "all"}
    lives = Lives(place, clock, settings, run_s=1000)
    await lives.live(START_NS + SECOND // 2)
    clock.set(START_NS + HOUR)
    open_runs = []

    async def look(flow) -> None:
        await clock.sleep(10)
        open_runs.append(len(await flow.store.open_runs("test")))

    await lives.live(START_NS + HOUR + 20 * SECOND, look)
    assert open_runs == [most]
    assert len(lives.firings.runs) == most


@pytest.mark.parametrize("catchup", ["none", "latest", "all"])
@pytest.mark.parametrize("component", ["ticker", "cron"])
async def test_a_second_by_second_schedule_that_missed_a_year_is_no_work(
    place: Reopened, clock: JumpingClock, monkeypatch: pytest.MonkeyPatch, component: str, catchup: str
) -> None:
    asked = []
    for schedule in (Calendar, type(Ticker(TickerSettings()).schedule)):
        for name in ("next_after", "last_until"):
            real = getattr(schedule, name)
            monkeypatch.setattr(schedule, name, lambda *given, real=real: asked.append(0) or real(*given))
    own = {"interval": "1s", "emitOnStart": False} if component == "ticker" else {"schedule": "* * * * * *"}
    lives = Lives(place, clock, {**own, "catchup": catchup}, f"common-module/{component}", run_s=0.3)
    await lives.live(START_NS + SECOND // 2)
    clock.set(START_NS + 365 * DAY + SECOND // 2)
    await lives.live(START_NS + 365 * DAY + 4 * SECOND)
    assert len(asked) < 200
    due_s = [(scheduled - START_NS) // SECOND for scheduled in lives.firings.scheduled]
    year_s = 365 * 86_400
    if catchup == "all":
        assert due_s == [*range(1, len(due_s) + 1)]
        assert 7 <= len(due_s) < 20
    else:
        # the latest one is on time, so it is none of the missed
        assert due_s == [year_s, year_s + 1, year_s + 2, year_s + 3, year_s + 4][: len(due_s)]
        assert len(due_s) >= 3


@pytest.mark.parametrize(("catchup", "expected"), [("none", "10 50"), ("latest", "10 40@45 50")])
async def test_what_was_missed_while_the_machine_slept(
    place: Reopened, clock: JumpingClock, catchup: str, expected: str
) -> None:
    lives = Lives(place, clock, {**TICKS, "catchup": catchup})

    async def suspend(flow) -> None:
        await clock.sleep_until(START_NS + 12 * MINUTE)
        clock.set(START_NS + 45 * MINUTE)

    await lives.live(START_NS + 55 * MINUTE, suspend)
    assert " ".join(minutes(lives)) == expected


async def test_what_is_late_by_less_than_five_seconds_was_not_missed(
    place: Reopened, clock: JumpingClock
) -> None:
    settings = {"interval": "1s", "emitOnStart": False, "overlap": "allow", "catchup": "none"}
    lives = Lives(place, clock, settings)

    async def block(flow) -> None:
        await clock.sleep_until(START_NS + 3 * SECOND + 1)
        clock.set(START_NS + 7 * SECOND + 1)
        await asyncio.sleep(0)

    await lives.live(START_NS + 9 * SECOND + 1, block)
    assert [(scheduled - START_NS) // SECOND for scheduled in lives.firings.scheduled] == [*range(1, 10)]
