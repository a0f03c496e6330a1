"""common-module/state: get, set, delete; with the task's commit, over restarts, in branches."""

import pytest

from headrace.store import RunStatus
from support.flows import bench, run_flow
from support.stores import KINDS, opened

COUNTER = """
nodes:
  start: {component: common-module/signal}
  read: {component: common-module/state, settings: {key: count}}
  add: {component: common-module/state, settings: {key: count, operation: set}, input: {value: "{{($.value ?? 0) + 1}}"}}
  end: {component: test-module/probe}
edges:
  - start -> read -> add:in
  - add:out -> end
"""


@pytest.mark.parametrize("kind", sorted(KINDS))
async def test_a_value_is_kept_from_run_to_run_and_over_a_restart(kind, tmp_path):
    place = KINDS[kind](tmp_path)
    for expected in (1, 2, 3):
        async with opened(place) as store, bench(COUNTER, store=store) as flow:
            run = await flow.run()
            assert run.status is RunStatus.SUCCEEDED
            assert [message["value"] for message in flow.seen["end"]] == [expected]


async def test_the_base_value_is_passed_on_and_the_member_may_be_renamed():
    _, seen = await run_flow(
        """
        nodes:
          start: {component: common-module/signal}
          keep: {component: common-module/state, settings: {operation: set}, as: kept, input: {key: a, value: [1]}}
          end: {component: test-module/probe}
        edges:
          - {from: start, to: keep, data: {page: 3}}
          - keep:out -> end
        """
    )
    assert seen["end"] == [{"page": 3, "kept": [1]}]


async def test_delete_takes_a_value_away():
    async with bench(
        """
        nodes:
          start: {component: common-module/signal}
          keep: {component: common-module/state, settings: {key: a, operation: set}, input: {value: 1}}
          drop: {component: common-module/state, settings: {key: a, operation: delete}}
          end: {component: test-module/probe}
        edges:
          - start -> keep:in
          - keep:out -> drop:in
          - drop:out -> end
        """
    ) as flow:
        await flow.run()
        assert flow.seen["end"][0]["value"] is None
        assert await flow.store.state("test", "a") is None


async def test_a_task_that_fails_keeps_nothing():
    async with bench(
        """
        nodes:
          start: {component: common-module/signal}
          keep: {component: common-module/state, settings: {key: a, operation: set}, input: {value: 1}}
          fail: {component: test-module/fail}
        edges:
          - start -> keep:in
          - keep:out -> fail
        """
    ) as flow:
        run = await flow.run()
        assert run.status is RunStatus.FAILED
        assert await flow.store.state("test", "a") is None


async def test_a_branch_that_fails_keeps_nothing_and_the_others_do():
    async with bench(
        """
        nodes:
          start: {component: common-module/signal}
          each: {component: common-module/iterator, input: {array: [1, 2, 3]}}
          keep: {component: common-module/state, settings: {operation: set}, input: {key: "k{{$.item}}", value: "{{$.item}}"}}
          fail: {component: test-module/fail, settings: {when: "'item': 2"}}
          last: {component: common-module/state, input: {key: k2}}
          end: {component: test-module/probe}
        edges:
          - start -> each
          - each:item -> keep:in
          - keep:out -> fail
          - each:done -> last:in
          - last:out -> end
        """
    ) as flow:
        await flow.run()
        assert [await flow.store.state("test", f"k{n}") for n in (1, 2, 3)] == [1, None, 3]
        assert flow.seen["end"][0]["value"] is None


@pytest.mark.parametrize(
    ("node", "says"),
    [
        ("{component: common-module/state}", "`key` is missing"),
        ("{component: common-module/state, settings: {key: a, operation: set}}", "`value` is missing"),
        ('{component: common-module/state, input: {key: "{{$.payload}}"}}', "`key` must be text"),
    ],
)
async def test_what_is_missing_or_wrong_is_said(node, says):
    run, _ = await run_flow(
        f"""
        nodes:
          start: {{component: common-module/signal}}
          keep: {node}
        edges:
          - start -> keep:in
        """,
        7,
    )
    assert run.status is RunStatus.FAILED
    assert says in run.errors[0].message
