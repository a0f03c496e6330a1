"""A loop of a million rounds runs in flat memory."""

import resource

import pytest

from headrace.store import RunStatus
from support.flows import bench

LOOP = """
nodes:
  start: {component: common-module/signal}
  round: {component: common-module/modify}
  more: {component: common-module/router, settings: {rules: [{when: "{{$.page < $.until}}", outputPort: again}]}}
  end: {component: test-module/probe}
edges:
  - from: start:out
    to: round:in
    data: {page: 1, until: "{{$.payload}}"}
  - round -> more
  - from: more:again
    to: round:in
    data: {page: "{{$.page + 1}}", until: "{{$.until}}"}
  - more:default -> end
"""


def peak_mib():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


@pytest.mark.soak
async def test_a_loop_of_a_million_rounds_runs_in_flat_memory():
    async with bench(LOOP) as flow:
        await flow.run(20_000)
        before = peak_mib()
        run = await flow.run(1_000_000)
    assert run.status is RunStatus.SUCCEEDED
    assert run.tasks_done == 1_000_001
    assert peak_mib() - before < 8
