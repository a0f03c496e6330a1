"""What stores keep of callers: dedupe keys, responses, and what became of who waited (rule 23)."""

import asyncio

import pytest
from msgspec.structs import replace

from headrace.errors import PermanentError
from headrace.store import (
    Caller,
    ErrorFate,
    ErrorRecord,
    FireRequest,
    Outcome,
    Response,
    TaskRecord,
    TriggerRecord,
    VersionRecord,
    decode_outcome,
)
from support.stores import KINDS, opened

FLOW = VersionRecord("test", "v1", "/flows/test.yaml", "test.yaml", "text")
LATE = ErrorRecord(5, "HR333", "too late", "hook", "test.yaml:1:1", "", 1, ErrorFate.DROPPED)


@pytest.fixture(params=sorted(KINDS))
def place(request, tmp_path):
    return KINDS[request.param](tmp_path)


def firing(run_id, key=None, **options):
    request = FireRequest(
        flow="test", version="v1", trigger="hook", port="request", run_id=run_id, scheduled_at_ns=100,
        fired_at_ns=101, vars={}, message=lambda tick: {"run": run_id}, on_request=True, dedupe_key=key,
    )  # fmt: skip
    return replace(request, **options)


def task(run_id, name):
    return TaskRecord(f"{run_id}.{name}", run_id, "node", "in", {}, {})


async def commit(store, done, **parts):
    return await store.commit(done, store.encode(Outcome(**parts)), 200, is_recorded=False)


def response(value):
    return Response(value, LATE)


# ---- dedupe keys


async def test_rule_23_firings_with_one_key_make_one_run(place):
    async with opened(place) as store:
        await store.adopt(FLOW)
        first = await store.fire(firing("r1", "k"))
        again = await store.fire(firing("r2", "k"))
        other = await store.fire(firing("r3", "l"))
        elsewhere = await store.fire(firing("r4", "k", trigger="other"))
        assert [fired.run and fired.run.id for fired in (first, again, other, elsewhere)] == [
            "r1",
            None,
            "r3",
            "r4",
        ]
        assert (again.reason, again.repeats) == ("repeated", "r1")
        assert {run.id for run in await store.runs()} == {"r1", "r3", "r4"}


async def test_rule_23_two_firings_with_one_key_at_once_make_one_run(place):
    async with opened(place) as store:
        await store.adopt(FLOW)
        keys = [f"k{number % 5}" for number in range(50)]
        fired = await asyncio.gather(*(store.fire(firing(f"r{n}", key)) for n, key in enumerate(keys)))
        made = {key: f.run.id for key, f in zip(keys, fired, strict=True) if f.run is not None}
        assert sorted(made) == ["k0", "k1", "k2", "k3", "k4"]
        repeats = [(made[key], f.repeats) for key, f in zip(keys, fired, strict=True) if f.run is None]
        assert len(repeats) == 45
        assert all(first == repeated for first, repeated in repeats)


async def test_rule_23_a_key_is_known_to_the_next_process_whether_its_run_has_ended_or_not(place):
    async with opened(place) as store:
        await store.adopt(FLOW)
        ended = await store.fire(firing("r1", "ended"))
        await commit(store, ended.task)
        await store.fire(firing("r2", "open"))
    async with opened(place) as store:
        await store.adopt(FLOW)
        assert (await store.fire(firing("r3", "ended"))).repeats == "r1"
        assert (await store.fire(firing("r4", "open"))).repeats == "r2"


async def test_rule_23_a_key_is_forgotten_with_its_run(tmp_path):
    async with opened(KINDS["sqlite"](tmp_path)) as store:
        await store.adopt(FLOW)
        first = await store.fire(firing("r1", "k"))
        await commit(store, first.task, response=response("one"))
        assert await store.prune(1, None, 10**18) == 1
        assert (await store.fire(firing("r2", "k"))).run.id == "r2"
        assert await store.response("r2") is None


async def test_rule_23_a_store_in_memory_forgets_keys_with_their_runs(monkeypatch, tmp_path):
    monkeypatch.setattr("headrace.store.memory._KEPT_RUNS", 2)
    async with opened(KINDS["memory"](tmp_path)) as store:
        await store.adopt(FLOW)
        for number in range(4):
            fired = await store.fire(firing(f"r{number}", f"k{number}"))
            await commit(store, fired.task, response=response(number))
        again = [await store.fire(firing(f"again{number}", f"k{number}")) for number in range(4)]
        assert [fired.repeats for fired in again] == ["", "", "r2", "r3"]
        assert [await store.response(f"r{number}") for number in range(4)] == [None, None, 2, 3]


# ---- responses


async def test_rule_23_the_first_response_of_a_run_counts_and_further_ones_are_errors(place):
    async with opened(place) as store:
        await store.adopt(FLOW)
        fired = await store.fire(firing("r1", "k", has_caller=True))
        first = await commit(
            store, fired.task, tasks=[task("r1", "a"), task("r1", "b")], response=response({"n": 1})
        )
        assert (first.response, first.dropped) == ({"n": 1}, ())
        second = await commit(store, task("r1", "a"), response=response({"n": 2}))
        assert (second.response, second.dropped) == (None, (LATE,))
        run = await store.run("r1")
        assert (run.has_response, run.errors, run.error_count) == (True, [LATE], 1)
    async with opened(place) as store:
        await store.adopt(FLOW)
        third = await commit(store, task("r1", "b"), response=response({"n": 3}))
        assert (third.response, third.dropped) == (None, (LATE,))
        assert await store.response("r1") == {"n": 1}
        assert (await store.run("r1")).error_count == 2


async def test_rule_23_a_response_is_kept_for_repeats_and_not_without_a_key(place):
    async with opened(place) as store:
        await store.adopt(FLOW)
        for run_id, key in (("r1", "k"), ("r2", None)):
            fired = await store.fire(firing(run_id, key))
            await commit(store, fired.task, response=response({"text": "ü", "n": 2**70}))
    async with opened(place) as store:
        assert await store.response("r1") == {"text": "ü", "n": 2**70}
        assert await store.response("r2") is None
        assert await store.response("no-such-run") is None


async def test_a_response_is_a_part_of_the_outcome_that_lies_in_the_target(place):
    async with opened(place) as store:
        found = decode_outcome(store.encode(Outcome(response=response({"a": None}))).record()).outcome
        assert found.response == response({"a": None})
        assert decode_outcome(store.encode(Outcome()).record()).outcome.response is None


async def test_a_response_that_is_too_large_is_refused_before_anything_commits(place):
    async with opened(place) as store:
        with pytest.raises(PermanentError, match=r"^the response has 64.0 MiB, and the store takes 64 MiB"):
            store.encode(Outcome(response=response("x" * 2**26)))


async def test_of_two_responses_of_a_task_the_first_counts_and_one_that_is_undone_does_not():
    task, kept, undone = Outcome(), Outcome(), Outcome()
    undone.respond(response(1))
    kept.respond(response(2))
    kept.respond(response(3))
    task.absorb_errors(undone)
    task.absorb(kept)
    late = Outcome()
    late.respond(response(4))
    task.absorb(late)
    assert (task.response.value, task.errors) == (2, [LATE, LATE])


# ---- callers


async def test_rule_23_what_became_of_a_caller_is_in_the_runs_record(place):
    async with opened(place) as store:
        await store.adopt(FLOW)
        await store.fire(firing("r1"))
        await store.fire(firing("r2", has_caller=True))
        ended = await store.fire(firing("r3", has_caller=True))
        await store.fire(firing("r4", has_caller=True))
        assert [(await store.run(f"r{n}")).caller for n in (1, 2)] == [Caller.NONE, Caller.WAITS]
        await commit(store, ended.task)
        await store.settle("r3", Caller.ANSWERED)
        await store.settle("r4", Caller.HUNG_UP)
        await store.settle("no-such-run", Caller.LOST)
        assert (await store.run("r4")).caller is Caller.HUNG_UP
    async with opened(place) as store:
        await store.adopt(FLOW)
        fates = [(await store.run(f"r{n}")).caller for n in (1, 2, 3, 4)]
        assert fates == [Caller.NONE, Caller.LOST, Caller.ANSWERED, Caller.HUNG_UP]


async def test_rule_23_a_caller_whose_run_ended_before_its_process_could_answer_is_lost(place):
    async with opened(place) as store:
        await store.adopt(FLOW)
        fired = await store.fire(firing("r1", has_caller=True))
        await commit(store, fired.task, response=response(1))
    async with opened(place) as store:
        await store.adopt(FLOW)
        assert (await store.run("r1")).caller is Caller.LOST


async def test_what_is_written_about_a_run_later_does_not_change_its_callers_fate(place):
    async with opened(place) as store:
        await store.adopt(FLOW)
        fired = await store.fire(firing("r1", has_caller=True))
        await store.settle("r1", Caller.TIMED_OUT)
        await commit(store, fired.task)
    async with opened(place) as store:
        assert (await store.run("r1")).caller is Caller.TIMED_OUT


# ---- messages that cannot be fired


def _broken(tick):
    raise PermanentError("no message")


@pytest.mark.parametrize(
    ("message", "says"),
    [
        (_broken, "no message"),
        (lambda tick: {"t": "\ud800"}, "the message for `hook:request` cannot be kept"),
        (lambda tick: {"t": "x" * 2**26}, "the message for `hook:request` has 64.0 MiB"),
    ],
    ids=["none", "no JSON", "too large"],
)
async def test_a_firing_without_a_message_decides_nothing(place, message, says):
    async with opened(place) as store:
        await store.adopt(FLOW)
        before = await store.activate("test", "hook", "each minute", 1)
        request = firing("r1", "k", message=message, on_request=False, scheduled_at_ns=100)
        with pytest.raises(PermanentError, match=says):
            await store.fire(request)
        assert await store.runs() == []
        assert (await store.fire(replace(request, message=lambda tick: tick))).task.message == 1
        after = await store.trigger("test", "hook")
        assert isinstance(before, TriggerRecord)
        assert (before.firings, after.firings) == (0, 1)
