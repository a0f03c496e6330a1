"""Who executes a flow."""

from headrace.store import Executor
from headrace.web.resources.base import Resource

__all__ = ["ExecutorFacts", "executor_facts"]


class ExecutorFacts(Resource):
    """A process that executes a flow: `host` is null for this machine, `isSelf` true for this process."""

    host: str | None
    process: int
    is_self: bool


def executor_facts(executor: Executor) -> ExecutorFacts:
    """A process that executes a flow."""
    return ExecutorFacts(host=executor.host or None, process=executor.process, is_self=executor.is_self)
