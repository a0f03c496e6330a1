"""What a modify node of the reference page makes of a message."""

import textwrap

from headrace.store import RunStatus
from support.clock import JumpingClock
from support.flows import Seen, bench


async def shaped(data: str, message: dict, clock: JumpingClock | None = None) -> dict:
    """What the page's modify node makes of a message: `data` on the edge into it."""
    seen = Seen()
    spec = f"""
nodes:
  start: {{component: common-module/signal}}
  bring: {{component: common-module/modify}}
  node: {{component: common-module/modify}}
  end: {{component: test-module/probe}}
edges:
  - {{from: start, to: bring, data: "{{{{$.payload}}}}"}}
  - from: bring
    to: node
    data:
{textwrap.indent(textwrap.dedent(data), "      ")}
  - node -> end
"""
    async with bench(spec, seen=seen, clock=clock) as flow:
        run = await flow.run(message)
    assert (run.status, run.errors) == (RunStatus.SUCCEEDED, [])
    (made,) = seen["end"]
    return made
