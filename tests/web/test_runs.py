"""Runs and dead letters, by the API."""

import asyncio
import json

import pytest

from headrace.store import RunFilter
from headrace.store.sqlite import SqliteStore
from support.flows import bench
from web.served import SYNC, served

SLOW = """
  nodes:
    go: {component: common-module/signal}
    wait: {component: common-module/delay, settings: {duration: 30s}}
  edges:
    - go -> wait
"""


async def test_runs_come_by_pages_and_filters(tmp_path):
    async with served(tmp_path) as server:
        fired = [await server.fire({"num": num}) for num in (1, 2, 0, 4, 0)]
        found, path = [], "runs?limit=2"
        while True:
            page = await server.get(path)
            found += [run["id"] for run in page["runs"]]
            if page["next"] is None:
                break
            path = f"runs?limit=2&before={page['next']}"
        assert found == fired[::-1]
        failed = (await server.get("runs?status=failed&flow=sync&trigger=go"))["runs"]
        assert [run["id"] for run in failed] == [fired[4], fired[2]]
        both = (await server.get("runs?status=failed&status=succeeded"))["runs"]
        assert len(both) == 5
        for path in ("runs?flow=other", "runs?trigger=tick", "runs?status=running"):
            assert (await server.get(path))["runs"] == []


@pytest.mark.parametrize(
    "query",
    [
        "limit=0",
        "limit=501",
        "limit=x",
        "status=done",
        "before=x",
        "before=1.",
        "before=99999999999999999999.a",
    ],
)
async def test_a_wrong_filter_is_told(tmp_path, query):
    async with served(tmp_path) as server:
        reply = await server.ask("GET", f"runs?{query}")
        assert (reply.status, reply.code) == (422, "invalid")


async def test_a_run_tells_its_errors_its_counters_how_it_went_and_the_one_before(tmp_path):
    async with served(tmp_path) as server:
        first = await server.fire({"num": 4})
        run = await server.fire({"num": 0})
        detail = await server.get(f"runs/{run}")
        assert (detail["status"], detail["errors"], detail["deadLetters"]) == ("failed", 1, 1)
        (error,) = detail["errorList"]
        assert error["place"].startswith(f"{server.folder}/sync.yaml:")
        assert "^" in error["excerpt"]
        assert error["fate"] == "dead"
        assert detail["vars"] == {"by": 2}
        assert detail["previous"]["id"] == first
        assert detail["isCurrentVersion"]
        assert detail["openTasks"] == []
        assert detail["profile"]["nodes"]["halve"]["received"] == 1
        assert [span["result"] for span in detail["profile"]["tasks"]] == ["done", "dead"]
        (told,) = (await server.get("errors"))["errors"]
        assert (told["run"], told["flow"], told["code"]) == (run, "sync", error["code"])


async def test_a_run_that_goes_on_tells_its_counts_and_what_is_open_and_is_cancelled(tmp_path):
    async with served(tmp_path, {"slow": SLOW}) as server:
        run = (await server.post("flows/slow/triggers/go/fire", {}))["run"]
        async with asyncio.timeout(5):
            while not (detail := await server.get(f"runs/{run}"))["openTasks"] or not any(
                task["node"] == "wait" for task in detail["openTasks"]
            ):
                await asyncio.sleep(0.01)
        assert (detail["status"], detail["live"]["runs"]) == ("running", [run])
        assert (await server.get("flows/slow"))["openRuns"] == 1
        await server.post(f"runs/{run}/cancel")
        await server.site.engine.wait(run)
        assert (await server.get(f"runs/{run}"))["status"] == "cancelled"
        again = await server.ask("POST", f"runs/{run}/cancel")
        assert (again.status, again.code) == (409, "refused")


async def test_a_run_of_a_flow_that_another_process_executes_is_cancelled_there(tmp_path):
    url = f"sqlite:///{tmp_path}/store.db"
    spec = SLOW.replace("\n  ", "\n")
    other = await SqliteStore.open(tmp_path / "store.db")
    async with bench(spec, store=other) as flow, served(tmp_path, {"test": SLOW}, store=url) as server:
        flow.engine.attend(flow.program)
        run = await flow.engine.fire(flow.program, "go")
        assert (await server.get("flows/test"))["state"] == "elsewhere"
        await server.post(f"runs/{run.id}/cancel")
        assert (await flow.engine.wait(run.id)).status.value == "cancelled"


async def test_dead_letters_are_listed_filtered_and_looked_at(tmp_path):
    async with served(tmp_path) as server:
        runs = [await server.fire({"num": 0, "which": which}) for which in "abc"]
        listed = await server.get("dead-letters?limit=2")
        assert (listed["total"], len(listed["letters"])) == (3, 2)
        rest = await server.get(f"dead-letters?limit=2&before={listed['next']}")
        letters = [*listed["letters"], *rest["letters"]]
        assert [letter["run"] for letter in letters] == runs[::-1]
        assert "message" not in letters[0]
        letter = letters[0]
        assert (letter["flow"], letter["node"], letter["error"]["fate"]) == ("sync", "halve", "dead")
        detail = await server.get(f"dead-letters/{letter['run']}/{letter['task']}")
        assert detail["message"]["payload"] == {"num": 0, "which": "c"}
        assert not detail["isMasked"]
        queries = {
            f"run={runs[0]}": 1,
            f"code={letter['error']['code']}": 3,
            f"node={letter['error']['node']}": 3,
            "code=HR999": 0,
            "text=DIVIDE": 3,
            "text=nothing": 0,
            "flow=other": 0,
        }
        for query, count in queries.items():
            assert (await server.get(f"dead-letters?{query}"))["total"] == count, query


async def test_a_dead_letter_is_tried_again_with_an_edited_message_and_its_run_goes_well(tmp_path):
    async with served(tmp_path) as server:
        run = await server.fire({"num": 0})
        (letter,) = (await server.get("dead-letters"))["letters"]
        path = f"dead-letters/{run}/{letter['task']}"
        await server.post(f"{path}/retry")  # as it is: fails again
        await server.site.engine.wait(run)
        message = (await server.get(path))["message"]
        await server.post(f"{path}/retry", {"message": {**message, "payload": {"num": 5}}})
        await server.site.engine.wait(run)
        assert (await server.get(f"runs/{run}"))["status"] == "succeeded"
        assert (await server.get("dead-letters"))["total"] == 0
        gone = await server.ask("POST", f"{path}/retry", {})
        assert (gone.status, gone.code) == (404, "not_found")


async def test_a_message_of_null_is_an_edited_one(tmp_path):
    async with served(tmp_path) as server:
        run = await server.fire({"num": 0})
        (letter,) = (await server.get("dead-letters"))["letters"]
        await server.post(f"dead-letters/{run}/{letter['task']}/retry", {"message": None})
        await server.site.engine.wait(run)
        assert (await server.get(f"dead-letters/{run}/{letter['task']}"))["message"] is None


async def test_a_dead_letter_is_discarded_and_its_run_stays(tmp_path):
    async with served(tmp_path) as server:
        run = await server.fire({"num": 0})
        (letter,) = (await server.get("dead-letters"))["letters"]
        path = f"dead-letters/{run}/{letter['task']}"
        assert (await server.ask("DELETE", path)).status == 200
        assert (await server.ask("DELETE", path)).code == "not_found"
        assert (await server.get(f"runs/{run}"))["status"] == "failed"


async def test_many_dead_letters_are_tried_again_or_discarded_at_once(tmp_path, monkeypatch):
    monkeypatch.setattr("headrace.web.api.letters._AT_ONCE", 10)
    async with served(tmp_path) as server:
        runs = [await server.fire({"num": 0}) for _ in range(25)]
        letters = (await server.get("dead-letters?limit=3"))["letters"]
        named = [{"run": letter["run"], "task": letter["task"]} for letter in letters]
        none = {"run": "x", "task": "y"}
        bulk = await server.post("dead-letters/discard", {"letters": [*named, named[0], none]})
        assert bulk["accepted"] == named
        assert [refused["run"] for refused in bulk["refused"]] == ["x"]
        server.write("sync", SYNC.replace("100 / $.payload.num", "1"))
        await server.site.folder.scan()
        bulk = await server.post("dead-letters/retry", {"flow": "sync", "text": "divide"})
        assert (len(bulk["accepted"]), bulk["refused"]) == (22, [])
        for run in runs:
            await server.site.engine.wait(run)
        assert (await server.get("dead-letters"))["total"] == 0
        assert len(await server.site.store.runs(RunFilter(limit=1000))) == 25
        succeeded = (await server.get("runs?status=succeeded&limit=500"))["runs"]
        assert len(succeeded) == 22


async def test_all_dead_letters_of_a_run_are_tried_again(tmp_path):
    async with served(tmp_path) as server:
        run, other = await server.fire({"num": 0}), await server.fire({"num": 0})
        bulk = await server.post(f"runs/{run}/retry")
        assert [each["run"] for each in bulk["accepted"]] == [run]
        await server.site.engine.wait(run)
        assert (await server.get(f"runs/{other}"))["deadLetters"] == 1


async def test_a_dead_letter_of_a_flow_that_nobody_executes_is_refused_and_stays(tmp_path):
    url = f"sqlite:///{tmp_path}/store.db"
    async with served(tmp_path, store=url) as server:
        run = await server.fire({"num": 0})
    (tmp_path / "flows" / "sync.yaml").unlink()
    async with served(tmp_path, {"other": SYNC}, store=url) as server:
        bulk = await server.post(f"runs/{run}/retry")
        assert bulk["accepted"] == []
        assert "no process executes flow `sync`" in bulk["refused"][0]["reason"]
        assert (await server.get("dead-letters"))["total"] == 1


@pytest.mark.parametrize("depth", [300, 3000])
async def test_a_message_that_is_nested_deeply_is_looked_at_and_tried_again(tmp_path, depth):
    deep = b"[" * depth + b"]" * depth
    async with served(tmp_path) as server:
        body = b'{"payload": {"num": 0, "deep": ' + deep + b"}}"
        fired = await server.ask("POST", "flows/sync/triggers/go/fire", body, Content_Type="application/json")
        run = fired.value["run"]
        await server.site.engine.wait(run)
        (letter,) = (await server.get("dead-letters"))["letters"]
        path = f"dead-letters/{run}/{letter['task']}"
        reply = await server.ask("GET", path)
        assert (reply.status, reply.body.count(deep)) == (200, 2)
        body = b'{"message": {"payload": {"num": 1, "deep": ' + deep + b"}}}"
        assert (
            await server.ask("POST", f"{path}/retry", body, Content_Type="application/json")
        ).status == 202
        await server.site.engine.wait(run)
        assert (await server.get(f"runs/{run}"))["status"] == "succeeded"
        body = b'{"text": "$", "data": ' + deep + b"}"
        reply = await server.ask("POST", "evaluate", body, Content_Type="application/json")
        assert (reply.status, deep in reply.body) == (200, True)


async def test_a_secret_of_digits_is_masked_where_it_is_a_number(tmp_path, monkeypatch):
    monkeypatch.setenv("HEADRACE_SECRET_KEY", "12345678")
    async with served(tmp_path, {"sync": SYNC.replace("  vars:", "  secrets: [key]\n  vars:")}) as server:
        run = await server.fire({"num": 0, "12345678": [12345678, True, "a 12345678"], "other": 1.5})
        (letter,) = (await server.get("dead-letters"))["letters"]
        detail = await server.get(f"dead-letters/{run}/{letter['task']}")
        assert detail["isMasked"]
        assert detail["message"]["payload"] == {"num": 0, "•••": ["•••", True, "a •••"], "other": 1.5}
        assert json.loads(detail["messageText"]) == detail["message"]
        assert (await server.post("evaluate", {"text": "12345677 + 1"}))["value"] == "•••"


async def test_of_ten_who_try_one_dead_letter_again_at_once_one_does(tmp_path):
    async with served(tmp_path) as server:
        run = await server.fire({"num": 0})
        (letter,) = (await server.get("dead-letters"))["letters"]
        path = f"dead-letters/{run}/{letter['task']}/retry"
        message = {"message": {"payload": {"num": 1}}}
        replies = await asyncio.gather(*(server.ask("POST", path, message) for _ in range(10)))
        await server.site.engine.wait(run)
        assert {(reply.status, reply.code) for reply in replies if reply.status != 202} <= {
            (404, "not_found"),
            (409, "refused"),
        }
        assert [reply.status for reply in replies].count(202) == 1
        assert (await server.get(f"runs/{run}"))["status"] == "succeeded"
