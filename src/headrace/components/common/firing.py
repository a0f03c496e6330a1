"""What triggers have in common: their policy settings and the message of a firing."""

from pydantic import Field

from headrace.expr.time import time_text
from headrace.sdk import (
    Arrival,
    Catchup,
    Duration,
    Firing,
    Json,
    JsonValue,
    Message,
    Overlap,
    SchedulePolicy,
    Settings,
)
from headrace.sdk.shape import ANY, Shape, object_of, of

__all__ = ["TriggerSettings", "firing_message", "firing_shape"]


class TriggerSettings(Settings):
    """Settings of every trigger that fires by a schedule."""

    payload: JsonValue = None
    """Handed on as `payload` with every firing."""
    overlap: Overlap = Overlap.SKIP
    """What happens when a firing is due while the last run is still open: `skip` starts no run, `queue` lets
    one firing wait, `allow` runs both, `cancel-running` cancels the open run."""
    catchup: Catchup = Catchup.LATEST
    """Which firings are made up for that were missed, since no process ran, the machine slept or the process
    was held up."""
    jitter: Duration = Field(0.0, ge=0)
    """Each firing is late by a random time up to this; its scheduled time stays on the grid."""

    def policy(self, *, emit_on_start: bool = False, max_firings: int = 0) -> SchedulePolicy:
        """The policy that these settings describe."""
        return SchedulePolicy(emit_on_start, max_firings, self.overlap, self.catchup, self.jitter)


def firing_message(firing: Firing, payload: Json) -> Message:
    """The message of a firing: `{timestamp, formatted, tickNumber, scheduledAt, payload}`.

    `timestamp` is in Unix nanoseconds, as `now()` gives it; the payload of a request takes precedence.
    """
    return {
        "timestamp": firing.fired_at_ns,
        "formatted": time_text(firing.fired_at_ns),
        "tickNumber": firing.tick_number,
        "scheduledAt": time_text(firing.scheduled_at_ns),
        "payload": payload if firing.payload is None else firing.payload,
    }


def firing_shape(arrival: Arrival) -> Shape:
    """The shape of a firing's message.

    A request may bring any payload. That the trigger's own comes is only likely; of that the keys are
    known, not the values, since those are what a request changes.
    """
    payload = arrival.settings.get("payload")
    known = ANY
    if arrival.likely and isinstance(payload, dict) and payload:
        known = object_of(dict.fromkeys(payload, ANY), certain=False, origins=(arrival.origin,))
    return arrival.object(
        {
            "timestamp": of("number"),
            "formatted": of("text"),
            "tickNumber": of("number"),
            "scheduledAt": of("text"),
            "payload": known,
        }
    )
