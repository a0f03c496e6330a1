"""Where runs, tasks, schedules and dead letters live. Stores know no components and execute nothing.

A store decides: one commit of a task makes its whole outcome durable, or none of it. The in-process
queue of what to execute next belongs to the engine.
"""

from headrace.store.caller import Caller
from headrace.store.encoding import EncodedOutcome, decode_outcome
from headrace.store.executor import Executor
from headrace.store.journal.change import RunChange
from headrace.store.memory import MemoryStore
from headrace.store.notice import Notice, NoticeKind
from headrace.store.protocol import Store
from headrace.store.records import (
    Adoption,
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
    Response,
    RunRecord,
    RunStatus,
    TaskRecord,
    TriggerRecord,
    VersionRecord,
)
from headrace.store.request import LetterFilter, LetterPage, Request, RequestKind, Revival, RunFilter
from headrace.store.sharing import Glance, SharedChange, Sharing

__all__ = [
    "Adoption",
    "Attempt",
    "Caller",
    "Committed",
    "DeadLetter",
    "EncodedOutcome",
    "ErrorFate",
    "ErrorRecord",
    "Executor",
    "FireRequest",
    "Fired",
    "Glance",
    "GroupMember",
    "LetterFilter",
    "LetterPage",
    "MemoryStore",
    "NewGroup",
    "Notice",
    "NoticeKind",
    "OpenRun",
    "Outcome",
    "Request",
    "RequestKind",
    "Response",
    "Revival",
    "RunChange",
    "RunFilter",
    "RunRecord",
    "RunStatus",
    "SharedChange",
    "Sharing",
    "Store",
    "TaskRecord",
    "TriggerRecord",
    "VersionRecord",
    "decode_outcome",
]
