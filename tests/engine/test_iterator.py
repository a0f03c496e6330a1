"""common-module/iterator: batches, progress, collected failures, concurrency, durable fan-out."""

import asyncio

import pytest

from headrace.errors import InfrastructureError, PermanentError
from headrace.store import ErrorFate, RunStatus
from support.flows import Seen, bench, run_flow

FLOW = """
nodes:
  start: {{component: common-module/signal}}
  iterate:
    component: common-module/iterator
    settings: {settings}
    input: {{array: "{{{{$.payload}}}}", context: {{page: 4}}}}
  {port}: {{component: test-module/probe}}
  done: {{component: test-module/probe}}
  {extra}
edges:
  - start -> iterate
  - iterate:{port} -> {port}
  - iterate:done -> done
  {edges}
"""


def flow(settings="{batchSize: 2}", port="batch", extra="", edges=""):
    return FLOW.format(settings=settings, port=port, extra=extra, edges=edges)


async def test_batches_carry_the_progress_of_the_reference_page():
    _, seen = await run_flow(flow(), [1, 2, 3])
    shared = {"total": 3, "totalBatches": 2, "context": {"page": 4}}
    assert seen["batch"] == [
        {"items": [1, 2], "batchNum": 1, "startIndex": 0, "progress": 50, "isLastBatch": False, **shared},
        {"items": [3], "batchNum": 2, "startIndex": 2, "progress": 100, "isLastBatch": True, **shared},
    ]
    assert seen["done"] == [
        {"context": {"page": 4}, "total": 3, "totalBatches": 2, "processed": 3, "failed": 0, "errors": []}
    ]


async def test_batch_5_of_20_is_25_percent():
    _, seen = await run_flow(flow("{batchSize: 1}"), list(range(20)))
    fifth = seen["batch"][4]
    names = ("batchNum", "totalBatches", "progress", "isLastBatch")
    assert {name: fifth[name] for name in names} == {
        "batchNum": 5,
        "totalBatches": 20,
        "progress": 25,
        "isLastBatch": False,
    }


async def test_items_carry_their_index():
    _, seen = await run_flow(flow("{}", port="item"), ["a", "b"])
    shared = {"total": 2, "context": {"page": 4}}
    assert seen["item"] == [
        {"item": "a", "index": 0, "progress": 50, "isFirst": True, "isLast": False, **shared},
        {"item": "b", "index": 1, "progress": 100, "isFirst": False, "isLast": True, **shared},
    ]


async def test_an_empty_array_gives_just_done():
    _, seen = await run_flow(flow(), [])
    assert seen["batch"] == []
    assert [d["total"] for d in seen["done"]] == [0]


async def test_what_is_no_array_is_said():
    run, _ = await run_flow(flow(), {"a": 1})
    assert run.errors[0].message == "`array` must be an array, but it is an object"


async def test_a_batch_that_fails_does_not_stop_the_next():
    seen = Seen()
    seen.fail("batch", PermanentError("row 1 is bad"))
    run, _ = await run_flow(flow(), [1, 2, 3], seen=seen)
    assert len(seen["batch"]) == 2
    (done,) = seen["done"]
    assert done["errors"] == [{"error": "row 1 is bad", "batchNum": 1, "handled": False}]
    assert (done["processed"], done["failed"]) == (1, 1)
    assert run.status is RunStatus.SUCCEEDED
    assert [e.fate for e in run.errors] == [ErrorFate.COLLECTED]


async def test_a_failure_that_an_error_port_took_is_listed_as_handled():
    seen = Seen()
    seen.fail("batch", PermanentError("row 1 is bad"))
    extra, edges = "caught: {component: test-module/probe}", "- batch:error -> caught"
    run, _ = await run_flow(flow(extra=extra, edges=edges), [1, 2, 3], seen=seen)
    (done,) = seen["done"]
    assert done["errors"] == [{"error": "row 1 is bad", "batchNum": 1, "handled": True}]
    assert (done["processed"], done["failed"]) == (1, 1)
    assert [e.fate for e in run.errors] == [ErrorFate.HANDLED]


async def test_the_iterators_error_port_gets_each_collected_failure():
    seen = Seen()
    seen.fail("batch", PermanentError("row 1 is bad"))
    extra, edges = "caught: {component: test-module/probe}", "- iterate:error -> caught"
    await run_flow(flow(extra=extra, edges=edges), [1, 2, 3], seen=seen)
    (caught,) = seen["caught"]
    assert (caught["batchNum"], caught["items"], caught["error"]) == (1, [1, 2], "row 1 is bad")
    assert caught["errorDetail"]["node"] == "batch"


async def test_without_continue_on_error_the_first_failure_fails_the_task():
    seen = Seen()
    seen.fail("batch", PermanentError("no"))
    run, _ = await run_flow(flow("{batchSize: 1, continueOnError: false}"), [1, 2], seen=seen)
    assert run.status is RunStatus.FAILED
    assert (len(seen["batch"]), seen["done"]) == (1, [])


async def test_rule_6_a_failure_of_infrastructure_is_never_collected(jumping_clock):
    seen = Seen()
    seen.fail("batch", InfrastructureError("connection lost"))
    run, _ = await run_flow(flow(), [1, 2, 3], seen=seen, clock=jumping_clock)
    assert run.status is RunStatus.SUCCEEDED
    (done,) = seen["done"]
    assert done["errors"] == []
    assert len(seen["batch"]) == 3  # the first again, with the whole task


async def test_rule_4_tasks_made_in_a_branch_that_fails_are_not_created():
    seen = Seen()

    async def fail_on_first(message, context):
        if message["batchNum"] == 1:
            raise PermanentError("no")

    seen.before["last"] = fail_on_first
    run, _ = await run_flow(
        """
        nodes:
          start: {component: common-module/signal}
          iterate:
            component: common-module/iterator
            input: {array: "{{$.payload}}"}
          split: {component: common-module/modify}
          detach: {component: common-module/async}
          later: {component: test-module/probe}
          last: {component: test-module/probe}
        edges:
          - start -> iterate:in
          - iterate:batch -> split
          - split -> detach -> later
          - split -> last
        """,
        ["a", "b"],
        seen=seen,
    )
    assert [m["items"] for m in seen["later"]] == [["b"]]
    assert run.error_count == 1


@pytest.mark.parametrize("limit", [1, 3])
async def test_concurrency_bounds_how_many_batches_are_worked_on_at_once(limit):
    seen = Seen()
    active, most = 0, 0

    async def watch(message, context):
        nonlocal active, most
        active += 1
        most = max(most, active)
        for _ in range(5):
            await asyncio.sleep(0)
        active -= 1

    seen.before["batch"] = watch
    await run_flow(flow(f"{{concurrency: {limit}}}"), list(range(12)), seen=seen)
    assert most == limit
    assert sorted(m["items"][0] for m in seen["batch"]) == list(range(12))


async def test_rule_7_a_durable_iterator_makes_each_batch_a_task_and_announces_the_end_once():
    seen = Seen()
    seen.fail("batch", PermanentError("no"))
    async with bench(flow("{batchSize: 2, durable: true}"), seen=seen) as running:
        run = await running.run(list(range(7)))
        letters = await running.store.dead_letters(run.id)
    (done,) = seen["done"]
    assert (done["total"], done["processed"], done["failed"], done["totalBatches"]) == (7, 5, 1, 4)
    assert done["errors"] == [{"error": "no", "batchNum": 1, "handled": False}]
    assert [letter.task.message["items"] for letter in letters] == [[0, 1]]
    assert run.status is RunStatus.FAILED


async def test_a_durable_fan_out_beyond_a_thousand_expands_in_chunks():
    run, seen = await run_flow(flow("{durable: true}"), list(range(2500)))
    assert len(seen["batch"]) == 2500
    assert {m["items"][0] for m in seen["batch"]} == set(range(2500))
    (done,) = seen["done"]
    assert (done["processed"], done["failed"]) == (2500, 0)
    # the firing, the iterator's three chunks, the batches, the announcement, its delivery
    assert run.tasks_done == 1 + 3 + 2500 + 1 + 1


async def test_rule_7_a_nested_durable_fan_out_is_finished_before_the_outer_one():
    order = []
    seen = Seen()

    async def note(message, context):
        order.append(context.node)

    seen.before["leaf"] = seen.before["done"] = note
    await run_flow(
        """
        nodes:
          start: {component: common-module/signal}
          outer:
            component: common-module/iterator
            settings: {durable: true}
            input: {array: "{{$.payload}}"}
          inner:
            component: common-module/iterator
            settings: {durable: true}
            input: {array: [1, 2]}
          leaf: {component: test-module/probe}
          done: {component: test-module/probe}
        edges:
          - start -> outer
          - outer:batch -> inner:in
          - inner:batch -> leaf
          - outer:done -> done
        """,
        ["a", "b", "c"],
        seen=seen,
    )
    assert order == ["leaf"] * 6 + ["done"]


BOTH = """
nodes:
  start: {{component: common-module/signal}}
  split:
    component: common-module/iterator
    settings: {settings}
    input: {{array: "{{{{$.payload}}}}"}}
  item: {{component: test-module/fail, settings: {{when: "'item': 2"}}}}
  batch: {{component: test-module/fail, settings: {{when: "'items': [3"}}}}
  done: {{component: test-module/probe}}
edges:
  - split:item -> item
  - split:batch -> batch
  - split:done -> done
  - start -> split
"""


@pytest.mark.parametrize("durable", ["false", "true"])
async def test_an_item_that_fails_alone_and_with_its_batch_is_counted_once(durable):
    spec = BOTH.format(settings=f"{{batchSize: 2, durable: {durable}}}")
    _, seen = await run_flow(spec, [1, 2, 3, 4, 5])
    (done,) = seen["done"]
    assert (done["total"], done["processed"], done["failed"]) == (5, 2, 2)


@pytest.mark.parametrize("durable", ["false", "true"])
async def test_failures_below_an_inner_iterator_count_in_the_outer_one(durable):
    spec = f"""
    nodes:
      start: {{component: common-module/signal}}
      outer:
        component: common-module/iterator
        settings: {{durable: {durable}}}
        input: {{array: "{{{{$.payload}}}}"}}
      inner:
        component: common-module/iterator
        settings: {{durable: {durable}}}
        input: {{array: "{{{{$.item}}}}"}}
      leaf: {{component: test-module/fail, settings: {{when: "'item': 3"}}}}
      done: {{component: test-module/probe}}
    edges:
      - start -> outer
      - outer:item -> inner
      - inner:item -> leaf
      - outer:done -> done
    """
    _, seen = await run_flow(spec, [[1, 2], [3, 4]])
    (done,) = seen["done"]
    assert (done["total"], done["processed"], done["failed"]) == (2, 1, 1)
    assert [(error["error"], error["batchNum"]) for error in done["errors"]] == [("it broke", 2)]


async def test_an_item_and_a_batch_that_fail_under_one_number_are_two_messages_at_the_error_port():
    spec = BOTH.format(settings="{batchSize: 1}").replace("'item': 2", "").replace("'items': [3", "")
    spec = spec.replace(
        "done: {component: test-module",
        "detach: {component: common-module/async}\n  done: {component: test-module",
    )
    spec = spec.replace("- split:done -> done", "- split:error -> detach -> done")
    _, seen = await run_flow(spec, ["only"])
    assert [message.get("item", message.get("items")) for message in seen["done"]] == ["only", ["only"]]


async def test_of_many_errors_in_one_task_the_first_thousand_are_kept_and_all_are_counted():
    seen = Seen()
    seen.fail("item", *[PermanentError("no")] * 2500)
    run, _ = await run_flow(flow("{}", port="item"), list(range(2500)), seen=seen)
    (done,) = seen["done"]
    assert (done["failed"], done["processed"], len(done["errors"])) == (2500, 0, 1000)
    assert (run.error_count, len(run.errors)) == (2500, 1000)
    assert run.status is RunStatus.SUCCEEDED


async def test_an_inner_iterators_collected_failure_is_not_handled_for_the_outer_one():
    seen = Seen()
    seen.fail("leaf", PermanentError("no"))
    await run_flow(
        """
        nodes:
          start: {component: common-module/signal}
          outer: {component: common-module/iterator, input: {array: "{{$.payload}}"}}
          inner: {component: common-module/iterator, input: {array: [1, 2]}}
          leaf: {component: test-module/probe}
          done: {component: test-module/probe}
        edges: [start -> outer, "outer:item -> inner", "inner:item -> leaf", "outer:done -> done"]
        """,
        ["a", "b"],
        seen=seen,
    )
    (done,) = seen["done"]
    assert done["errors"] == [{"error": "no", "batchNum": 1, "handled": False}]


async def test_a_durable_member_that_cannot_be_shaped_is_a_dead_letter_and_the_others_go_on():
    spec = """
    nodes:
      start: {component: common-module/signal}
      iterate:
        component: common-module/iterator
        settings: {durable: true}
        input: {array: "{{$.payload}}"}
      item: {component: test-module/probe}
      done: {component: test-module/probe}
    edges:
      - start -> iterate
      - from: iterate:item
        to: item:in
        data: {next: "{{$.item + 1}}"}
      - iterate:done -> done
    """
    async with bench(spec) as running:
        run = await running.run([1, None, 3])
        (letter,) = await running.store.dead_letters(run.id)
    assert sorted(m["next"] for m in running.seen["item"]) == [2, 4]
    (done,) = running.seen["done"]
    assert (done["processed"], done["failed"]) == (2, 1)
    assert (letter.task.message["index"], letter.error.code) == (1, "HR220")
    assert run.status is RunStatus.FAILED
