"""http-module/server: what it takes, when it answers, and what (rule 23). Real sockets, both stores.

Not here: who may call (`test_admission.py`), HTTP itself (`connections/http/test_listener.py`), processes that
are killed (`cli/test_server.py`).
"""

import asyncio
import json

import pytest
from tests.components.hooks import ACCEPT, REPLY, Gate, code, held, hooks, value

from headrace.errors import PermanentError, UsageError
from headrace.store import Caller, ErrorFate, RunStatus
from support.crossing import crossings_watched
from support.flows import Seen, bench, run_flow
from support.stores import KINDS, opened


@pytest.fixture(autouse=True)
def messages_are_like_their_shapes(monkeypatch):
    with crossings_watched(monkeypatch):
        yield


@pytest.fixture(params=sorted(KINDS))
async def store(request, tmp_path):
    async with opened(KINDS[request.param](tmp_path)) as store:
        yield store


# ---- the message


async def test_a_request_becomes_a_message():
    spec = ACCEPT.replace("path: /hook", 'path: "/hook/{id}", methods: [POST, PUT]')
    async with hooks(spec) as site:
        answer = await site.ask("/hook/7?tag=a&tag=b&q=1", {"n": 2**70, "t": "ü"}, "PUT", X_Thing="yes")
        await site.ended(value(answer)["run"])
        ((message,),) = site.flow.seen.messages.values()
    request = message["request"]
    assert list(message) == ["request"]
    assert list(request) == ["method", "path", "params", "query", "headers", "body", "bodyJson"]
    assert (request["method"], request["path"], request["params"]) == ("PUT", "/hook/7", {"id": "7"})
    assert request["query"] == {"tag": ["a", "b"], "q": "1"}
    assert (request["headers"]["x-thing"], request["headers"]["content-type"]) == ("yes", "application/json")
    assert request["bodyJson"] == {"n": 2**70, "t": "ü"} == json.loads(request["body"])


@pytest.mark.parametrize(
    ("body", "content_type", "text", "parsed"),
    [
        (b"", "", "", None),
        (b" ", "application/json", " ", None),
        (b"\xef\xbb\xbf[1]", "application/json; charset=utf-8", "[1]", [1]),
        (b'{"a":1}', "application/vnd.api+json", '{"a":1}', {"a": 1}),
        (b'{"a":1}', "text/plain", '{"a":1}', None),
        (b"a=1&b=2", "application/x-www-form-urlencoded", "a=1&b=2", None),
        ("ü".encode("latin-1"), "text/plain; charset=ISO-8859-1", "ü", None),
        (b"null", "application/json", "null", None),
    ],
)
async def test_a_body_is_text_and_json_where_its_content_type_says_so(body, content_type, text, parsed):
    async with hooks(ACCEPT) as site:
        answer = await site.ask(body=body, Content_Type=content_type)
        await site.ended(value(answer)["run"])
        (message,) = site.flow.seen["work"]
    assert (message["request"]["body"], message["request"]["bodyJson"]) == (text, parsed)


@pytest.mark.parametrize(
    ("body", "content_type", "status", "says"),
    [
        (b'{"a":', "application/json", 400, "bad_json"),
        (b'{"a": NaN}', "application/json", 400, "bad_json"),
        (b'"\xff"', "application/json", 400, "bad_json"),
        (b'"\\ud800"', "application/json", 400, "bad_json"),
        (b"[" * 100_000, "application/json", 400, "bad_json"),
        (b"\x89PNG\xff", "image/png", 415, "not_text"),
        (b"x", "text/plain; charset=nonsense", 415, "unknown_charset"),
        (b"\\ud800", "text/plain; charset=unicode_escape", 415, "not_text"),
        (b"x" * 1025, "text/plain", 413, "body_too_large"),
    ],
)
async def test_a_body_that_cannot_be_a_message_is_refused_and_starts_nothing(
    body, content_type, status, says
):
    async with hooks(
        ACCEPT.replace("path: /hook", "path: /hook, maxBodyBytes: 1KiB") if status == 413 else ACCEPT
    ) as site:
        answer = await site.ask(body=body, Content_Type=content_type)
        assert (answer.status, code(answer)) == (status, says)
        assert await site.flow.store.runs() == []


async def test_what_is_fired_by_hand_is_a_request_of_which_parts_are_given():
    run, seen = await run_flow(ACCEPT, {"bodyJson": {"a": 1}, "query": {"q": ["1"]}})
    (message,) = seen["work"]
    assert run.status is RunStatus.SUCCEEDED
    assert message["request"] == {
        "method": "POST", "path": "/", "params": {}, "query": {"q": ["1"]}, "headers": {}, "body": '{"a":1}',
        "bodyJson": {"a": 1},
    }  # fmt: skip
    _, seen = await run_flow(ACCEPT)
    assert seen["work"][0]["request"]["bodyJson"] is None


@pytest.mark.parametrize("payload", [[1], "text", {"order": 7}, {"headers": {"a": 1}}])
async def test_what_is_fired_by_hand_and_is_no_request_is_refused(payload):
    async with bench(ACCEPT) as flow:
        with pytest.raises(UsageError, match=r"^the payload is a request, such as `{bodyJson: …}`: "):
            await flow.run(payload)
        assert await flow.store.runs() == []


# ---- accept


async def test_rule_23_a_request_is_accepted_only_once_its_firing_is_durable(store, monkeypatch):
    async with hooks(ACCEPT, store=store) as site:
        gate = held(monkeypatch, store, "fire")
        asked = asyncio.create_task(site.ask())
        run = await site.only_run()  # it is there, and nobody has been told
        await asyncio.sleep(0.05)
        assert not asked.done()
        gate.set()
        answer = await asked
        assert (answer.status, value(answer)) == (202, {"run": run.id})
        assert (await site.ended(run.id)).caller is Caller.NONE


async def test_an_accepted_request_is_answered_before_its_work_is_done():
    seen = Seen()
    gate = Gate(seen)
    async with hooks(ACCEPT, seen=seen) as site:
        answer = await site.ask()
        assert answer.status == 202
        gate.opened.set()
        assert (await site.ended(value(answer)["run"])).status is RunStatus.SUCCEEDED


async def test_a_request_is_accepted_though_response_is_wired_where_mode_says_so():
    async with hooks(REPLY.replace("path: /hook", "path: /hook, mode: accept")) as site:
        answer = await site.ask(body={})
        run = await site.ended(value(answer)["run"])
    assert (answer.status, run.status, run.errors, run.caller) == (202, RunStatus.SUCCEEDED, [], Caller.NONE)


# ---- reply


async def test_rule_23_a_reply_is_what_reaches_response_once_its_task_has_committed(store, monkeypatch):
    async with hooks(REPLY, store=store) as site:
        gate = held(
            monkeypatch, store, "commit", lambda _, outcome, *__: outcome.outcome.response is not None
        )
        asked = asyncio.create_task(site.ask(body=[1]))
        run = await site.only_run()
        async with asyncio.timeout(5):
            while not (await store.run(run.id)).has_response:
                await asyncio.sleep(0.005)
        await asyncio.sleep(0.05)
        assert not asked.done()
        gate.set()
        answer = await asked
        assert (answer.status, answer.headers["x-work"], value(answer)) == (201, "done", {"got": [1]})
        await site.settled(run.id, Caller.ANSWERED)


@pytest.mark.parametrize(
    ("response", "status", "content_type", "body"),
    [
        ("{}", 200, None, b""),
        ("{body: null}", 200, None, b""),
        ('{body: "ü"}', 200, "text/plain; charset=utf-8", "ü".encode()),
        ("{body: [1, {a: null}]}", 200, "application/json", b'[1,{"a":null}]'),
        ("{body: false}", 200, "application/json", b"false"),
        ('{body: "<p>", headers: {content-type: text/html}}', 200, "text/html", b"<p>"),
        ("{statusCode: 404, body: {error: none}}", 404, "application/json", b'{"error":"none"}'),
        ('{statusCode: "503", headers: {Retry-After: 7}}', 503, None, b""),
        ("{statusCode: 204, body: {a: 1}}", 204, "application/json", b""),
        ("{other: 1}", 200, None, b""),
    ],
)  # fmt: skip
async def test_a_response_may_be_anything_that_http_has(response, status, content_type, body):
    spec = REPLY.partition("data:")[0] + f"data: {response}\n"
    async with hooks(spec) as site:
        answer = await site.ask()
    assert (answer.status, answer.headers.get("content-type"), answer.body) == (status, content_type, body)


async def test_the_headers_of_another_answer_may_be_passed_on():
    headers = (
        "{Content-Encoding: gzip, Content-Length: 999, Transfer-Encoding: chunked, Connection: close, X-A: 1}"
    )
    async with hooks(REPLY.partition("data:")[0] + f"data: {{headers: {headers}, body: hello}}\n") as site:
        answer = await site.ask()
    assert (answer.status, answer.body, answer.headers["x-a"]) == (200, b"hello", "1")
    assert answer.headers["content-length"] == "5"


@pytest.mark.parametrize(
    ("response", "says"),
    [
        ('{statusCode: "{{90 + 9}}"}', "`statusCode` must be 200 or more"),
        ('{headers: {X: "a\\r\\nSet-Cookie: b"}}', "header `X` has a line break in it"),
        ("{headers: {X Y: 1}}", "`X Y` is no name of a header"),
        ("{headers: {X: [1]}}", "header `X` must be text, but it is an array"),
        ('"{{[1]}}"', "the message must be an object, but it is array"),
    ],
)
async def test_a_response_that_is_none_fails_its_run(response, says):
    spec = REPLY.partition("data:")[0] + 'data: "{{$.request.bodyJson}}"\n'
    if response.startswith("{"):
        spec = REPLY.partition("data:")[0] + f"data: {response}\n"
    async with hooks(spec) as site:
        answer = await site.ask(body=[1])
        run = await site.only_run()
    assert (answer.status, value(answer)) == (
        500,
        {"error": {"code": "run_failed", "message": "the run failed"}, "run": run.id},
    )
    assert says in run.errors[0].message
    assert (run.errors[0].node, run.caller) == ("hook", Caller.ANSWERED)


async def test_input_of_a_server_shapes_what_reaches_response():
    spec = REPLY.partition("  - from")[0].replace(
        "path: /hook, timeout: 5s}", 'path: /hook}, input: {body: "{{$.request.body}}!"}'
    )
    async with hooks(spec + "  - work -> hook:response\n") as site:
        assert (await site.ask(body=b"hello")).body == b"hello!"


async def test_a_run_that_fails_answers_500_with_its_id_and_nothing_of_why():
    seen = Seen()
    seen.fail("work", PermanentError("the password is hunter2"))
    async with hooks(REPLY, seen=seen) as site:
        answer = await site.ask()
        run = await site.only_run()
    assert (answer.status, value(answer)["run"], code(answer)) == (500, run.id, "run_failed")
    assert b"hunter2" not in answer.body
    assert run.status is RunStatus.FAILED


async def test_a_run_that_is_cancelled_answers_500(store):
    seen = Seen()
    gate = Gate(seen)
    async with hooks(REPLY, seen=seen, store=store) as site:
        asked = asyncio.create_task(site.ask())
        await gate.entered.wait()
        run = await site.only_run()
        await site.flow.engine.cancel(run.id)
        answer = await asked
    assert (answer.status, value(answer)["run"], code(answer)) == (500, run.id, "run_cancelled")


async def test_a_run_that_ends_without_a_response_answers_202():
    spec = REPLY.replace("- hook -> work", "- hook -> route").replace(
        "edges:",
        '  route: {component: common-module/router, settings: {rules: [{when: "{{$.request.bodyJson}}", outputPort: yes-please}]}}\nedges:\n  - route:yes-please -> work',
    )
    async with hooks(spec) as site:
        silent, spoken = await site.ask(), await site.ask(body=[1])
    assert (silent.status, list(value(silent))) == (202, ["run"])
    assert spoken.status == 201


async def test_mode_reply_without_response_wired_waits_for_the_end():
    seen = Seen()
    gate = Gate(seen)
    async with hooks(ACCEPT.replace("path: /hook", "path: /hook, mode: reply"), seen=seen) as site:
        asked = asyncio.create_task(site.ask())
        await gate.entered.wait()
        await asyncio.sleep(0.05)
        assert not asked.done()
        gate.opened.set()
        answer = await asked
    assert (answer.status, list(value(answer))) == (202, ["run"])


async def test_a_run_that_takes_too_long_answers_504_and_goes_on(store):
    seen = Seen()
    gate = Gate(seen)
    async with hooks(REPLY.replace("timeout: 5s", "timeout: 100ms"), seen=seen, store=store) as site:
        answer = await site.ask()
        run = await site.only_run()
        assert (answer.status, value(answer)["run"], code(answer)) == (504, run.id, "timeout")
        await site.settled(run.id, Caller.TIMED_OUT)
        gate.opened.set()
        ended = await site.ended(run.id)
        assert (ended.status, ended.errors, ended.caller) == (RunStatus.SUCCEEDED, [], Caller.TIMED_OUT)


async def test_rule_23_a_caller_who_hangs_up_is_recorded_and_the_run_goes_on(store):
    seen = Seen()
    gate = Gate(seen)
    async with hooks(REPLY, seen=seen, store=store) as site:
        _, writer = await site.connect()
        await gate.entered.wait()
        writer.close()
        run = await site.only_run()
        await site.settled(run.id, Caller.HUNG_UP)
        gate.opened.set()
        ended = await site.ended(run.id)
        assert (ended.status, ended.caller) == (RunStatus.SUCCEEDED, Caller.HUNG_UP)


async def test_a_caller_who_hangs_up_while_the_firing_commits_leaves_a_run_that_goes_on(store, monkeypatch):
    async with hooks(REPLY, store=store) as site:
        gate = held(monkeypatch, store, "fire")
        _, writer = await site.connect()
        run = await site.only_run()
        writer.close()
        await asyncio.sleep(0.05)
        gate.set()
        await site.settled(run.id, Caller.HUNG_UP)
        assert (await site.ended(run.id)).status is RunStatus.SUCCEEDED


async def test_rule_23_the_first_response_is_sent_and_further_ones_are_recorded(store):
    spec = """
    nodes:
      hook: {component: http-module/server, settings: {path: /hook}}
      each: {component: common-module/iterator, input: {array: [1, 2, 3]}}
    edges:
      - hook -> each
      - {from: "each:item", to: "hook:response", data: {body: "{{$.item}}"}}
      - {from: "each:done", to: "hook:response", data: {body: done}}
    """
    async with hooks(spec, store=store) as site:
        answer = await site.ask()
        run = await site.ended((await site.only_run()).id)
    assert (answer.status, answer.body) == (200, b"1")
    assert [(e.code, e.node, e.fate) for e in run.errors] == [("HR333", "hook", ErrorFate.DROPPED)] * 3
    assert (run.status, run.error_count) == (RunStatus.SUCCEEDED, 3)


async def test_rule_23_a_response_of_a_further_task_comes_too_late(store):
    spec = """
    nodes:
      hook: {component: http-module/server, settings: {path: /hook}}
      work: {component: test-module/probe}
      apart: {component: common-module/async}
    edges:
      - hook -> work -> apart
      - {from: work, to: "hook:response", data: {body: first}}
      - {from: apart, to: "hook:response", data: {body: second}}
    """
    async with hooks(spec, store=store) as site:
        answer = await site.ask()
        run = await site.ended((await site.only_run()).id)
        assert answer.body == b"first"
        assert [(error.code, error.fate) for error in run.errors] == [("HR333", ErrorFate.DROPPED)]
        assert [error.code for error in site.flow.observer.errors] == ["HR333"]


async def test_a_response_of_a_branch_that_is_undone_is_not_sent():
    spec = """
    nodes:
      hook: {component: http-module/server, settings: {path: /hook}}
      each: {component: common-module/iterator, input: {array: [1, 2]}}
      fail: {component: test-module/fail, settings: {when: "1"}}
    edges:
      - hook -> each
      - {from: "each:item", to: "hook:response", data: {body: "{{$.item}}"}}
      - {from: "each:item", to: fail, data: {which: "{{$.item}}"}}
    """
    async with hooks(spec) as site:
        assert (await site.ask()).body == b"2"


async def test_runs_of_other_triggers_may_come_to_response():
    spec = """
    nodes:
      one: {component: http-module/server, settings: {path: /one}}
      two: {component: http-module/server, settings: {path: /two}}
      start: {component: common-module/signal}
      work: {component: test-module/probe}
    edges:
      - {from: ["one:request", "two:request", start], to: work}
      - {from: work, to: "one:response", data: {body: one}}
      - {from: work, to: "two:response", data: {body: two}}
    """
    async with hooks(spec) as site:
        assert (await site.ask("/one")).body == b"one"
        assert (await site.ask("/two")).body == b"two"
        run = await site.flow.run(trigger="start")
    assert (run.status, run.errors, run.caller) == (RunStatus.SUCCEEDED, [], Caller.NONE)
