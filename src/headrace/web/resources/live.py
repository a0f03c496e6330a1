"""Counts as they are now."""

from headrace.app.facts import budget_facts
from headrace.monitor.meter import Snapshot
from headrace.web.resources.base import Resource, Time

__all__ = ["Live", "NodeLive", "live"]


class NodeLive(Resource):
    """The counts of a node; the rate is of messages a second."""

    received: int = 0
    active: int = 0
    failed: int = 0
    rate: float = 0.0
    items_done: int = 0
    items_total: int = 0


class EdgeLive(Resource):
    """How many messages crossed an edge, and how many a second."""

    crossed: int
    rate: float


class ApiLive(Resource):
    """How an API is asked."""

    api: str
    in_flight: int
    most: int
    waiting: int
    rate_per_second: float | None
    left: int | None
    resets_at: Time | None
    held_until: Time | None
    reason: str | None


class Live(Resource):
    """The counts of a flow: since the runs began that are active, or of the last one."""

    flow: str
    runs: list[str]
    elapsed_seconds: float
    done: int
    total: int
    pages: int
    batches: int
    rate: float
    left_seconds: float | None
    nodes: dict[str, NodeLive]
    edges: dict[str, EdgeLive]
    apis: list[ApiLive]


def live(flow: str, runs: list[str], snapshot: Snapshot) -> Live:
    """The counts of a flow."""
    return Live(
        flow=flow,
        runs=runs,
        elapsed_seconds=round(snapshot.elapsed_s, 3),
        done=snapshot.done,
        total=snapshot.total,
        pages=snapshot.pages,
        batches=snapshot.batches,
        rate=round(snapshot.rate, 2),
        left_seconds=None if snapshot.left_s is None else round(snapshot.left_s, 1),
        nodes={
            row.name: NodeLive(
                received=row.received,
                active=row.active,
                failed=row.failed,
                rate=round(row.rate, 2),
                items_done=row.items_done,
                items_total=row.items_total,
            )
            for row in snapshot.rows
        },
        edges={
            f"e{index}": EdgeLive(crossed=crossed, rate=round(rate, 2))
            for index, (crossed, rate) in snapshot.edges.items()
        },
        apis=[ApiLive.model_validate(budget_facts(state)) for state in snapshot.budgets],
    )
