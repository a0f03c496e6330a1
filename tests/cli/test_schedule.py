"""Firings to come."""

from pathlib import Path

from msgspec.structs import replace
from tests.cli.outcome import write_flow

from headrace.app import builtin_registry
from headrace.app.schedule import next_firings
from headrace.flow.loader import read_flow, require
from headrace.store import TriggerRecord
from headrace.store.firing import activate, deactivate

HOUR_NS = 3_600 * 10**9
NOW_NS = 1_767_225_600_000_000_000  # 2026-01-01T00:00:00Z


def firings(
    folder: Path, nodes: str, edges: str, count: int, now_ns: int = NOW_NS, **records: TriggerRecord
) -> list[str]:
    flow = require(read_flow(write_flow(folder, nodes, edges), builtin_registry()))
    return [f"{due.text} {due.trigger}" for due in next_firings(flow, count, now_ns, records)]


def test_firings_of_several_triggers_are_merged(tmp_path: Path) -> None:
    nodes = """
    tick: {component: common-module/ticker, settings: {interval: 7h, emitOnStart: false}}
    noon: {component: common-module/cron, settings: {schedule: "0 12 * * *", timezone: Europe/Oslo}}
    idle: {component: common-module/ticker, settings: {interval: 1m}, control: {start: false}}
    log: {component: common-module/debug}"""
    assert firings(tmp_path, nodes, "[tick -> log, noon -> log, idle -> log]", 4) == [
        "2026-01-01T07:00:00Z tick",
        "2026-01-01T11:00:00Z noon",
        "2026-01-01T14:00:00Z tick",
        "2026-01-01T21:00:00Z tick",
    ]


def test_emissions_at_the_start_and_at_most(tmp_path: Path) -> None:
    nodes = """
    tick: {component: common-module/ticker, settings: {interval: 1h, maxEmissions: 2}}
    log: {component: common-module/debug}"""
    assert firings(tmp_path, nodes, "[tick -> log]", 9) == [
        "2026-01-01T00:00:00Z tick",
        "2026-01-01T01:00:00Z tick",
    ]


def test_what_the_store_remembers_goes_on(tmp_path: Path) -> None:
    """Activated at 00:00, fired for 00:00 and 01:00; it is 02:30 now."""
    nodes = """
    tick: {component: common-module/ticker, settings: {interval: 1h, maxEmissions: 4}}
    log: {component: common-module/debug}"""
    every_hour = f"every {HOUR_NS} ns"
    known = replace(activate(None, every_hour, NOW_NS), last_scheduled_ns=NOW_NS + HOUR_NS, firings=2)
    half_past_two = NOW_NS + 5 * HOUR_NS // 2
    assert firings(tmp_path, nodes, "[tick -> log]", 9, half_past_two, tick=known) == [
        "2026-01-01T03:00:00Z tick",
        "2026-01-01T04:00:00Z tick",
    ]
    other = replace(known, schedule="every 7 ns")  # the grid starts anew at the last firing
    assert firings(tmp_path, nodes, "[tick -> log]", 1, half_past_two, tick=other) == [
        "2026-01-01T03:00:00Z tick"
    ]
    assert firings(tmp_path, nodes, "[tick -> log]", 2, half_past_two, tick=deactivate(known)) == [
        "2026-01-01T02:30:00Z tick",
        "2026-01-01T03:30:00Z tick",
    ]
    assert firings(tmp_path, nodes, "[tick -> log]", 9, half_past_two, tick=replace(known, firings=4)) == []


def test_a_time_is_told_in_the_zone_of_its_schedule_too(tmp_path: Path) -> None:
    nodes = """
    noon: {component: common-module/cron, settings: {schedule: "30 2 * * *", timezone: Europe/Oslo}}
    log: {component: common-module/debug}"""
    flow = require(read_flow(write_flow(tmp_path, nodes, "[noon -> log]"), builtin_registry()))
    before_summer_time = 1_774_656_000_000_000_000  # 2026-03-28T00:00:00Z
    assert [(due.text, due.local) for due in next_firings(flow, 2, before_summer_time)] == [
        ("2026-03-28T01:30:00Z", "2026-03-28 02:30:00 Europe/Oslo"),
        ("2026-03-29T01:00:00Z", "2026-03-29 03:00:00 Europe/Oslo"),
    ]
