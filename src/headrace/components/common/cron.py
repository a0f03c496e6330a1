"""common-module/cron."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from cronsim import CronSim, CronSimError
from pydantic import field_validator

from headrace.components.common.firing import TriggerSettings, firing_message, firing_shape
from headrace.sdk import Firing, Message, Output, SchedulePolicy, component

__all__ = ["Cron"]

_NAMED = {
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
    "@monthly": "0 0 1 * *",
    "@weekly": "0 0 * * 0",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@hourly": "0 * * * *",
}
_ANY_TIME = datetime(2024, 1, 1, tzinfo=UTC)


class CronSettings(TriggerSettings):
    """Settings of the cron trigger."""

    schedule: str
    """Five fields (minute, hour, day, month, weekday), six with seconds first, or `@hourly` and the like."""
    timezone: str = "UTC"
    """Name of the IANA time zone in which the schedule is read, such as `Europe/Oslo`."""

    @field_validator("schedule")
    @classmethod
    def _is_schedule(cls, schedule: str) -> str:
        try:
            CronSim(_NAMED.get(schedule.strip(), schedule), _ANY_TIME)
        except CronSimError as error:
            raise ValueError(f"`{schedule}` is no cron schedule: {str(error).lower()}") from error
        return schedule

    @field_validator("timezone")
    @classmethod
    def _is_timezone(cls, name: str) -> str:
        try:
            ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError) as error:
            raise ValueError(f"`{name}` is no time zone; write it like `Europe/Oslo`") from error
        return name


class _Calendar:
    """Times that a cron expression names in a time zone.

    At a change to summer time, times in the gap fire right after it; at a change back, hourly schedules
    go on and a fixed time fires once (cronsim follows Debian's cron).
    """

    def __init__(self, schedule: str, timezone: str) -> None:
        self._schedule = _NAMED.get(schedule.strip(), schedule)
        self._zone = ZoneInfo(timezone)

    def next_after(self, after_ns: int, anchor_ns: int) -> int | None:
        _ = anchor_ns  # the calendar is the same for all
        after = datetime.fromtimestamp(after_ns // 1_000_000_000, self._zone)
        try:
            due = next(CronSim(self._schedule, after))
        except StopIteration:
            return None
        return int(due.timestamp()) * 1_000_000_000


@component(
    "common-module/cron",
    summary="Starts a run at the times of a cron schedule.",
    settings=CronSettings,
    outputs=(
        Output("out", "`{timestamp, formatted, tickNumber, scheduledAt, payload}`", emits=firing_shape),
    ),
    trigger=True,
)
class Cron:
    """Fires at the times that a cron expression names in a time zone."""

    def __init__(self, settings: CronSettings) -> None:
        self._settings = settings
        self.schedule = _Calendar(settings.schedule, settings.timezone)

    @property
    def policy(self) -> SchedulePolicy:
        """See `Trigger`."""
        return self._settings.policy()

    def message(self, firing: Firing) -> Message:
        """See `Trigger`."""
        return firing_message(firing, self._settings.payload)
