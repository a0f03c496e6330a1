"""Carrying a task out: its message is delivered, and everything below it on inner edges."""

from headrace.engine.context import NodeContext, enter
from headrace.engine.execution import Execution
from headrace.errors import PermanentError
from headrace.store import Outcome

__all__ = ["perform"]


async def perform(execution: Execution) -> Outcome:
    """Deliver the task's message and everything below it on inner edges.

    Raises:
        Raised: the first unhandled error. The caller rolls the transactions back.
        Misspeculated: see `Execution.settle`.
    """
    task = execution.task
    unit = execution.program.units.get(task.node)
    if unit is None:
        error = PermanentError(f"the flow has no node `{task.node}` any more", code="HR311")
        node = next(iter(execution.program.flow.nodes.values()))
        raise execution.raised(error, node, node.span, task.message)
    if task.is_output:
        context = NodeContext(execution, unit, execution.root, task.base, task.message, None)
        await context.emit(task.port, task.message)
    else:
        execution.counts(task.node).received += 1
        uses_input = unit.input is not None and task.port == unit.first_input
        await enter(execution, unit, task.port, uses_input, execution.root, task.base, task.message, None)
    await execution.finish()
    return execution.root.outcome
