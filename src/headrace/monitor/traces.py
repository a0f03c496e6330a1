"""Spans of runs, tasks and nodes, sent over OTLP as the standard `OTEL_*` variables say."""

import asyncio
import hashlib
from collections.abc import Callable
from types import TracebackType
from typing import Self

from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import OTELResourceDetector, Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.trace.id_generator import RandomIdGenerator
from opentelemetry.trace import Span, Status, StatusCode, Tracer, set_span_in_context
from opentelemetry.util.types import AttributeValue

from headrace import __version__
from headrace.engine import Observer, Probe, Step
from headrace.engine.failure import facts_of
from headrace.monitor.profile import RESULTS
from headrace.sdk import RunInfo
from headrace.store import ErrorRecord, RunRecord, RunStatus, TaskRecord
from headrace.values import Message

__all__ = ["Traces", "trace_id_of"]

_MOST_NODE_SPANS = 256
"""Of one task, which may send millions of messages through its nodes."""


def trace_id_of(run_id: str) -> int:
    """The id of a run's trace: the same in each process that goes on with it."""
    return int.from_bytes(hashlib.sha256(f"headrace run {run_id}".encode()).digest()[:16]) or 1


class _RunIds(RandomIdGenerator):
    """Gives the trace id that was set; ids of spans are random."""

    trace_id = 1

    def generate_trace_id(self) -> int:
        return self.trace_id


class Traces(Observer):
    """Makes spans; an asynchronous context manager, which sends what is left when it ends."""

    def __init__(self, mask: Callable[[str], str] = str) -> None:
        """Set up by the environment: endpoint, headers, sampler, limits, batches.

        Args:
            mask: takes secrets out of a text for people.
        """
        self._mask = mask
        self._ids = _RunIds()
        # What the environment says wins: Resource.create would have our name win over it.
        resource = Resource({"service.name": "headrace"}).merge(OTELResourceDetector().detect())
        resource = Resource.create(resource.attributes)
        self._provider = TracerProvider(resource=resource, id_generator=self._ids, shutdown_on_exit=False)
        self._provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
        self._tracer = self._provider.get_tracer("headrace", __version__)
        self._runs: dict[str, Span] = {}
        self._tasks: dict[str, Span] = {}
        self._errors: dict[str, ErrorRecord] = {}

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for span in (*self._tasks.values(), *self._runs.values()):
            span.set_attribute("headrace.left_open", value=True)
            span.end()
        await asyncio.to_thread(self._provider.shutdown)

    def run_started(self, run: RunRecord) -> None:
        """See `Observer`."""
        self._begin(run, is_resumed=False)

    def run_resumed(self, run: RunRecord) -> None:
        """See `Observer`."""
        self._begin(run, is_resumed=True)

    def _begin(self, run: RunRecord, *, is_resumed: bool) -> None:
        self._ids.trace_id = trace_id_of(run.id)
        span = self._tracer.start_span(
            f"run {run.flow}",
            attributes={
                "headrace.flow": run.flow,
                "headrace.version": run.version,
                "headrace.trigger": run.trigger,
                "headrace.run": run.id,
                "headrace.resumed": is_resumed,
            },
        )
        if span.is_recording():
            self._runs[run.id] = span

    def run_ended(self, run: RunRecord) -> None:
        """See `Observer`."""
        span = self._runs.pop(run.id, None)
        self._errors.pop(run.id, None)
        if span is None:
            return
        span.set_attributes(
            {
                "headrace.status": run.status.value,
                "headrace.tasks": run.tasks_done,
                "headrace.errors": run.error_count,
                "headrace.retries": run.retries,
                "headrace.dead_letters": run.dead_letters,
            }
        )
        if run.status is RunStatus.FAILED:
            span.set_status(Status(StatusCode.ERROR, "the run failed"))
        span.end()

    def error_raised(self, run_id: str, error: ErrorRecord) -> None:
        """See `Observer`. A task that ends by an error is told of right after it."""
        if run_id in self._runs:
            self._errors[run_id] = error

    def probe(self, task: TaskRecord, attempt: int, run: RunInfo) -> Probe | None:
        """See `Observer`."""
        above = self._runs.get(task.run_id)
        if above is None:
            return None
        facts = facts_of(task.message)
        span = self._tracer.start_span(
            f"task {task.node}",
            set_span_in_context(above),
            attributes={
                "headrace.flow": run.flow,
                "headrace.run": run.id,
                "headrace.task": task.id,
                "headrace.node": task.node,
                "headrace.port": task.port,
                "headrace.attempt": attempt,
                **{f"headrace.data.{name}": self._attribute(fact) for name, fact in facts.items()},
            },
        )
        if not span.is_recording():
            return None
        self._tasks[task.id] = span
        return _NodeSpans(self._tracer, span)

    def task_reached(self, task: TaskRecord, step: Step, attempt: int) -> None:
        """See `Observer`."""
        result = RESULTS.get(step)
        if result is None or (span := self._tasks.pop(task.id, None)) is None:
            return
        span.set_attribute("headrace.result", result)
        if step in (Step.RETRIED, Step.BURIED) and (error := self._errors.pop(task.run_id, None)) is not None:
            _fail(span, error)
        span.end()

    def _attribute(self, fact: object) -> AttributeValue:
        """A number that does not fit into 64 bits is sent as text."""
        if isinstance(fact, bool) or (isinstance(fact, int) and -(2**63) <= fact < 2**63):
            return fact
        return self._mask(str(fact))


class _NodeSpans(Probe):
    """A span for each message at a node, up to a number; what a trial made is said to be of one."""

    def __init__(self, tracer: Tracer, task: Span) -> None:
        self._tracer = tracer
        self._task = task
        self._left = _MOST_NODE_SPANS

    def entered(self, node: str, port: str, message: Message, above: object) -> object:
        """See `Probe`."""
        if self._left == 0:
            self._task.set_attribute("headrace.nodes_cut", value=True)
            return None
        self._left -= 1
        parent = above if isinstance(above, Span) else self._task
        return self._tracer.start_span(
            f"node {node}",
            set_span_in_context(parent),
            attributes={"headrace.node": node, "headrace.port": port},
        )

    def failed(self, visit: object, error: ErrorRecord) -> None:
        """See `Probe`."""
        if isinstance(visit, Span):
            _fail(visit, error)

    def left(self, visit: object) -> None:
        """See `Probe`."""
        if isinstance(visit, Span):
            visit.end()

    def began_again(self) -> None:
        """See `Probe`."""
        self._task.add_event("trial failed: what is above is rolled back, and done again step by step")

    def headers(self, visit: object) -> dict[str, str]:
        """See `Probe`. The format: https://www.w3.org/TR/trace-context/#traceparent-header."""
        if not isinstance(visit, Span) or not visit.is_recording():
            return {}
        context = visit.get_span_context()
        return {
            "traceparent": f"00-{context.trace_id:032x}-{context.span_id:016x}-{context.trace_flags & 1:02x}"
        }


def _fail(span: Span, error: ErrorRecord) -> None:
    """Record an error, whose message is masked."""
    span.add_event(
        "exception",
        {
            "exception.type": error.code,
            "exception.message": error.message,
            "headrace.node": error.node,
            "headrace.place": error.place,
            "headrace.fate": error.fate.value,
        },
    )
    span.set_status(Status(StatusCode.ERROR, error.message))
