"""common-module/cron."""

import re
from datetime import UTC, datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from cronsim import CronSim, CronSimError
from pydantic import field_validator

from headrace.components.common.calendar import Calendar
from headrace.components.common.firing import TriggerSettings, firing_message, firing_shape
from headrace.expr.suggestion import did_you_mean
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
# cronsim's name of a field, ours, and what it holds; seconds come first where there are six.
_FIELDS = (
    ("second", "second", "0 to 59"),
    ("minute", "minute", "0 to 59"),
    ("hour", "hour", "0 to 23"),
    ("day-of-month", "day of a month", "1 to 31"),
    ("month", "month", "1 to 12 or JAN to DEC"),
    ("day-of-week", "weekday", "0 to 7 or SUN to SAT"),
)
_INTERVAL = re.compile(r"(?:\d+(?:ms|s|m|h|d))+")
_ANY_TIME = datetime(2024, 1, 1, tzinfo=UTC)


def _fault(schedule: str, error: str) -> str:
    """What is wrong with a schedule, from cronsim's words for it."""
    fields = schedule.split()
    if schedule.startswith("@every") or _INTERVAL.fullmatch(schedule.strip()):
        return "an interval is set by `common-module/ticker`"
    if f"@{schedule.strip()}" in _NAMED:
        return f"write `@{schedule.strip()}`"
    if len(fields) not in (5, 6):
        count = f"{len(fields)} fields" if len(fields) != 1 else "1 field"
        return f"it has {count}; write five, minute, hour, day, month and weekday, or six with seconds first"
    first = 0 if len(fields) == 6 else 1
    for (name, ours, values), text in zip(_FIELDS[first:], fields, strict=True):
        if error.lower() == f"bad {name}":
            never = name == "day-of-month" and text.isdecimal() and 1 <= int(text) <= 31
            return (
                f"no month that it names has a day {text}" if never else f"`{text}` is no {ours} ({values})"
            )
    return error.lower()


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
            raise ValueError(f"`{schedule}` is no cron schedule: {_fault(schedule, str(error))}") from error
        return schedule

    @field_validator("timezone")
    @classmethod
    def _is_timezone(cls, name: str) -> str:
        try:
            ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError) as error:
            hint = did_you_mean(name, sorted(available_timezones())) or "; write it like `Europe/Oslo`"
            raise ValueError(f"`{name}` is no time zone{hint}") from error
        return name


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
        expression = _NAMED.get(settings.schedule.strip(), settings.schedule)
        self.schedule = Calendar(" ".join(expression.upper().split()), settings.timezone)

    @property
    def policy(self) -> SchedulePolicy:
        """See `Trigger`."""
        return self._settings.policy()

    def message(self, firing: Firing) -> Message:
        """See `Trigger`."""
        return firing_message(firing, self._settings.payload)
