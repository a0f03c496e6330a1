"""What the API of `headrace serve` sends, as far as a watcher reads it; and what it stands for."""

from datetime import datetime
from typing import Annotated, Any, TypeAlias

import msgspec

from headrace.expr.time import from_datetime
from headrace.monitor.meter import NodeRow, Snapshot
from headrace.sdk.budget import BudgetState
from headrace.store import ErrorFate, ErrorRecord, RunRecord, RunStatus

__all__ = ["FlowAnswer", "FlowsAnswer", "ProblemAnswer", "RunAnswer", "RunsAnswer", "SessionAnswer"]

_Time: TypeAlias = Annotated[datetime, msgspec.Meta(tz=True)]


class _Answer(msgspec.Struct, frozen=True, rename="camel"):
    """An object; members that are not named here are left alone."""


class SessionAnswer(_Answer, frozen=True):
    """Whom one speaks with."""

    access: str
    version: str


class _Problem(_Answer, frozen=True):
    message: str


class ProblemAnswer(_Answer, frozen=True):
    """Why there is no answer."""

    error: _Problem


class _Error(_Answer, frozen=True):
    at: _Time
    code: str
    message: str
    node: str
    place: str
    excerpt: str
    attempt: int
    fate: ErrorFate
    retryable: bool
    context: dict[str, Any]

    def record(self) -> ErrorRecord:
        return ErrorRecord(
            from_datetime(self.at),
            self.code,
            self.message,
            self.node,
            self.place,
            self.excerpt,
            self.attempt,
            self.fate,
            self.retryable,
            self.context,
        )


class RunAnswer(_Answer, frozen=True):
    """A run; of a list without its counters and errors."""

    id: str
    flow: str
    trigger: str
    version: str
    status: RunStatus
    started_at: _Time
    ended_at: _Time | None
    tasks: int
    errors: int
    retries: int
    dead_letters: int
    counters: dict[str, int] = {}
    error_list: list[_Error] = []

    def record(self) -> RunRecord:
        """The run."""
        started_ns = from_datetime(self.started_at)
        return RunRecord(
            id=self.id,
            flow=self.flow,
            version=self.version,
            trigger=self.trigger,
            scheduled_at_ns=started_ns,
            started_at_ns=started_ns,
            vars={},
            status=self.status,
            ended_at_ns=_moment(self.ended_at),
            counters=self.counters,
            errors=[error.record() for error in self.error_list],
            error_count=self.errors,
            retries=self.retries,
            dead_letters=self.dead_letters,
            tasks_done=self.tasks,
        )


class RunsAnswer(_Answer, frozen=True):
    """A page of runs."""

    runs: list[RunAnswer]
    next: str | None


class _Node(_Answer, frozen=True):
    received: int
    active: int
    failed: int
    rate: float
    items_done: int
    items_total: int


class _Api(_Answer, frozen=True):
    api: str
    in_flight: int
    most: int
    waiting: int
    rate_per_second: float | None
    left: int | None
    resets_at: _Time | None
    held_until: _Time | None
    reason: str | None

    def state(self) -> BudgetState:
        return BudgetState(
            api=self.api,
            in_flight=self.in_flight,
            most=self.most,
            waiting=self.waiting,
            rate_per_s=self.rate_per_second,
            left=self.left,
            resets_at_ns=_moment(self.resets_at),
            held_until_ns=_moment(self.held_until),
            reason=self.reason or "",
        )


class _Live(_Answer, frozen=True):
    elapsed_seconds: float
    done: int
    total: int
    pages: int
    batches: int
    rate: float
    left_seconds: float | None
    nodes: dict[str, _Node]
    apis: list[_Api]

    def snapshot(self) -> Snapshot:
        return Snapshot(
            elapsed_s=self.elapsed_seconds,
            rows=tuple(
                NodeRow(
                    name,
                    node.received,
                    node.active,
                    node.failed,
                    node.rate,
                    node.items_done,
                    node.items_total,
                )
                for name, node in self.nodes.items()
            ),
            done=self.done,
            total=self.total,
            pages=self.pages,
            batches=self.batches,
            rate=self.rate,
            left_s=self.left_seconds,
            budgets=tuple(api.state() for api in self.apis),
        )


class _Name(_Answer, frozen=True):
    name: str


class FlowsAnswer(_Answer, frozen=True):
    """All flows."""

    flows: list[_Name]


class FlowAnswer(_Answer, frozen=True):
    """A flow."""

    live: _Live | None

    def snapshot(self) -> Snapshot | None:
        """Its counts."""
        return None if self.live is None else self.live.snapshot()


def _moment(at: datetime | None) -> int | None:
    return None if at is None else from_datetime(at)
