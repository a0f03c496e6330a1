"""What a process asks of the one that executes a flow: carried out once, whenever that one dies (rule 20)."""

import asyncio
import signal
from contextlib import asynccontextmanager

import pytest

from headrace.store import Request, RequestKind, RunStatus
from support.child import child, said
from support.flows import bench
from support.made import FLOW
from support.stores import opened_file

SPEC = """
nodes:
  start: {component: common-module/signal}
  choose:
    component: common-module/router
    settings: {rules: [{when: "{{$.payload == 'wait'}}", outputPort: slow}], defaultPort: quick}
  wait: {component: common-module/delay, settings: {duration: 1h}}
  work: {component: test-module/fail, settings: {when: bad}}
edges:
  - start -> choose
  - choose:slow -> wait
  - choose:quick -> work
"""

ATTEND = """
import asyncio, os, sys
from pathlib import Path
from headrace.engine.desk import Desk
from headrace.store.sqlite import SqliteStore
from support.flows import bench

carry_out = Desk._carry_out

async def dying(desk, request):
    if sys.argv[3] == "before":
        os.kill(os.getpid(), 9)
    refusal = await carry_out(desk, request)
    if sys.argv[3] == "after":
        os.kill(os.getpid(), 9)
    return refusal

Desk._carry_out = dying

async def main():
    store = await SqliteStore.open(Path(sys.argv[1]))
    try:
        async with bench(sys.argv[2], store=store) as flow:
            await flow.engine.resume(flow.program)
            flow.engine.attend(flow.program)
            print("attends", flush=True)
            await asyncio.to_thread(sys.stdin.readline)
    finally:
        await store.close()

asyncio.run(main())
"""


@pytest.fixture
def path(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)  # the flow's file is of the same path for all
    return tmp_path / "store.db"


def attend(path, dies="never"):
    process = child(ATTEND, path, SPEC, dies)
    assert process.stdout.readline() == "attends\n"
    return process


async def answer_to(store, request):
    await store.ask(request)
    while (refusal := await store.answered(request.id)) is None:
        await asyncio.sleep(0.02)
    return refusal


@asynccontextmanager
async def attended(path):
    process = attend(path)
    try:
        async with opened_file(path) as store:
            yield store
    finally:
        status, text = said(process) if process.poll() is None else (process.returncode, "")
        assert status == 0, text


async def prepare(path):
    """A run that waits, and one that is a dead letter; gives their ids and that of the dead letter."""
    async with opened_file(path) as store, bench(SPEC, store=store) as flow:
        failed = await flow.run("bad")
        waits = await flow.engine.fire(flow.program, "start", "wait")
        (letter,) = await store.dead_letters(failed.id)
    return waits.id, failed.id, letter.task.id


def request(kind, prepared, number=1):
    waits, failed, letter = prepared
    return {
        "fire": Request(
            f"ask{number}", "test", RequestKind.FIRE, trigger="start", has_data=True, data="good"
        ),
        "cancel": Request(f"ask{number}", "test", RequestKind.CANCEL, waits),
        "retry": Request(f"ask{number}", "test", RequestKind.RETRY, failed, letter),
        "discard": Request(f"ask{number}", "test", RequestKind.DISCARD, failed, letter),
    }[kind]


async def check(kind, store, prepared):
    """It was done once, and as a whole."""
    waits, failed, letter = prepared
    letters = [found.task.id for found in await store.dead_letters(failed)]
    runs = {run.id: run for run in await store.runs()}
    match kind:
        case "fire":
            assert runs.keys() == {waits, failed, "ask1"}
            while (await store.run("ask1")).status is RunStatus.RUNNING:
                await asyncio.sleep(0.02)
        case "cancel":
            while (run := await store.run(waits)).status is RunStatus.RUNNING:
                await asyncio.sleep(0.02)
            assert run.status is RunStatus.CANCELLED
        case "retry":
            while (await store.run(failed)).status is RunStatus.RUNNING:
                await asyncio.sleep(0.02)
            assert (await store.run(failed)).error_count == 2  # it failed once before, and once more
            assert [found.task.id for found in await store.dead_letters(failed)] == [letter]
        case "discard":
            assert (letters, runs[failed].status) == ([], RunStatus.FAILED)
    if kind != "cancel":
        assert runs[waits].status is RunStatus.RUNNING


@pytest.mark.parametrize("kind", ["fire", "cancel", "retry", "discard"])
async def test_rule_20_a_request_of_another_process_is_carried_out(path, kind):
    prepared = await prepare(path)
    async with attended(path) as store:
        assert await answer_to(store, request(kind, prepared)) == ""
        await check(kind, store, prepared)


@pytest.mark.parametrize("dies", ["before", "after"])
@pytest.mark.parametrize("kind", ["fire", "cancel", "retry", "discard"])
async def test_rule_20_a_request_is_carried_out_once_though_its_process_is_killed(path, kind, dies):
    prepared = await prepare(path)
    process = attend(path, dies)
    async with opened_file(path) as store:
        await store.ask(request(kind, prepared))
        await store.ask(request(kind, prepared))  # a repeat of the same
    assert await asyncio.to_thread(process.wait, 30) == -signal.SIGKILL
    process.communicate()
    async with attended(path) as store:
        assert await answer_to(store, request(kind, prepared)) == ""
        await check(kind, store, prepared)


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        (
            Request("x", "test", RequestKind.FIRE, trigger="begin"),
            "test has no trigger `begin`; there is `start`",
        ),
        (Request("x", "test", RequestKind.CANCEL, "none"), "there is no run `none`"),
        (Request("x", "test", RequestKind.RETRY, "none", "none.1"), "run `none` has no dead letter `none.1`"),
        (
            Request("x", "test", RequestKind.DISCARD, "none", "none.1"),
            "run `none` has no dead letter `none.1`",
        ),
    ],
)
async def test_a_request_that_cannot_be_carried_out_is_refused_with_the_reason(path, asked, says):
    async with attended(path) as store:
        assert await answer_to(store, asked) == says


async def test_a_run_that_has_ended_and_one_of_another_flow_are_not_cancelled(path):
    prepared = await prepare(path)
    async with attended(path) as store:
        ended = Request("x", "test", RequestKind.CANCEL, prepared[1])
        assert await answer_to(store, ended) == f"run `{prepared[1]}` has ended already: failed"
        other = Request("y", "test", RequestKind.CANCEL, "r-other")
        assert await answer_to(store, other) == "there is no run `r-other`"


async def test_requests_wait_for_the_process_that_will_execute_the_flow(path):
    prepared = await prepare(path)
    async with opened_file(path) as store:
        assert await store.executors("test") == ()
        await store.ask(request("cancel", prepared))
        assert await store.answered("ask1") is None
    async with attended(path) as store:
        assert await answer_to(store, request("cancel", prepared)) == ""


async def test_requests_that_were_read_and_not_answered_are_read_again_after_a_release(path):
    async with opened_file(path) as store:
        await store.adopt(FLOW)
        await store.ask(Request("a", "test", RequestKind.FIRE))
        assert [each.id for each in await store.requests("test")] == ["a"]
        await store.release("test")
        await store.adopt(FLOW)
        assert [each.id for each in await store.requests("test")] == ["a"]
        await store.answer("a", "no")
        await store.answer("a", "changed")
        assert (await store.answered("a"), await store.requests("test")) == ("no", [])


async def test_looking_for_requests_costs_next_to_nothing_while_nobody_writes(path):
    async with opened_file(path) as store, opened_file(path) as other:
        await store.adopt(FLOW)
        await store.requests("test")
        statements = []
        reading = store._reader._connection
        reading.set_trace_callback(statements.append)
        assert await store.requests("test") == []
        assert statements == ["PRAGMA data_version"]
        await other.ask(Request("a", "test", RequestKind.FIRE))
        assert len(await store.requests("test")) == 1


async def test_only_the_last_answers_are_kept(path):
    async with opened_file(path) as store:
        for number in range(1005):
            await asyncio.gather(
                *(store.ask(Request(f"{number}", "test", RequestKind.FIRE)) for _ in range(1)),
                store.answer(str(number - 1)),
            )
        left = await store._reader.ask(lambda c: c.execute("SELECT count(*) FROM requests").fetchone()[0])
        assert left <= 1001
        assert await store.answered("1003") == ""


async def test_two_revivals_of_one_dead_letter_at_once_open_it_once(path):
    prepared = await prepare(path)
    async with opened_file(path) as store, bench(SPEC, store=store) as flow:
        (letter,) = await store.dead_letters(prepared[1])
        both = [flow.engine.retry(flow.program, letter) for _ in range(2)]
        results = await asyncio.gather(*both, return_exceptions=True)
        assert [getattr(result, "code", None) for result in results] == [None, "HR408"]
        assert (await flow.engine.wait(prepared[1])).error_count == 2
