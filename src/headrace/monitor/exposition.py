"""Metrics in Prometheus' text format, by its names: https://prometheus.io/docs/practices/naming/."""

from collections.abc import Iterable, Mapping
from typing import TypeAlias

import msgspec
from prometheus_client import CONTENT_TYPE_PLAIN_0_0_4, CollectorRegistry, ProcessCollector, generate_latest
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    InfoMetricFamily,
    Metric,
)
from prometheus_client.registry import Collector

from headrace import __version__
from headrace.monitor.counts import BUCKETS_S, Counts
from headrace.monitor.profile import RESULTS
from headrace.sdk.budget import BudgetState
from headrace.store import RunStatus

__all__ = ["CONTENT_TYPE", "Standing", "exposed"]

CONTENT_TYPE = CONTENT_TYPE_PLAIN_0_0_4

_Values: TypeAlias = dict[tuple[str, ...], int]
"""By labels."""

_ENDS = [status.value for status in RunStatus if status is not RunStatus.RUNNING]


class Standing(msgspec.Struct, frozen=True):
    """How things stand.

    Attributes:
        running: active runs by flow.
        open_tasks: tasks that wait or are executed, by flow.
        succeeded_ns: when the last run that succeeded ended, by flow; those that had one.
    """

    flows: tuple[str, ...]
    running: Mapping[str, int]
    open_tasks: Mapping[str, int]
    succeeded_ns: Mapping[str, int]
    budgets: tuple[BudgetState, ...]
    now_ns: int


class _Collector(Collector):
    def __init__(self, counts: Counts, standing: Standing) -> None:
        self._counts = counts
        self._standing = standing

    def collect(self) -> Iterable[Metric]:
        yield InfoMetricFamily("headrace_build", "The version of headrace.", {"version": __version__})
        yield from _counted(self._counts, self._standing.flows)
        yield _durations(self._counts)
        yield from _of_flows(self._standing)
        yield from _of_apis(self._standing.budgets)


def exposed(counts: Counts, standing: Standing) -> bytes:
    """All metrics, those of the process itself included; on a registry of its own."""
    registry = CollectorRegistry()
    ProcessCollector(registry=registry)
    registry.register(_Collector(counts, standing))
    return generate_latest(registry)


def _counted(counts: Counts, flows: Iterable[str]) -> Iterable[Metric]:
    """The counters; of each flow, those of runs and tasks are there from the start, as zero."""
    runs: _Values = {(flow, status): 0 for flow in flows for status in _ENDS}
    tasks: _Values = {(flow, result): 0 for flow in flows for result in RESULTS.values()}
    runs |= counts.runs
    tasks |= counts.tasks
    retries: _Values = {key[:1]: n for key, n in tasks.items() if key[1] == "retried"}
    letters: _Values = {key[:1]: n for key, n in tasks.items() if key[1] == "dead"}
    yield _counter("runs", "Runs that have ended.", ("flow", "status"), runs)
    yield _counter("tasks", "Attempts of tasks that have ended.", ("flow", "result"), tasks)
    yield _counter("task_retries", "Attempts of tasks after which another follows.", ("flow",), retries)
    yield _counter("dead_letters", "Tasks that have become dead letters.", ("flow",), letters)
    yield _counter("hops", "Messages that have crossed an edge.", ("flow",), counts.hops)
    yield _counter("errors", "Errors, whatever became of them.", ("flow", "code", "fate"), counts.errors)
    yield _counter(
        "firings_dropped", "Firings that were due and created no run.", ("flow", "reason"), counts.dropped
    )
    yield _counter("node_messages", "Messages that have entered a node.", ("flow", "node"), counts.messages)
    yield _counter(
        "node_failures", "Messages at which a node itself failed.", ("flow", "node"), counts.failures
    )
    yield _counter("node_records", "Records that a node has worked through.", ("flow", "node"), counts.items)


def _counter(
    name: str, says: str, labels: tuple[str, ...], values: Mapping[tuple[str, ...], int]
) -> CounterMetricFamily:
    family = CounterMetricFamily(f"headrace_{name}", says, labels=labels)
    for key, value in values.items():
        family.add_metric(key, value)
    return family


def _durations(counts: Counts) -> HistogramMetricFamily:
    family = HistogramMetricFamily(
        "headrace_task_duration_seconds", "How long attempts of tasks took.", labels=("flow",)
    )
    for flow, durations in counts.durations.items():
        buckets: list[tuple[str, float]] = []
        together = 0
        for bound, number in zip((*BUCKETS_S, float("inf")), durations.buckets, strict=True):
            together += number
            buckets.append(("+Inf" if bound == float("inf") else str(bound), together))
        family.add_metric((flow,), buckets, sum_value=durations.total_s)
    return family


def _of_flows(standing: Standing) -> Iterable[Metric]:
    of_flow = dict.fromkeys(standing.flows, 0)
    yield _gauge("runs_running", "Runs that are active.", "flow", {**of_flow, **standing.running})
    yield _gauge("tasks_open", "Tasks that wait or are executed.", "flow", {**of_flow, **standing.open_tasks})
    succeeded_s = {flow: at_ns / 1e9 for flow, at_ns in standing.succeeded_ns.items()}
    yield _gauge(
        "last_success_timestamp_seconds", "When the last run ended that succeeded.", "flow", succeeded_s
    )
    age_s = {flow: max(standing.now_ns / 1e9 - at_s, 0.0) for flow, at_s in succeeded_s.items()}
    yield _gauge("data_age_seconds", "How long ago the last run ended that succeeded.", "flow", age_s)


def _of_apis(budgets: tuple[BudgetState, ...]) -> Iterable[Metric]:
    """Several budgets of an API, by credential, are told together."""
    in_flight: dict[str, float] = {}
    waiting: dict[str, float] = {}
    allowed: dict[str, float] = {}
    for budget in budgets:
        for values, value in (
            (in_flight, budget.in_flight),
            (waiting, budget.waiting),
            (allowed, budget.most),
        ):
            values[budget.api] = values.get(budget.api, 0) + value
    yield _gauge("api_requests_in_flight", "Requests whose answers are awaited.", "api", in_flight)
    yield _gauge("api_requests_waiting", "Requests that wait to be sent.", "api", waiting)
    yield _gauge("api_requests_allowed", "Requests that may be in flight at once.", "api", allowed)


def _gauge(name: str, says: str, label: str, values: Mapping[str, float]) -> GaugeMetricFamily:
    family = GaugeMetricFamily(f"headrace_{name}", says, labels=(label,))
    for key, value in values.items():
        family.add_metric((key,), value)
    return family
