"""What an event of a journal came to, for who wrote it and for everybody else."""

from typing import Any

import msgspec

from headrace.store.journal.event import Event
from headrace.store.records import Attempt, DeadLetter, ErrorRecord, RunRecord, TaskRecord
from headrace.values import Json

__all__ = ["Applied", "EndedRun", "KeptLetter", "RunChange"]


class RunChange(msgspec.Struct, frozen=True):
    """What became of a run.

    Attributes:
        begun: the run, if it goes on from here: it is new, or a dead letter of it is tried again.
        opened: tasks that nobody executes and everybody may, from now on; with the state of their attempts.
        closed: ids of tasks that are open no more.
        errors: what was recorded.
        is_cancelled: what is executing of it is to be cut off.
        ended: the run, if this ended it.
    """

    run_id: str
    begun: RunRecord | None = None
    opened: tuple[tuple[TaskRecord, Attempt], ...] = ()
    closed: tuple[str, ...] = ()
    response: Json = None
    errors: tuple[ErrorRecord, ...] = ()
    is_cancelled: bool = False
    ended: RunRecord | None = None


class Applied(msgspec.Struct, frozen=True):
    """An event that was applied.

    Attributes:
        result: for its author; what the method of `Store` gives that wrote it. An exception is raised there.
    """

    event: Event
    author: str
    result: Any = None
    changes: tuple[RunChange, ...] = ()


class EndedRun(msgspec.Struct, frozen=True):
    """A run that has ended, as the history has it.

    Attributes:
        response: what it responded, where it has a dedupe key.
        sequence: the place in the journal where it ended.
    """

    run: RunRecord
    response: Json
    sequence: int


class KeptLetter(msgspec.Struct, frozen=True):
    """That a task is a dead letter.

    Attributes:
        letter: None where the history has it.
        position: increases with each; Unix nanoseconds, more or less.
        sequence: the place in the journal where it became one.
    """

    run_id: str
    letter: DeadLetter | None
    position: int
    sequence: int
