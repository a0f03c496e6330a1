"""What every store promises: one suite for all of them. Not here: files, locks, processes."""

import asyncio

import pytest

from headrace.errors import PermanentError, StoreError
from headrace.sdk.schedule import Overlap
from headrace.store import (
    Attempt,
    ErrorFate,
    GroupMember,
    NewGroup,
    Notice,
    NoticeKind,
    Outcome,
    Revival,
    RunFilter,
    RunStatus,
    TaskRecord,
)
from support.made import FLOW, commit, error, fire_request, task
from support.stores import KINDS, opened


@pytest.fixture(params=sorted(KINDS))
def place(request, tmp_path):
    return KINDS[request.param](tmp_path)


async def begin(store, run_id="r1"):
    await store.adopt(FLOW)
    fired = await store.fire(fire_request(run_id))
    return fired.task


async def left(place):
    """What the next process finds."""
    async with opened(place) as store:
        return (await store.adopt(FLOW)).runs


async def test_a_firing_makes_a_run_with_its_first_task(place):
    async with opened(place) as store:
        first = await begin(store)
        assert first.message == {"tick": 0}
        run = await store.run("r1")
        assert (run.flow, run.version, run.trigger, run.vars) == ("test", "v1", "start", {"a": 1})
        assert run.status is RunStatus.RUNNING
    (found,) = await left(place)
    assert found.run.id == "r1"
    assert [(t, a.first, a.number) for t, a in found.tasks] == [(first, False, 1)]


async def test_a_commit_opens_what_the_outcome_holds_and_closes_its_task(place):
    async with opened(place) as store:
        first = await begin(store)
        new = task("r1", "a", {"n": 2**70, "t": "ü\0😀"}, lane="node", closes_loop=True, resume={"at": 3})
        committed = await commit(store, first, tasks=[new], counters={"node.items": 3}, errors=[error()])
        assert committed.tasks == (new,)
        assert committed.ended is None
    (found,) = await left(place)
    assert [t for t, _ in found.tasks] == [new]
    assert found.run.counters == {"node.items": 3}
    assert found.run.errors == [error()]
    assert (found.run.error_count, found.run.tasks_done) == (1, 1)


async def test_a_base_that_differs_from_the_message_is_kept(place):
    async with opened(place) as store:
        first = await begin(store)
        await commit(store, first, tasks=[TaskRecord("r1.a", "r1", "node", "in", {"a": 1}, {"b": None})])
    (found,) = await left(place)
    assert (found.tasks[0][0].message, found.tasks[0][0].base) == ({"a": 1}, {"b": None})


async def test_deciding_a_task_twice_changes_nothing(place):
    async with opened(place) as store:
        first = await begin(store)
        keeps_open = task("r1", "a")
        await commit(store, first, tasks=[keeps_open], counters={"c": 1})
        again = await commit(store, first, tasks=[task("r1", "b")], counters={"c": 1})
        assert (again.tasks, again.ended) == ((), None)
        assert (await store.run("r1")).counters == {"c": 1}
        assert [t.id for t, _ in await store.open_tasks("r1")] == ["r1.a"]
        assert (await store.open_count("r1"), await store.open_count("unknown")) == (1, 0)


async def test_a_task_that_is_decided_is_not_opened_again_by_a_late_retry(place):
    async with opened(place) as store:
        first = await begin(store)
        await commit(store, first, tasks=[task("r1", "a")])
        due = Attempt(number=2, first=False)
        for late in (first, task("r1", "unknown"), task("unknown", "a")):
            told = await store.retry(late, due, error(ErrorFate.RETRIED), 200)
            assert (told.tasks, told.ended) == ((), None)
        assert [t.id for t, _ in await store.open_tasks("r1")] == ["r1.a"]
        assert (await store.run("r1")).retries == 0


async def test_the_last_task_ends_its_run(place):
    async with opened(place) as store:
        first = await begin(store)
        committed = await commit(store, first)
        assert committed.ended.status is RunStatus.SUCCEEDED
        assert committed.ended.ended_at_ns == 200
        assert (await store.run("r1")).status is RunStatus.SUCCEEDED
    assert await left(place) == ()


async def test_a_recorded_commit_is_found_by_the_next_process(place):
    async with opened(place) as store:
        first = await begin(store)
        await commit(store, first, tasks=[task("r1", "a")], is_recorded=True)
    (found,) = await left(place)
    assert [t.id for t, _ in found.tasks] == ["r1.a"]


async def test_attempts_are_kept(place):
    async with opened(place) as store:
        first = await begin(store)
        due = Attempt(number=3, infrastructure=2, due_at_ns=10**18, first=False)
        assert await store.retry(first, due, error(ErrorFate.RETRIED), 200) is None
    (found,) = await left(place)
    assert found.tasks[0][1] == due
    assert (found.run.retries, found.run.error_count, len(found.run.errors)) == (1, 0, 1)


async def test_a_task_that_fails_for_good_is_a_dead_letter_and_its_run_fails(place):
    async with opened(place) as store:
        first = await begin(store)
        committed = await store.bury(first, 5, error(ErrorFate.DEAD), 200)
        assert committed.ended.status is RunStatus.FAILED
    async with opened(place) as store:
        await store.adopt(FLOW)
        for found in (await store.dead_letters("r1"), await store.dead_letters(flow="test")):
            assert [(d.task, d.error, d.attempts, d.flow) for d in found] == [
                (first, error(ErrorFate.DEAD), 5, "test")
            ]
        assert await store.dead_letters("other") == []
        assert (await store.run("r1")).dead_letters == 1


async def test_a_dead_letter_that_is_revived_opens_its_run_on_the_version_that_is_given(place):
    async with opened(place) as store:
        first = await begin(store)
        await store.bury(first, 5, error(ErrorFate.DEAD), 200)
    async with opened(place) as store:
        await store.adopt(FLOW)
        revived = await store.revive(Revival("r1", first.id, "v2", {"a": 2}))
        assert [(t, a.first) for t, a in revived.tasks] == [(first, False)]
        assert (revived.run.status, revived.run.version) == (RunStatus.RUNNING, "v2")
        assert await store.dead_letters("r1") == []
        assert await store.revive(Revival("r1", first.id, "v2", {})) is None
    (found,) = await left(place)
    assert (found.run.vars, found.run.dead_letters, found.run.ended_at_ns) == ({"a": 2}, 0, None)
    async with opened(place) as store:
        await store.adopt(FLOW)
        committed = await commit(store, first)
        assert committed.ended.status is RunStatus.SUCCEEDED


async def test_a_revived_message_may_be_edited(place):
    async with opened(place) as store:
        first = await begin(store)
        await store.bury(first, 5, error(ErrorFate.DEAD), 200)
        revived = await store.revive(Revival("r1", first.id, "v1", {}, is_edited=True, message={"new": 1}))
    assert [(t.id, t.message, t.base) for t, _ in revived.tasks] == [(first.id, {"new": 1}, {"new": 1})]
    (found,) = await left(place)
    assert found.tasks[0][0].message == {"new": 1}


async def test_an_edited_message_that_cannot_be_kept_leaves_the_dead_letter(place):
    async with opened(place) as store:
        first = await begin(store)
        await store.bury(first, 5, error(ErrorFate.DEAD), 200)
        with pytest.raises(PermanentError, match="cannot be kept"):
            await store.revive(Revival("r1", first.id, "v1", {}, is_edited=True, message="\ud800"))
        assert [letter.task for letter in await store.dead_letters("r1")] == [first]
        assert (await store.run("r1")).status is RunStatus.FAILED
    assert await left(place) == ()


async def test_a_dead_letter_may_be_discarded_once(place):
    async with opened(place) as store:
        first = await begin(store)
        await store.bury(first, 5, error(ErrorFate.DEAD), 200)
        assert not await store.discard("other", first.id)
        assert await store.discard("r1", first.id)
        assert not await store.discard("r1", first.id)
        assert await store.dead_letters("r1") == []
        assert (await store.run("r1")).status is RunStatus.FAILED


async def test_a_cancelled_run_ends_when_what_was_executing_is_decided(place):
    async with opened(place) as store:
        first = await begin(store)
        tasks = [task("r1", name) for name in "abc"]
        await commit(store, first, tasks=tasks)
        kept = frozenset({"r1.a", "r1.b"})
        assert (await store.cancel("r1", RunStatus.CANCELLED, None, kept, 300)).ended is None
        assert (await commit(store, tasks[0], tasks=[task("r1", "d")])).tasks == ()
    (found,) = await left(place)
    assert [t.id for t, _ in found.tasks] == ["r1.b"]
    assert found.is_cancelled
    async with opened(place) as store:
        await store.adopt(FLOW)
        assert (await store.drop(tasks[1], 400)).ended.status is RunStatus.CANCELLED


async def test_a_dead_letter_that_is_revived_does_not_undo_the_cancelling_of_its_run(place):
    async with opened(place) as store:
        first = await begin(store)
        await commit(store, first, tasks=[task("r1", "a"), task("r1", "b")])
        await store.bury(task("r1", "a"), 5, error(ErrorFate.DEAD), 200)
        await store.cancel("r1", RunStatus.CANCELLED, None, frozenset({"r1.b"}), 300)
        await store.revive(Revival("r1", "r1.a", "v1", {}))
    (found,) = await left(place)
    assert found.is_cancelled
    assert {t.id for t, _ in found.tasks} == {"r1.a", "r1.b"}


async def test_a_firing_cancels_the_run_that_it_supersedes_once_what_executes_is_decided(place):
    options = {"on_request": False, "overlap": Overlap.CANCEL_RUNNING}
    async with opened(place) as store:
        await store.adopt(FLOW)
        await store.activate("test", "start", "PT10S", 0)
        first = await store.fire(fire_request("r1", scheduled_at_ns=1, **options))
        second = await store.fire(fire_request("r2", scheduled_at_ns=2, **options))
        assert (second.superseded["r1"].ended.status, first.superseded) == (RunStatus.CANCELLED, {})
        executing = frozenset({"r2.0"})
        third = await store.fire(
            fire_request("r3", scheduled_at_ns=3, cut_off=lambda run_id: executing, **options)
        )
        assert third.superseded["r2"].ended is None
        assert (await store.run("r2")).status is RunStatus.RUNNING
    async with opened(place) as store:
        left = (await store.adopt(FLOW)).runs
        assert [(run.run.id, run.is_cancelled) for run in left] == [("r2", True), ("r3", False)]
        assert (await store.drop(second.task, 9)).ended.status is RunStatus.CANCELLED


async def test_a_group_announces_its_end_once_with_what_failed_over_restarts(place):
    member = {key: GroupMember("r1.g", key + 1, "batch", key, 10) for key in range(3)}
    done = TaskRecord("r1.g.done", "r1", "node", "done", {"total": 30}, {"total": 30}, is_output=True)
    tasks = [task("r1", f"m{key}", group=member[key]) for key in member]
    async with opened(place) as store:
        first = await begin(store)
        await commit(store, first, tasks=tasks, groups=[NewGroup("r1.g", done, 30)])
        await commit(store, tasks[0], errors=[error(message="first")])
    async with opened(place) as store:
        await store.adopt(FLOW)
        assert (await store.bury(tasks[1], 1, error(ErrorFate.DEAD, "second"), 200)).tasks == ()
    async with opened(place) as store:
        await store.adopt(FLOW)
        (announced,) = (await commit(store, tasks[2])).tasks
    assert announced.id == "r1.g.done"
    assert announced.message == {
        "total": 30,
        "processed": 10,
        "failed": 2,
        "errors": [
            {"error": "first", "batchNum": 1, "handled": True},
            {"error": "second", "batchNum": 2, "handled": False},
        ],
    }
    (found,) = await left(place)
    assert [t.id for t, _ in found.tasks] == ["r1.g.done"]


async def test_what_a_member_makes_joins_the_group_also_over_a_restart(place):
    member = GroupMember("r1.g", 1, "batch", 0, 1)
    done = TaskRecord("r1.g.done", "r1", "node", "done", {}, {}, is_output=True)
    one, below = task("r1", "a", group=member), task("r1", "b", group=member)
    async with opened(place) as store:
        first = await begin(store)
        await commit(store, first, tasks=[one], groups=[NewGroup("r1.g", done, 1)])
        assert [t.id for t in (await commit(store, one, tasks=[below])).tasks] == ["r1.b"]
    async with opened(place) as store:
        await store.adopt(FLOW)
        assert [t.id for t in (await commit(store, below)).tasks] == ["r1.g.done"]


async def test_an_outer_group_waits_for_an_inner_one_over_restarts(place):
    outer = GroupMember("r1.o", 1, "batch", 0, 1)
    inner = GroupMember("r1.i", 1, "batch", 0, 1)
    outer_done = TaskRecord("r1.o.done", "r1", "node", "done", {}, {}, is_output=True)
    inner_done = TaskRecord("r1.i.done", "r1", "node", "done", {}, {}, is_output=True, group=outer)
    begins, works = task("r1", "a", group=outer), task("r1", "b", group=inner)
    async with opened(place) as store:
        first = await begin(store)
        await commit(store, first, tasks=[begins], groups=[NewGroup("r1.o", outer_done, 1)])
        await commit(store, begins, tasks=[works], groups=[NewGroup("r1.i", inner_done, 1)])
    async with opened(place) as store:
        await store.adopt(FLOW)
        (told,) = (await commit(store, works, errors=[error()])).tasks
        assert told.id == "r1.i.done"
    async with opened(place) as store:
        await store.adopt(FLOW)
        (told,) = (await commit(store, told)).tasks
    assert (told.id, told.message["failed"]) == ("r1.o.done", 1)


async def test_state_commits_with_its_task(place):
    async with opened(place) as store:
        first = await begin(store)
        assert await store.state("test", "cursor") is None
        await commit(store, first, tasks=[task("r1", "a")], state={"cursor": {"at": 1}, "gone": 1})
        await commit(store, task("r1", "a"), state={"gone": None})
    async with opened(place) as store:
        assert await store.state("test", "cursor") == {"at": 1}
        assert await store.state("test", "gone") is None
        assert await store.state("other", "cursor") is None


async def test_versions_are_kept_with_text_and_overrides(place):
    async with opened(place) as store:
        await store.adopt(FLOW)
        assert await store.version("test", "v1") == FLOW
        assert await store.version("test", "v2") is None


async def test_runs_are_listed_the_latest_first_by_flow_and_status(place):
    async with opened(place) as store:
        await store.adopt(FLOW)
        for number in range(4):
            fired = await store.fire(fire_request(f"r{number}", fired_at_ns=1000 + number))
            if number < 2:
                await commit(store, fired.task)
        assert [run.id for run in await store.runs()] == ["r3", "r2", "r1", "r0"]
        assert [run.id for run in await store.runs(RunFilter(limit=2))] == ["r3", "r2"]
        running = RunFilter(statuses=frozenset({RunStatus.RUNNING}))
        assert [run.id for run in await store.runs(running)] == ["r3", "r2"]
        assert await store.runs(RunFilter(flow="other")) == []
        assert [run.id for run in await store.runs(RunFilter(started_after_ns=1002))] == ["r3"]


async def test_runs_with_rows_in_a_target_are_told_until_the_rows_are_gone(place):
    async with opened(place) as store:
        first = await begin(store)
        await commit(store, first, is_recorded=True)
        second = (await store.fire(fire_request("r2"))).task
        await commit(store, second)
        assert await store.recorded_runs("test", 200, 10) == []
        assert await store.recorded_runs("test", 201, 10) == ["r1"]
        await store.forget_rows(["r1"])
        assert await store.recorded_runs("test", 201, 10) == []


async def test_rule_4_what_cannot_be_kept_is_refused_before_anything_commits(place):
    async with opened(place) as store:
        for message, says, code in (
            ({"text": "\ud800"}, "cannot be kept", "HR401"),
            ({"text": "x" * 65 * 2**20}, "64 MiB at most", "HR402"),
        ):
            with pytest.raises(PermanentError, match=says) as refused:
                store.encode(Outcome(tasks=[task("r1", "a", message)]))
            assert refused.value.code == code


async def test_a_store_in_memory_takes_no_requests(tmp_path):
    async with opened(KINDS["memory"](tmp_path)) as store:
        with pytest.raises(StoreError):
            await store.ask(None)


async def test_a_flow_may_be_held_without_its_file(place):
    async with opened(place) as store:
        first = await begin(store)
        await commit(store, first, tasks=[task("r1", "open")])
        assert await store.flows() == {"test": "/flows/test.yaml"}
    async with opened(place) as store:
        (found,) = await store.hold("test")
        assert (found.run.id, [task.id for task, _ in found.tasks]) == ("r1", ["r1.open"])
        assert not any(attempt.first for _, attempt in found.tasks)
        ended = await store.cancel("r1", RunStatus.CANCELLED, None, frozenset(), 300)
        assert ended.ended is not None
        await store.release("test")
        assert await store.flows() == {"test": "/flows/test.yaml"}
        assert (await store.version("test", "v1")) == FLOW
    assert await left(place) == ()


async def test_one_dead_letter_is_found_by_its_ids(place):
    async with opened(place) as store:
        first = await begin(store)
        await store.bury(first, 1, error(ErrorFate.DEAD), 200)
        letter = await store.dead_letter("r1", first.id)
        assert (letter.task, letter.attempts, letter.flow) == (first, 1, "test")
        assert await store.dead_letter("r2", first.id) is None
        assert await store.dead_letter("r1", "r1.none") is None


async def test_runs_are_found_by_the_beginning_of_their_ids(place):
    async with opened(place) as store:
        await store.adopt(FLOW)
        for number, id_ in enumerate(("ab1", "ab2", "a%c")):
            await store.fire(fire_request(id_, fired_at_ns=number + 1))
        found = [
            [run.id for run in await store.runs(RunFilter(id_prefix=text))] for text in ("ab", "a%", "b")
        ]
        assert found == [["ab2", "ab1"], ["a%c"], []]


def revival(dead):
    return Revival(dead.run_id, dead.id, "v1", {})


async def test_a_dead_letter_that_is_revived_twice_at_once_is_revived_once(place):
    async with opened(place) as store:
        first = await begin(store)
        await store.bury(first, 1, error(ErrorFate.DEAD), 200)
        both = await asyncio.gather(store.revive(revival(first)), store.revive(revival(first)))
        assert [run is None for run in both] == [False, True]
        assert (await store.run("r1")).dead_letters == 0
        assert [task.id for task, _ in await store.open_tasks("r1")] == [first.id]


async def test_a_dead_letter_that_is_revived_and_discarded_at_once_is_one_of_both(place):
    async with opened(place) as store:
        first = await begin(store)
        await store.bury(first, 1, error(ErrorFate.DEAD), 200)
        revived, is_discarded = await asyncio.gather(
            store.revive(revival(first)), store.discard("r1", first.id)
        )
        assert (revived is not None, is_discarded) == (True, False)


async def test_a_run_whose_end_is_being_written_goes_on_with_a_dead_letter_that_is_revived(place):
    async with opened(place) as store:
        first = await begin(store)
        await commit(store, first, tasks=[task("r1", "bad"), task("r1", "last")])
        bad, last = [entry for entry, _ in await store.open_tasks("r1")]
        await store.bury(bad, 1, error(ErrorFate.DEAD), 200)
        _, revived = await asyncio.gather(commit(store, last), store.revive(revival(bad)))
        run = await store.run("r1")
        assert (run.status, [task.id for task, _ in revived.tasks]) == (RunStatus.RUNNING, [bad.id])
        ended = await commit(store, bad)
        assert ended.ended.status is RunStatus.SUCCEEDED
    assert await left(place) == ()


async def test_how_a_run_went_is_kept_with_it_over_a_restart(place):
    async with opened(place) as store:
        await begin(store)
        await store.keep_profile("r1", b"first")
        await store.keep_profile("r1", b"second" * 10_000)
        await store.keep_profile("nobody", b"lost")
    async with opened(place) as store:
        assert list((await store.profiles("r1")).values()) == [b"second" * 10_000]
        assert await store.profiles("r2") == {}
        assert await store.profiles("nobody") == {}


def notice(number, kind=NoticeKind.FAILURE, flow="test"):
    return Notice(f"n{number}", flow, kind, number, {"number": number})


async def test_notices_are_kept_until_they_are_sent_over_a_restart(place):
    async with opened(place) as store:
        for number in (1, 2):
            await store.announce(notice(number))
        await store.announce(notice(3, flow="other"))
        await store.announce(notice(2, NoticeKind.RECOVERY))  # the same once more
        await store.sent(notice(1))
    async with opened(place) as store:
        assert await store.notices("test") == [notice(2)]
        assert await store.last_notice("test") == notice(2)
        await store.sent(notice(2))
        await store.sent(notice(2))
        assert await store.notices("test") == []
        assert await store.last_notice("test") == notice(2)
        assert await store.last_notice("nobody") is None


async def test_of_very_many_notices_what_was_said_last_is_known(place):
    async with opened(place) as store:
        for number in range(50):
            await store.announce(notice(number))
            await store.sent(notice(number))
        assert await store.last_notice("test") == notice(49)
