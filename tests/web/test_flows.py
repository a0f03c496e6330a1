"""Flows, their triggers and nodes, by the API."""

import pytest

from headrace.app import builtin_registry
from headrace.flow.loader import load_flow, require
from headrace.source import Source
from headrace.web.resources.flow import graph_of, lines_at
from web.served import HEAD, SYNC, served


async def test_a_flow_tells_its_triggers_its_last_runs_and_how_fresh_its_data_is(tmp_path):
    async with served(tmp_path) as server:
        await server.fire({"num": 4})
        failed = await server.fire({"num": 0})
        (flow,) = (await server.get("flows"))["flows"]
        assert (flow["name"], flow["state"], flow["problem"]) == ("sync", "running", None)
        assert flow["description"] == "Halves numbers."
        assert [run["status"] for run in flow["recent"]] == ["failed", "succeeded"]
        assert flow["recent"][0]["id"] == failed
        assert (flow["openRuns"], flow["deadLetters"]) == (0, 1)
        assert flow["lastSuccess"] == flow["recent"][1]["endedAt"]
        assert 0 <= flow["freshSeconds"] < 60
        tick, go = flow["triggers"]
        assert (tick["node"], tick["kind"], tick["when"]) == ("tick", "schedule", "every 1h")
        assert tick["nextFiring"] is not None
        assert tick["payload"] == {"num": 4}
        assert (go["kind"], go["when"], go["nextFiring"], go["payload"]) == ("signal", None, None, {"num": 8})


async def test_a_flow_tells_its_text_its_graph_and_its_counts(tmp_path):
    async with served(tmp_path) as server:
        await server.fire({"num": 4})
        flow = await server.get("flows/sync")
        text = flow["text"].splitlines()
        assert flow["text"] == (server.folder / "sync.yaml").read_text()
        nodes = {node["name"]: node for node in flow["graph"]["nodes"]}
        assert list(nodes) == ["tick", "go", "halve", "end"]
        assert text[nodes["halve"]["line"] - 1].strip().startswith("halve:")
        edges = flow["graph"]["edges"]
        assert [(edge["from"], edge["to"]) for edge in edges][2] == (
            {"node": "halve", "port": "out"},
            {"node": "end", "port": "in"},
        )
        assert [edge["isBoundary"] for edge in edges] == [True, True, False]
        assert text[edges[2]["line"] - 1].strip() == "- from: halve"
        assert flow["live"]["nodes"]["end"]["received"] == 1
        assert (await server.get("flows/sync/live"))["live"]["nodes"] == flow["live"]["nodes"]
        assert {edge["id"]: flow["live"]["edges"][edge["id"]]["crossed"] for edge in edges} == {
            "e0": 0,
            "e1": 1,
            "e2": 1,
        }


def test_an_edge_that_closes_a_loop_is_told_from_one_that_only_detaches():
    spec = """
  nodes:
    go: {component: common-module/signal}
    a: {component: common-module/modify}
    b: {component: common-module/router, settings: {rules: [{name: again, when: "{{$.num}}", outputPort: again}]}}
  edges:
    - go -> a -> b
    - {from: "b:again", to: a, data: {num: 0}}
"""
    loaded = load_flow(Source("f.yaml", HEAD.replace("NAME", "f") + spec), builtin_registry())
    edges = graph_of(require(loaded)).edges
    assert [(edge.is_boundary, edge.closes_loop) for edge in edges] == [
        (True, False),
        (False, False),
        (True, True),
    ]


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("a:\n  b: 1\n\n  c: 2\nd: 3", 1, 4),
        ("a:\n  b: 1\n\n  c: 2\nd: 3", 2, 2),
        ("- x\n- y:\n    z: 1\n  # said\n- w", 2, 4),
        ("a: {b: 1}\nc: 2", 1, 1),
        ("a:\n  b: 1\n\n\n", 1, 2),
        ("a", 7, 7),
    ],
)
def test_the_lines_of_a_part_of_a_file(text, first, last):
    assert lines_at(text.splitlines(), first) == last


async def test_a_trigger_is_paused_and_resumed(tmp_path):
    async with served(tmp_path) as server:
        paused = await server.post("flows/sync/triggers/tick/pause")
        assert (paused["isPaused"], paused["nextFiring"]) == (True, None)
        assert (await server.get("flows/sync"))["triggers"][0]["isPaused"]
        assert (await server.get("flows/sync/triggers/tick/firings"))["firings"] == []
        resumed = await server.post("flows/sync/triggers/tick/resume")
        assert not resumed["isPaused"]
        firings = (await server.get("flows/sync/triggers/tick/firings?count=3"))["firings"]
        assert [firing["at"] for firing in firings] == sorted({firing["at"] for firing in firings})
        assert len(firings) == 3


async def test_a_trigger_fires_with_a_payload_of_which_no_digit_is_lost(tmp_path):
    async with served(tmp_path) as server:
        body = b'{"payload": {"num": 123456789012345678901234567890}}'
        reply = await server.ask(
            "POST", "flows/sync/triggers/tick/fire", body, Content_Type="application/json"
        )
        run = reply.value["run"]
        await server.site.engine.wait(run)
        assert (await server.get(f"runs/{run}"))["status"] == "succeeded"
        samples = (await server.ask("GET", "flows/sync/nodes/end")).body
        assert b"61728394506172839450617283945" in samples


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "flows/sink", 404, "not_found"),
        ("GET", "flows/sync/nodes/nope", 404, "not_found"),
        ("GET", "flows/sink/live", 404, "not_found"),
        ("POST", "flows/sync/triggers/halve/fire", 404, "not_found"),
        ("POST", "flows/nope/triggers/go/fire", 404, "not_found"),
        ("POST", "flows/broken/triggers/go/fire", 409, "not_running"),
        ("GET", "flows/sync/triggers/tick/firings?count=0", 422, "invalid"),
        ("GET", "flows/sync/triggers/tick/firings?count=x", 422, "invalid"),
        ("PUT", "flows/sync", 405, "method_not_allowed"),
        ("GET", "nowhere", 404, "not_found"),
        ("GET", "components/common-module/modifi", 404, "not_found"),
    ],
)
async def test_what_is_not_there_is_told_in_one_shape(tmp_path, method, path, status, code):
    async with served(tmp_path, {"sync": SYNC, "broken": " {nodes: {a: {component: x/y}}}"}) as server:
        reply = await server.ask(method, path, {} if method == "POST" else None)
        assert (reply.status, reply.code) == (status, code)
        assert reply.headers["content-type"] == "application/json"


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b"1", b'{"payload": NaN}', b'{"other": 1}', b'{"payload": 1} x', b"\xff"]
)
async def test_a_body_that_is_not_what_is_taken_fires_nothing(tmp_path, body):
    async with served(tmp_path) as server:
        reply = await server.ask("POST", "flows/sync/triggers/go/fire", body, Content_Type="application/json")
        assert (reply.status, reply.code) == (422, "invalid")
        assert (await server.get("runs"))["runs"] == []


async def test_a_body_that_is_nested_too_deeply_fires_nothing(tmp_path):
    async with served(tmp_path) as server:
        body = b'{"payload": ' + b"[" * 100_000 + b"]" * 100_000 + b"}"
        reply = await server.ask("POST", "flows/sync/triggers/go/fire", body, Content_Type="application/json")
        assert reply.status in (400, 422)
        assert (await server.get("runs"))["runs"] == []


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (b"{", "the body: Input data was truncated"),
        (b'{"payload": ' + b"9" * 10**6 + b"}", "the body: "),
        (b"[]", "the body is a JSON object"),
        (b'{"Other": 1}', "Other: extra inputs are not permitted"),
        (b'{"' + b"k" * 10**6 + b'": 1}', f"{'k' * 100}: extra inputs are not permitted"),
    ],
)
async def test_a_body_that_is_not_what_is_taken_is_told_with_its_reason_in_short(tmp_path, body, told):
    async with served(tmp_path) as server:
        reply = await server.ask("POST", "flows/sync/triggers/go/fire", body, Content_Type="application/json")
        assert reply.value["error"]["message"].startswith(told)
        assert len(reply.body) < 500


async def test_a_near_name_is_offered(tmp_path):
    async with served(tmp_path) as server:
        assert "did you mean `sync`?" in (await server.ask("GET", "flows/synk")).value["error"]["message"]


async def test_a_file_is_checked_without_being_taken_over(tmp_path):
    async with served(tmp_path) as server:
        text = HEAD.replace("NAME", "x") + SYNC.replace("common-module/modify", "common-module/modifi")
        findings = (await server.post("flows/validate", {"text": text}))["findings"]
        assert {finding["code"] for finding in findings} == {"HR111"}
        assert all("^" in finding["excerpt"] for finding in findings)
        assert [flow["name"] for flow in (await server.get("flows"))["flows"]] == ["sync"]


async def test_a_file_that_does_not_load_is_told_with_its_lines(tmp_path):
    async with served(tmp_path, {"broken": "\n  nodes: {a: {component: nope/x}}"}) as server:
        flow = await server.get("flows/broken")
        assert (flow["state"], flow["problem"], flow["graph"]) == ("invalid", "its file has an error", None)
        (finding,) = flow["findings"]
        assert (finding["code"], finding["line"], finding["severity"]) == ("HR111", 5, "error")


async def test_a_node_tells_its_settings_its_templates_and_samples(tmp_path):
    spec = SYNC.replace(
        "halve: {component: common-module/modify}",
        'halve:\n      component: common-module/modify\n      input: {payload: {num: "{{$.payload.num}}"}}',
    )
    async with served(tmp_path, {"sync": spec}) as server:
        await server.fire({"num": 4})
        tick = await server.get("flows/sync/nodes/tick")
        assert tick["settings"] == {"interval": "1h", "emitOnStart": False, "payload": {"num": 4}}
        assert tick["component"]["settings"]["properties"]["interval"]["description"]
        halve = await server.get("flows/sync/nodes/halve")
        assert [template["where"] for template in halve["templates"]] == ["input"]
        end = await server.get("flows/sync/nodes/end")
        assert [template["where"] for template in end["templates"]] == ["halve:out -> end:in"]
        assert "half" in end["templates"][0]["text"]
        assert [sample["message"] for sample in end["samples"] if sample["direction"] == "in"] == [
            {"half": 2, "over": 25}
        ]
        assert (end["live"]["received"], end["profile"]["received"]) == (1, 1)


async def test_an_expression_is_evaluated_for_a_message_or_told_where_it_is_wrong(tmp_path):
    async with served(tmp_path) as server:
        good = await server.post("evaluate", {"text": "{{$.a + $vars.by}}", "data": {"a": 1}, "flow": "sync"})
        assert (good["value"], good["text"], good["problem"]) == (3, "3", None)
        wrong = (await server.post("evaluate", {"text": "$.a.b +", "data": {}}))["problem"]
        assert (wrong["line"], "^" in wrong["excerpt"]) == (1, True)
        missing = (await server.post("evaluate", {"text": "$.a.b + 1", "data": {"a": {}}}))["problem"]
        assert (missing["code"], missing["column"], missing["length"]) == ("HR220", 1, 5)
        exact = await server.ask(
            "POST", "evaluate", b'{"text": "$.num", "data": {"num": 123456789012345678901234567890}}',
            Content_Type="application/json",
        )  # fmt: skip
        assert exact.value["text"] == "123456789012345678901234567890"


async def test_components_are_told_with_their_schemas(tmp_path):
    async with served(tmp_path) as server:
        names = [each["name"] for each in (await server.get("components"))["components"]]
        assert "common-module/router" in names
        for name in names:
            component = await server.get(f"components/{name}")
            assert component["settings"]["type"] == "object"


async def test_a_trigger_that_its_file_has_stopped_may_be_started_by_a_person(tmp_path):
    spec = SYNC.replace("payload: {num: 4}}}", "payload: {num: 4}}, control: {start: false}}")
    async with served(tmp_path, {"sync": spec}) as server:
        tick = (await server.get("flows/sync"))["triggers"][0]
        assert (tick["isStarted"], tick["isPaused"], tick["nextFiring"]) == (False, True, None)
        started = await server.post("flows/sync/triggers/tick/resume")
        assert (started["isStarted"], started["isPaused"]) == (False, False)
        assert started["nextFiring"] is not None
        stopped = await server.post("flows/sync/triggers/tick/pause")
        assert stopped["isPaused"]
        assert await server.site.store.switches("sync") == {}
