"""How messages move: shaping on edges and nodes, base values, fan-out, failures. One task, no database."""

import pytest

from headrace.errors import InfrastructureError, PermanentError, TemporaryError
from headrace.store import ErrorFate, RunStatus
from support.flows import Seen, bench, run_flow

SIGNAL = "start: {component: common-module/signal}"
PLAIN = """
nodes:
  start: {component: common-module/signal}
  end: {component: test-module/probe}
edges:
  - start -> end
"""


async def test_an_edge_without_data_passes_the_message_unchanged():
    run, seen = await run_flow(
        """
        nodes:
          start: {component: common-module/signal}
          end: {component: test-module/probe}
        edges:
          - start -> end
        """,
        {"a": [1, None, "ü"]},
    )
    assert run.status is RunStatus.SUCCEEDED
    (message,) = seen["end"]
    assert message["payload"] == {"a": [1, None, "ü"]}
    assert message["tickNumber"] == 0
    assert set(message) == {"timestamp", "formatted", "tickNumber", "scheduledAt", "payload"}


async def test_data_then_input_shape_the_message_in_two_stages():
    _, seen = await run_flow(
        """
        nodes:
          start: {component: common-module/signal}
          end:
            component: test-module/probe
            input: {doubled: "{{$.x * 2}}", run: "{{$run.flow}}"}
        edges:
          - from: start:out
            to: end:in
            data: {x: "{{$.payload.n}}"}
        """,
        {"n": 21},
    )
    assert seen["end"] == [{"doubled": 42, "run": "test"}]


@pytest.mark.parametrize(
    ("edge", "node", "expected"),
    [
        ("data: {q: 1}", "", {"payload": {"s": 7}, "result": {"q": 1}}),
        ("data: {q: 1}", "input: {asked: '{{$.q}}'}", {"q": 1, "result": {"asked": 1}}),
        ("add: {q: 1}", "", {"payload": {"s": 7}, "q": 1, "result": {"payload": {"s": 7}, "q": 1}}),
        ("data: {q: 1}", "as: found", {"payload": {"s": 7}, "found": {"q": 1}}),
    ],
    ids=["before-data", "before-input", "what-add-added", "as"],
)
async def test_a_result_is_added_to_the_base_value(edge, node, expected):
    _, seen = await run_flow(
        f"""
        nodes:
          start: {{component: common-module/signal}}
          state: {{component: common-module/modify, input: {{payload: "{{{{$.payload}}}}"}}}}
          call:
            component: test-module/adder
            {node}
          end: {{component: test-module/probe}}
        edges:
          - start -> state
          - from: state:out
            to: call:in
            {edge}
          - call:result -> end
        """,
        {"s": 7},
    )
    assert seen["end"] == [expected]


async def test_an_error_port_carries_the_base_value_with_error_and_detail():
    run, seen = await run_flow(
        """
        nodes:
          start: {component: common-module/signal}
          state: {component: common-module/modify, input: {page: 3}}
          call: {component: test-module/adder, input: {fail: true}}
          caught: {component: test-module/probe}
        edges:
          - start -> state -> call
          - call:error -> caught
        """
    )
    (message,) = seen["caught"]
    assert message["page"] == 3
    assert message["error"] == "asked to fail"
    detail = message["errorDetail"]
    assert (detail["code"], detail["retryable"], detail["node"], detail["attempt"]) == (
        "T1",
        False,
        "call",
        1,
    )
    assert run.status is RunStatus.SUCCEEDED
    assert run.error_count == 1
    assert run.errors[0].fate is ErrorFate.HANDLED


async def test_a_failure_below_a_node_does_not_go_to_that_nodes_error_port():
    run, seen = await run_flow(
        """
        nodes:
          start: {component: common-module/signal}
          call: {component: test-module/adder, input: {x: 1}}
          broken: {component: test-module/fail}
          caught: {component: test-module/probe}
        edges:
          - start -> call
          - call:result -> broken
          - call:error -> caught
        """
    )
    assert run.status is RunStatus.FAILED
    assert seen["caught"] == []
    assert [e.node for e in run.errors] == ["broken"]


async def test_rule_2_fan_out_runs_in_file_order_and_the_first_error_stops_the_rest():
    order = []
    seen = Seen()

    async def note(message, context):
        order.append(context.node)

    for name in ("a", "b", "c"):
        seen.before[name] = note
    seen.fail("b", PermanentError("no"))
    run, _ = await run_flow(
        """
        nodes:
          start: {component: common-module/signal}
          split: {component: common-module/modify}
          c: {component: test-module/probe}
          a: {component: test-module/probe}
          b: {component: test-module/probe}
        edges:
          - start -> split
          - split -> a
          - split -> b
          - split -> c
        """,
        seen=seen,
    )
    assert order == ["a", "b"]
    assert run.status is RunStatus.FAILED


async def test_an_expression_that_fails_on_an_edge_names_its_place_and_fails_the_task():
    run, _ = await run_flow(
        """
        nodes:
          start: {component: common-module/signal}
          end: {component: test-module/probe}
        edges:
          - from: start:out
            to: end:in
            data: {next: "{{$.payload.page + 1}}"}
        """,
        {"pages": 1},
    )
    assert run.status is RunStatus.FAILED
    (error,) = run.errors
    assert error.code == "HR220"
    assert error.message == "cannot add 1 to null: `$.payload.page` is missing; `payload` has `pages`"
    assert error.place == "flow.yaml:12:23"


async def test_a_components_bug_is_a_failure_of_that_node_not_of_the_engine():
    run, _ = await run_flow(
        """
        nodes:
          start: {component: common-module/signal}
          broken: {component: test-module/fail, settings: {kind: bug}}
        edges:
          - start -> broken
        """
    )
    assert run.status is RunStatus.FAILED
    assert run.errors[0].message == "test-module/fail failed unexpectedly: ZeroDivisionError: it broke"


async def test_a_temporary_failure_is_tried_again_with_backoff_until_it_works(jumping_clock):
    seen = Seen()
    seen.fail("end", TemporaryError("busy"), TemporaryError("busy"))
    run, _ = await run_flow(
        """
        retry: {maxAttempts: 3, initialDelay: 10s, backoff: 2}
        nodes:
          start: {component: common-module/signal}
          end: {component: test-module/probe}
        edges:
          - start -> end
        """,
        seen=seen,
        clock=jumping_clock,
    )
    assert run.status is RunStatus.SUCCEEDED
    assert len(seen["end"]) == 3
    assert run.retries == 2
    assert run.error_count == 0
    assert 7.5 + 15 <= jumping_clock.slept_s <= 12.5 + 25


async def test_a_task_that_keeps_failing_becomes_a_dead_letter_with_its_message(jumping_clock):
    seen = Seen()
    seen.fail("end", *[TemporaryError("busy")] * 9)
    async with bench(
        """
        retry: {maxAttempts: 2}
        nodes:
          start: {component: common-module/signal}
          end: {component: test-module/probe}
        edges:
          - from: start:out
            to: end:in
            data: {x: 1}
        """,
        seen=seen,
        clock=jumping_clock,
    ) as flow:
        run = await flow.run()
        (letter,) = await flow.store.dead_letters(run.id)
    assert run.status is RunStatus.FAILED
    assert (letter.task.node, letter.task.message, letter.attempts) == ("end", {"x": 1}, 2)
    assert letter.error.message == "busy"
    assert [e.fate for e in run.errors] == [ErrorFate.RETRIED, ErrorFate.DEAD]


async def test_a_servers_wait_is_a_lower_bound_of_the_delay(jumping_clock):
    seen = Seen()
    seen.fail("end", TemporaryError("busy", retry_after_s=1000))
    await run_flow(
        """
        nodes:
          start: {component: common-module/signal}
          end: {component: test-module/probe}
        edges:
          - start -> end
        """,
        seen=seen,
        clock=jumping_clock,
    )
    assert jumping_clock.slept_s >= 1000


@pytest.mark.parametrize("asked_s", [float("inf"), 1e300, 1e9])
async def test_a_wait_of_years_is_cut_to_a_day(asked_s, jumping_clock):
    seen = Seen()
    seen.fail("end", TemporaryError("busy", retry_after_s=asked_s))
    began_ns = jumping_clock.now_ns()
    run, seen = await run_flow(PLAIN, seen=seen, clock=jumping_clock)
    assert run.status is RunStatus.SUCCEEDED
    assert (jumping_clock.now_ns() - began_ns) / 1e9 == pytest.approx(86_400)


async def test_rule_6_a_failure_of_infrastructure_reaches_no_error_port_and_has_its_own_budget(jumping_clock):
    seen = Seen()
    seen.fail("end", *[InfrastructureError("connection lost")] * 7)
    run, _ = await run_flow(
        """
        retry: {maxAttempts: 2}
        nodes:
          start: {component: common-module/signal}
          end: {component: test-module/probe}
          caught: {component: test-module/probe}
        edges:
          - start -> end
          - end:error -> caught
        """,
        seen=seen,
        clock=jumping_clock,
    )
    assert run.status is RunStatus.SUCCEEDED
    assert seen["caught"] == []
    assert len(seen["end"]) == 8


async def test_an_error_whose_handler_fails_is_named_by_the_second_one():
    seen = Seen()
    seen.fail("first", PermanentError("the row is bad"))
    seen.fail("handler", PermanentError("the table is gone"))
    run, _ = await run_flow(
        """
        nodes:
          start: {component: common-module/signal}
          first: {component: test-module/probe}
          handler: {component: test-module/probe}
        edges: [start -> first, "first:error -> handler"]
        """,
        seen=seen,
    )
    assert run.status is RunStatus.FAILED
    (error,) = run.errors
    assert (error.node, error.message) == (
        "handler",
        "the table is gone (while handling: first: the row is bad)",
    )
