"""common-module/signal."""

from headrace.components.common.firing import firing_message, firing_shape
from headrace.sdk import (
    Firing,
    JsonValue,
    Message,
    Output,
    Overlap,
    SchedulePolicy,
    Settings,
    component,
)

__all__ = ["Signal"]


class SignalSettings(Settings):
    """Settings of the signal."""

    payload: JsonValue = None
    """Handed on as `payload` where the request brings none."""


@component(
    "common-module/signal",
    summary="Starts a run on request.",
    settings=SignalSettings,
    outputs=(
        Output("out", "`{timestamp, formatted, tickNumber, scheduledAt, payload}`", emits=firing_shape),
    ),
    trigger=True,
)
class Signal:
    """Fires when someone asks: `headrace run --once`."""

    schedule = None

    def __init__(self, settings: SignalSettings) -> None:
        self._settings = settings

    @property
    def policy(self) -> SchedulePolicy:
        """See `Trigger`."""
        return SchedulePolicy(overlap=Overlap.ALLOW)

    def message(self, firing: Firing) -> Message:
        """See `Trigger`."""
        return firing_message(firing, self._settings.payload)
