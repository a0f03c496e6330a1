"""What becomes of a trigger's record and of a firing: pure decisions, by random sequences, and compare-and-set."""

import random
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from msgspec.structs import replace

from headrace.errors import StoreError
from headrace.sdk import Overlap
from headrace.store import FireRequest, TriggerRecord
from headrace.store.firing import MAX_OPEN, activate, deactivate, decide
from headrace.store.sqlite import SqliteStore
from headrace.store.sqlite.batch import Batch

DAY = 86_400 * 10**9


def request(time: int, **options: object) -> FireRequest:
    asked = FireRequest("f", "v", "t", "out", "r", time, options.pop("fired", time), {}, lambda tick: tick)
    return replace(asked, **options)


@pytest.mark.parametrize("seed", range(300))
def test_rule_22_no_time_fires_twice_and_ticks_count_on_whatever_happens(seed: int) -> None:
    """Firings in any order and repeated, restarts, stops, runs that end; the clock may be set back."""
    chance = random.Random(seed)
    record, fired, ticks, running, now = activate(None, "s", 0), [], [], (), 0
    overlap = chance.choice([*Overlap])
    for number in range(100):
        step = chance.choice(["fire", "fire", "fire", "held", "end", "restart", "stop"])
        now += chance.randint(-30, 40)
        if step == "end":
            running = running[1:]
        elif step == "restart":
            record = activate(record, chance.choice(["s", "other"]), now, emit_on_start=True)
        elif step == "stop":
            record = activate(deactivate(record), record.schedule, now, emit_on_start=True)
        else:
            held = record.queued_ns if step == "held" else None
            starts = [record.anchor_ns] if record.owes_start else []
            time = held or chance.choice([*starts, now, now + 1, record.last_scheduled_ns])
            waits = held is None and chance.random() < 0.5
            asked = request(time, fired=now, overlap=overlap, queued=held is not None, waits=waits)
            decision = decide(record, asked, running)
            if decision.tick is not None:
                assert not (running and overlap in (Overlap.SKIP, Overlap.QUEUE))
                assert set(decision.superseded) == (
                    set(running) if overlap is Overlap.CANCEL_RUNNING else set()
                )
                running = (*(id_ for id_ in running if id_ not in decision.superseded), str(number))
                fired.append(time)
                ticks.append(decision.tick)
            assert (decision.trigger is record) == (decision.reason in ("waits", "duplicate"))
            assert decision.trigger.revision == record.revision + (decision.trigger is not record)
            record = decision.trigger
    assert len(set(fired)) == len(fired)
    assert ticks == [*range(1, len(ticks) + 1)]


def test_a_record_goes_on_unchanged_with_the_same_schedule() -> None:
    record = activate(None, "every hour", 100, emit_on_start=True)
    assert activate(record, "every hour", 900, emit_on_start=True) is record


def test_a_changed_schedule_is_counted_from_the_last_firing_and_takes_effect_now() -> None:
    record = decide(activate(None, "a", 100), request(160), ()).trigger
    changed = activate(record, "b", 900, emit_on_start=True)
    assert (changed.anchor_ns, changed.last_scheduled_ns, changed.since_ns) == (160, 160, 900)
    assert (changed.owes_start, changed.firings, changed.revision) == (False, 1, record.revision + 1)


@pytest.mark.parametrize(
    ("last", "anchor"), [(5 * DAY, 5 * DAY + 1), (6 * DAY, 6 * DAY + 1), (7 * DAY, 5 * DAY)]
)
def test_a_new_activation_is_after_the_last_firing_unless_the_clock_had_been_wrong(
    last: int, anchor: int
) -> None:
    record = deactivate(decide(activate(None, "s", 0), request(last), ()).trigger)
    assert activate(record, "s", 5 * DAY).anchor_ns == anchor


@pytest.mark.parametrize(
    ("overlap", "open_runs", "tick"),
    [
        (Overlap.SKIP, 0, 1),
        (Overlap.SKIP, 1, None),
        (Overlap.QUEUE, 1, None),
        (Overlap.CANCEL_RUNNING, 1, None),
        (Overlap.ALLOW, MAX_OPEN - 1, 1),
        (Overlap.ALLOW, MAX_OPEN, None),
    ],
)
def test_what_is_made_up_for_waits_for_room_and_is_not_decided_before(
    overlap: Overlap, open_runs: int, tick: int | None
) -> None:
    record = activate(None, "s", 0)
    decision = decide(record, request(10, overlap=overlap, waits=True), tuple(map(str, range(open_runs))))
    assert decision.tick == tick
    assert (decision.trigger is record) == (tick is None)


def test_a_stopped_or_unknown_trigger_fires_on_request_alone() -> None:
    for record in (None, deactivate(activate(None, "s", 0, emit_on_start=True))):
        assert decide(record, request(10), ()).reason == "stopped"
        on_request = decide(record, request(10, on_request=True), ("open",))
        assert (on_request.tick, on_request.trigger) == (0, record)


def test_a_limit_that_was_lowered_drops_what_is_held() -> None:
    record = replace(activate(None, "s", 0), firings=3, queued_ns=5)
    decision = decide(record, request(5, queued=True, max_firings=3), ())
    assert (decision.reason, decision.tick, decision.trigger.queued_ns) == ("exhausted", None, None)


async def test_rule_22_a_record_that_another_process_changed_is_not_changed(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    await (await SqliteStore.open(path)).close()
    read = activate(None, "s", 0)
    mine, theirs = (decide(read, request(time), ()).trigger for time in (10, 20))
    with closing(sqlite3.connect(path)) as connection:

        def write(before: TriggerRecord | None, after: TriggerRecord) -> None:
            batch = Batch()
            batch.set_trigger("f", "t", before, after)
            batch.write(connection)

        write(None, read)
        write(read, theirs)
        write(read, theirs)  # the answer to a commit was lost
        with pytest.raises(StoreError, match="changed by another process"):
            write(read, mine)
        write(theirs, decide(theirs, request(30), ()).trigger)
