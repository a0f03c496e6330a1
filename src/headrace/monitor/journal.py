"""What happens to runs, as lines of the log."""

import logging

from headrace.engine import Observer
from headrace.errors import HeadraceError
from headrace.store import ErrorFate, ErrorRecord, RunRecord, RunStatus

__all__ = ["Journal"]

_log = logging.getLogger("headrace.runs")

_DEADLY = frozenset({ErrorFate.DEAD, ErrorFate.ENDED})


class Journal(Observer):
    """Logs how runs begin and end, and their errors; those that nobody handled as warnings."""

    def __init__(self) -> None:
        self._flow_of: dict[str, str] = {}

    def run_started(self, run: RunRecord) -> None:
        """See `Observer`."""
        self._flow_of[run.id] = run.flow
        _log.info("run %s of %s started by %s", run.id, run.flow, run.trigger, extra=_about(run))

    def run_resumed(self, run: RunRecord) -> None:
        """See `Observer`."""
        self._flow_of[run.id] = run.flow
        _log.info("run %s of %s goes on", run.id, run.flow, extra=_about(run))

    def run_ended(self, run: RunRecord) -> None:
        """See `Observer`."""
        self._flow_of.pop(run.id, None)
        seconds = ((run.ended_at_ns or run.started_at_ns) - run.started_at_ns) / 1e9
        facts = {
            "status": run.status.value,
            "seconds": round(seconds, 3),
            "tasks": run.tasks_done,
            "errors": run.error_count,
            "deadLetters": run.dead_letters,
        }
        level = logging.WARNING if run.status is RunStatus.FAILED else logging.INFO
        _log.log(
            level,
            "run %s of %s %s",
            run.id,
            run.flow,
            run.status.value,
            extra={**_about(run), "facts": facts},
        )

    def run_started_elsewhere(self, run: RunRecord) -> None:
        """See `Observer`. It is logged there."""
        self._flow_of[run.id] = run.flow

    def run_resumed_elsewhere(self, run: RunRecord) -> None:
        """See `Observer`. It is logged there."""
        self._flow_of[run.id] = run.flow

    def run_ended_elsewhere(self, run: RunRecord) -> None:
        """See `Observer`. It is logged there."""
        self._flow_of.pop(run.id, None)

    def error_raised_elsewhere(self, run_id: str, error: ErrorRecord) -> None:
        """See `Observer`. It is logged there."""

    def run_stuck(self, run: RunRecord, error: HeadraceError) -> None:
        """See `Observer`."""
        _log.warning("run %s of %s cannot go on: %s", run.id, run.flow, error.message, extra=_about(run))

    def firing_dropped(self, flow: str, trigger: str, reason: str) -> None:
        """See `Observer`."""
        _log.info("a firing of %s:%s was dropped: %s", flow, trigger, reason, extra={"flow": flow})

    def error_raised(self, run_id: str, error: ErrorRecord) -> None:
        """See `Observer`."""
        facts = {
            "code": error.code,
            "fate": error.fate.value,
            "place": error.place,
            "attempt": error.attempt,
            "context": error.context,
        }
        level = logging.WARNING if error.fate in _DEADLY else logging.INFO
        flow = self._flow_of.get(run_id, "")
        about = {"run": run_id, "flow": flow, "node": error.node, "facts": facts}
        _log.log(
            level, "%s: %s %s (%s)", error.place, error.code, error.message, error.fate.value, extra=about
        )


def _about(run: RunRecord) -> dict[str, object]:
    return {"run": run.id, "flow": run.flow}
