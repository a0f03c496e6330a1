"""http-module/server: requests that are repeated become one run (rule 23). Real sockets, both stores."""

import asyncio

import pytest
from tests.components.hooks import ACCEPT, KEYED, KEYED_ACCEPT, Gate, code, hooks, value

from headrace.errors import PermanentError
from headrace.store import Caller
from support.crossing import crossings_watched
from support.flows import Seen
from support.stores import KINDS, opened


@pytest.fixture(autouse=True)
def messages_are_like_their_shapes(monkeypatch):
    with crossings_watched(monkeypatch):
        yield


@pytest.fixture(params=sorted(KINDS))
async def store(request, tmp_path):
    async with opened(KINDS[request.param](tmp_path)) as store:
        yield store


async def test_rule_23_two_callers_at_once_with_one_key_get_the_response_of_one_run(store):
    seen = Seen()
    gate = Gate(seen)
    async with hooks(KEYED, seen=seen, store=store) as site:
        asked = [asyncio.create_task(site.ask(body=[n], X_Id="7")) for n in range(5)]
        await gate.entered.wait()
        await asyncio.sleep(0.1)
        gate.opened.set()
        answers = [await each for each in asked]
        run = await site.only_run()
        assert len(seen["work"]) == 1
        assert {answer.status for answer in answers} == {201}
        assert {answer.body for answer in answers} == {answers[0].body}
        await site.settled(run.id, Caller.ANSWERED)


async def test_rule_23_a_repeat_of_an_answered_request_gets_the_same_answer(store):
    async with hooks(KEYED, store=store) as site:
        first = await site.ask(body=[1], X_Id="7")
        await site.ended((await site.only_run()).id)
        again, other = await site.ask(body=[2], X_Id="7"), await site.ask(body=[3], X_Id="8")
        assert (again.status, again.body, again.headers["x-work"]) == (201, first.body, "done")
        assert value(other) == {"got": [3]}
        assert len(site.flow.seen["work"]) == 2


async def test_a_repeat_gets_a_response_that_has_not_come_to_the_stores_file_yet(store, monkeypatch):
    async def nothing(_):
        return None

    spec = KEYED.replace(
        "nodes:", "nodes:\n  apart: {component: common-module/async}\n  more: {component: test-module/probe}"
    )
    seen = Seen()
    gate = Gate(seen, "more")
    async with hooks(
        spec.replace("- hook -> work", "- hook -> work -> apart -> more"), seen=seen, store=store
    ) as site:
        monkeypatch.setattr(store, "response", nothing)
        first = await site.ask(body=[1], X_Id="7")
        await gate.entered.wait()
        again = await site.ask(body=[1], X_Id="7")
        assert (again.status, again.body) == (201, first.body)
        gate.opened.set()


async def test_rule_23_a_repeat_gets_an_answer_though_the_first_caller_is_gone(store):
    seen = Seen()
    gate = Gate(seen)
    async with hooks(KEYED.replace("timeout: 5s", "timeout: 200ms"), seen=seen, store=store) as site:
        first = await site.ask(body=[1], X_Id="7")
        run = await site.only_run()
        asked = asyncio.create_task(site.ask(body=[1], X_Id="7"))
        await asyncio.sleep(0.05)
        gate.opened.set()
        again = await asked
        assert (first.status, again.status, value(again)) == (504, 201, {"got": [1]})
        await site.settled(run.id, Caller.ANSWERED)


async def test_rule_23_a_repeat_of_an_accepted_request_gets_its_run(store):
    async with hooks(KEYED_ACCEPT, store=store) as site:
        first = await site.ask(X_Id="7")
        again = await site.ask(X_Id="7")
        await site.ended(value(first)["run"])
        later = await site.ask(X_Id="7")
        assert {answer.status for answer in (first, again, later)} == {202}
        assert value(first) == value(again) == value(later)
        assert len(site.flow.seen["work"]) == 1


async def test_a_repeat_of_a_request_whose_run_failed_or_said_nothing_is_told_so(store):
    seen = Seen()
    seen.fail("work", PermanentError("no"))
    async with hooks(KEYED, seen=seen, store=store) as site:
        failed = [await site.ask(X_Id="7"), await site.ask(X_Id="7")]
        assert [answer.status for answer in failed] == [500, 500]
        assert value(failed[0]) == value(failed[1])
    async with hooks(KEYED_ACCEPT.replace("path: /hook", "path: /hook, mode: reply"), store=store) as site:
        silent = [await site.ask(X_Id="8"), await site.ask(X_Id="8")]
        assert [answer.status for answer in silent] == [202, 202]
        assert value(silent[0]) == value(silent[1])


async def test_requests_without_a_key_are_not_repeats():
    async with hooks(KEYED_ACCEPT) as site:
        runs = {value(await site.ask(**headers))["run"] for headers in ({}, {}, {"X_Id": ""}, {"X_Id": ""})}
    assert len(runs) == 4


async def test_a_key_that_has_no_value_is_the_callers_fault():
    spec = ACCEPT.replace("path: /hook", 'path: /hook, dedupeKey: "{{$.request.bodyJson.id.toUpperCase()}}"')
    async with hooks(spec) as site:
        answer = await site.ask(body={"di": 1})
        assert (answer.status, code(answer)) == (400, "no_dedupe_key")
        assert await site.flow.store.runs() == []
        assert (await site.ask(body={"id": "a"})).status == 202


async def test_a_run_that_was_left_unfinished_answers_a_repeat_in_the_next_process(tmp_path):
    place = KINDS["sqlite"](tmp_path)
    seen = Seen()
    gate = Gate(seen)
    async with opened(place) as store, hooks(KEYED, seen=seen, store=store) as site:
        first = asyncio.create_task(site.ask(body=[1], X_Id="7"))
        await gate.entered.wait()
        await site.flow.engine.drain(0.0)
        refused = await first
        assert (refused.status, code(refused)) == (503, "stopping")
    seen.before.clear()
    async with opened(place) as store, hooks(KEYED, store=store) as site:
        asked = asyncio.create_task(site.ask(body=[1], X_Id="7"))
        await asyncio.sleep(0.05)
        (run,) = await site.flow.engine.resume(site.flow.program)
        answer = await asked
        assert (answer.status, value(answer)) == (201, {"got": [1]})
        assert run.id == value(refused)["run"]
        await site.settled(run.id, Caller.ANSWERED)
