"""What happens, as JSON: `headrace run --json` prints an object a line.

Every object has `event` and `at` (RFC 3339, UTC).

    run_started   run, flow, version, trigger
    run_resumed   run, flow, version, trigger, tasks (done before)
    progress      run ids that are active, done, total, pages, batches, rate, leftSeconds (null: unknown),
                  nodes {name: {received, active, failed, itemsDone, itemsTotal}}, apis [{api, inFlight, most,
                  waiting, ratePerSecond, left, resetsAt, heldUntil, reason}]; every second while a run is
                  active, and once at the end of each
    error         run, code, message, node, place, excerpt, attempt, fate, retryable, context
    firing_dropped  trigger, reason (overlap, queued, exhausted)
    listening     trigger, where (POST http://127.0.0.1:8090/orders)
    notice        text
    run_ended     run, flow, trigger, status (succeeded, failed, cancelled), seconds, counters
                  {node.counter: number}, errors, retries, deadLetters, tasks
"""

import sys
import time
from collections.abc import Callable, Sequence

from headrace.app.facts import budget_facts, error_facts
from headrace.cli.watch import Dropped, Ended, Event, Listening, Raised, Resumed, Said, Started
from headrace.expr.time import time_text
from headrace.monitor.meter import Meter, Snapshot
from headrace.store import RunRecord
from headrace.values import Json, encode_json

__all__ = ["EventView", "event_facts", "progress_facts", "write_event"]

_PROGRESS_S = 1.0


class EventView:
    """Lines of JSON on standard output."""

    period_s = 0.25

    def __init__(self, now_s: Callable[[], float] = time.monotonic) -> None:
        self._now_s = now_s
        self._meter: Meter | None = None
        self._said_s = now_s()
        self._active: list[str] = []

    def open(self, meter: Meter) -> None:
        """See `View`."""
        self._meter = meter

    def show(self, events: list[Event]) -> None:
        """See `View`."""
        for event in events:
            if isinstance(event, Started | Resumed):
                self._active.append(event.run.id)
            elif isinstance(event, Ended):
                self._progress()
                self._active.remove(event.run.id)
            write_event(event_facts(event))
        if self._active and self._now_s() - self._said_s >= _PROGRESS_S:
            self._progress()
        sys.stdout.flush()

    def close(self) -> None:
        """See `View`."""

    def _progress(self) -> None:
        if self._meter is None:
            return
        self._said_s = self._now_s()
        write_event(progress_facts(self._active, self._meter.read()))


def progress_facts(active: Sequence[str], snapshot: Snapshot) -> dict[str, Json]:
    """The counts while these runs are active."""
    runs: list[Json] = list(active)
    nodes: dict[str, Json] = {
        row.name: {
            "received": row.received,
            "active": row.active,
            "failed": row.failed,
            "itemsDone": row.items_done,
            "itemsTotal": row.items_total,
        }
        for row in snapshot.rows
    }
    return {
        "event": "progress",
        "runs": runs,
        "done": snapshot.done,
        "total": snapshot.total,
        "pages": snapshot.pages,
        "batches": snapshot.batches,
        "rate": round(snapshot.rate, 1),
        "leftSeconds": None if snapshot.left_s is None else round(snapshot.left_s, 1),
        "nodes": nodes,
        "apis": [budget_facts(state) for state in snapshot.budgets],
    }


def write_event(facts: dict[str, Json]) -> None:
    """Write a line about something that happens now; `facts` has an `event`."""
    event = facts.pop("event")
    line = {"event": event, "at": time_text(time.time_ns()), **facts}
    sys.stdout.write(encode_json(line).decode() + "\n")


def event_facts(event: Event) -> dict[str, Json]:
    """What is printed of an event."""
    match event:
        case Started(run):
            return {
                "event": "run_started",
                "run": run.id,
                "flow": run.flow,
                "version": run.version,
                "trigger": run.trigger,
            }
        case Resumed(run, tasks_done):
            return {
                "event": "run_resumed",
                "run": run.id,
                "flow": run.flow,
                "version": run.version,
                "trigger": run.trigger,
                "tasks": tasks_done,
            }
        case Ended(run, _):
            return _ended(run)
        case Raised(run_id, error):
            return {"event": "error", "run": run_id, **error_facts(error)}
        case Dropped(trigger, reason):
            return {"event": "firing_dropped", "trigger": trigger, "reason": reason}
        case Listening(trigger, where):
            return {"event": "listening", "trigger": trigger, "where": where}
        case Said(text):
            return {"event": "notice", "text": text}


def _ended(run: RunRecord) -> dict[str, Json]:
    counters: dict[str, Json] = dict(run.counters)
    return {
        "event": "run_ended",
        "run": run.id,
        "flow": run.flow,
        "trigger": run.trigger,
        "status": run.status.value,
        "seconds": round(((run.ended_at_ns or run.started_at_ns) - run.started_at_ns) / 1e9, 3),
        "counters": counters,
        "errors": run.error_count,
        "retries": run.retries,
        "deadLetters": run.dead_letters,
        "tasks": run.tasks_done,
    }
