"""common-module/ticker."""

from pydantic import Field

from headrace.components.common.firing import TriggerSettings, firing_message, firing_shape
from headrace.sdk import Duration, Firing, Message, Output, SchedulePolicy, component, duration_text

__all__ = ["Ticker"]


class TickerSettings(TriggerSettings):
    """Settings of the ticker."""

    interval: Duration = Field(60.0, ge=0.001)
    """Time between firings."""
    emit_on_start: bool = True
    """Fire once when the trigger is activated, too."""
    max_emissions: int = Field(0, ge=0)
    """Fire no more than this often; 0: no limit."""


class _Grid:
    """Times a fixed interval apart, counted from the anchor; never drifts."""

    timezone = "UTC"

    def __init__(self, interval_s: float) -> None:
        self._interval_ns = round(interval_s * 1e9)
        self.identity = f"every {self._interval_ns} ns"
        self.text = f"every {duration_text(interval_s)}"

    def next_after(self, after_ns: int, anchor_ns: int) -> int | None:
        steps = max((after_ns - anchor_ns) // self._interval_ns + 1, 1)
        return anchor_ns + steps * self._interval_ns

    def last_until(self, until_ns: int, anchor_ns: int) -> int | None:
        steps = (until_ns - anchor_ns) // self._interval_ns
        return anchor_ns + steps * self._interval_ns if steps > 0 else None


@component(
    "common-module/ticker",
    summary="Starts a run at fixed intervals.",
    settings=TickerSettings,
    outputs=(
        Output("out", "`{timestamp, formatted, tickNumber, scheduledAt, payload}`", emits=firing_shape),
    ),
    trigger=True,
)
class Ticker:
    """Fires at fixed intervals, counted from its activation: a slow run does not move the grid."""

    def __init__(self, settings: TickerSettings) -> None:
        self._settings = settings
        self.schedule = _Grid(settings.interval)

    @property
    def policy(self) -> SchedulePolicy:
        """See `Trigger`."""
        settings = self._settings
        return settings.policy(emit_on_start=settings.emit_on_start, max_firings=settings.max_emissions)

    def message(self, firing: Firing) -> Message:
        """See `Trigger`."""
        return firing_message(firing, self._settings.payload)
