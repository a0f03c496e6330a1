"""Where runs, tasks, schedules and dead letters live. Stores know no components and execute nothing.

A store decides: one commit of a task makes its whole outcome durable, or none of it. The in-process
queue of what to execute next belongs to the engine.
"""

from headrace.store.memory import MemoryStore
from headrace.store.protocol import Store
from headrace.store.records import (
    Attempt,
    Committed,
    DeadLetter,
    ErrorFate,
    ErrorRecord,
    Fired,
    FireRequest,
    GroupMember,
    NewGroup,
    OpenRun,
    Outcome,
    RunRecord,
    RunStatus,
    TaskRecord,
    TriggerRecord,
)

__all__ = [
    "Attempt",
    "Committed",
    "DeadLetter",
    "ErrorFate",
    "ErrorRecord",
    "FireRequest",
    "Fired",
    "GroupMember",
    "MemoryStore",
    "NewGroup",
    "OpenRun",
    "Outcome",
    "RunRecord",
    "RunStatus",
    "Store",
    "TaskRecord",
    "TriggerRecord",
]
