"""What a store takes of a message. Pure."""

from headrace.errors import PermanentError
from headrace.store.records import Outcome, TaskRecord
from headrace.values import JsonError, encode_json

__all__ = ["check_messages"]


def check_messages(outcome: Outcome, max_bytes: int) -> None:
    """Check that the messages of all new tasks can be kept.

    Raises:
        PermanentError: one is no JSON, or larger than `max_bytes`; names the port that it is for.
    """
    for task in (*outcome.tasks, *(group.done for group in outcome.groups)):
        _check(task, max_bytes)


def _check(task: TaskRecord, max_bytes: int) -> None:
    try:
        size = len(encode_json(task.message))
        if task.base is not task.message:
            size += len(encode_json(task.base))
    except JsonError as error:
        raise PermanentError(
            f"the message for `{task.node}:{task.port}` cannot be kept: {error}", code="HR401"
        ) from error
    if size > max_bytes:
        raise PermanentError(
            f"the message for `{task.node}:{task.port}` has {size / 2**20:.1f} MiB, and the store takes "
            f"{max_bytes / 2**20:.0f} MiB at most; carry less from task to task",
            code="HR402",
        )
