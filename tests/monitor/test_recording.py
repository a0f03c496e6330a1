"""What is remembered of a run is right, and of one size."""

import pytest
from msgspec.structs import replace

from headrace.engine import NodeStats
from headrace.monitor.profile import (
    MOST_SPANS,
    NodeProfile,
    Steps,
    TaskSpan,
    decode_profile,
    encode_profile,
    joined,
)
from headrace.monitor.recording import MOST_STEPS, Recording


def recording() -> Recording:
    return Recording("r1", "users", 0)


def execute(recorded: Recording, task: str, began_s: float, seconds: float, attempt: int = 1) -> None:
    recorded.begin(task, "fetch", "in", attempt, began_s, {"page": 1})
    recorded.end(task, "done", began_s + seconds)


def test_attempts_are_told_in_the_order_of_their_beginning() -> None:
    recorded = recording()
    recorded.begin("a", "fetch", "in", 1, 1.0, {"page": 1})
    recorded.begin("b", "fetch", "in", 1, 2.0, {})
    recorded.end("a", "retried", 2.5)
    recorded.begin("a", "fetch", "in", 2, 3.0, {"page": 1})
    assert recorded.profile(4.0).tasks == [
        TaskSpan("a", "fetch", "in", 1, 1.0, 1.5, "retried", {"page": 1}),
        TaskSpan("b", "fetch", "in", 1, 2.0, 2.0, "running", {}),
        TaskSpan("a", "fetch", "in", 2, 3.0, 1.0, "running", {"page": 1}),
    ]


def test_of_very_many_tasks_the_latest_and_the_slowest_are_kept_whole() -> None:
    recorded = recording()
    for number in range(2000):
        execute(recorded, f"t{number}", number, 100 if number in (3, 7) else 0.5)
    profile = recorded.profile(3000.0)
    assert (len(profile.tasks), profile.earlier) == (MOST_SPANS, 2000 - MOST_SPANS)
    assert profile.tasks[-1].task == "t1999"
    assert len(profile.slowest) == 10
    assert {span.task for span in profile.slowest[:2]} == {"t3", "t7"}
    assert [span.seconds for span in profile.slowest[:3]] == [100, 100, 0.5]


def test_steps_double_when_they_are_too_many_and_lose_no_task() -> None:
    recorded = recording()
    for number in range(5000):
        execute(recorded, f"t{number}", number / 10, 0.001)
        assert len(recorded._steps.tasks) <= MOST_STEPS
    steps = recorded.profile(0).steps
    assert steps.seconds == pytest.approx(6.4)
    assert set(steps.tasks[:-1]) == {64}
    assert sum(steps.tasks) == 5000


def test_only_what_ended_well_is_done() -> None:
    recorded = recording()
    for result in ("retried", "dead", "dropped", "done"):
        recorded.begin("a", "fetch", "in", 1, 0.0, {})
        recorded.end("a", result, 0.01)
    recorded.end("never begun", "dead", 0.01)
    profile = recorded.profile(1.0)
    assert sum(profile.steps.tasks) == 1
    assert [span.result for span in profile.tasks] == ["retried", "dead", "dropped", "done"]


def test_a_change_is_told_once_and_of_very_many_the_latest() -> None:
    recorded = recording()
    recorded.begin("long", "fetch", "in", 1, 0.0, {})
    assert [span.task for span in recorded.take_changed()] == ["long"]
    assert recorded.take_changed() == []
    for number in range(100):
        execute(recorded, f"t{number}", number, 0.1)
    recorded.end("long", "done", 100.0)
    taken = recorded.take_changed()
    assert len(taken) == 50
    assert (taken[-1].task, taken[-1].result) == ("long", "done")
    assert taken[0].task == "t51"


def test_what_was_kept_is_gone_on_with() -> None:
    first, second, whole = recording(), recording(), recording()
    for recorded, part in ((first, range(400)), (second, range(400, 900)), (whole, range(900))):
        for number in part:
            execute(recorded, f"t{number}", number, 1 + number % 7 / 10)
        recorded.count({"fetch": NodeStats(received=len(part), failed=2)})
    kept = decode_profile(encode_profile(first.profile(400.0)))
    second.extend(kept)
    profile, wanted = second.profile(900.0), whole.profile(900.0)
    assert profile.tasks == wanted.tasks
    assert (profile.earlier, profile.steps) == (wanted.earlier, wanted.steps)
    assert [span.seconds for span in profile.slowest] == [span.seconds for span in wanted.slowest]
    assert profile.nodes == {"fetch": NodeProfile(received=900, failed=4)}


def test_what_several_processes_did_is_joined() -> None:
    one, other, whole = recording(), recording(), recording()
    for number in range(1100):
        for recorded in (whole, one if number % 3 else other):
            execute(recorded, f"t{number}", number, 1 + number % 7 / 10)
            recorded.count({"fetch": NodeStats(received=1, failed=number % 2)})
    wanted = whole.profile(1100.0)
    profile = joined([one.profile(1100.0), other.profile(1100.0)])
    assert profile is not None
    assert profile.tasks[-300:] == wanted.tasks[-300:]
    assert (len(profile.tasks), profile.earlier) == (MOST_SPANS, 1100 - MOST_SPANS)
    assert [span.seconds for span in profile.slowest] == [span.seconds for span in wanted.slowest]
    assert (profile.nodes, profile.steps) == (wanted.nodes, wanted.steps)
    assert joined([]) is None


def test_what_was_running_when_its_process_died_was_dropped() -> None:
    first, second = recording(), recording()
    first.begin("a", "fetch", "in", 1, 0.0, {})
    second.extend(first.profile(5.0))
    assert [replace(span, seconds=0) for span in second.profile(9.0).tasks] == [
        TaskSpan("a", "fetch", "in", 1, 0.0, 0, "dropped", {})
    ]
    assert second.profile(9.0).steps == Steps(0.1, [])


@pytest.mark.parametrize("damage", [('"tasks":[]', '"tasks":3'), ('"seconds":0.1', '"seconds":0.0')])
def test_a_profile_that_is_damaged_is_said_to_be(damage: tuple[str, str]) -> None:
    """Steps without a length would be doubled for ever."""
    encoded = encode_profile(recording().profile(0)).decode()
    assert damage[0] in encoded
    with pytest.raises(ValueError, match="cannot be read"):
        decode_profile(encoded.replace(*damage).encode())
