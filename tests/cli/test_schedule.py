"""Firings to come."""

from pathlib import Path

from tests.cli.outcome import write_flow

from headrace.app import builtin_registry
from headrace.cli.schedule import next_firings
from headrace.flow.loader import read_flow, require

NOW_NS = 1_767_225_600_000_000_000  # 2026-01-01T00:00:00Z


def firings(folder: Path, nodes: str, edges: str, count: int) -> list[str]:
    flow = require(read_flow(write_flow(folder, nodes, edges), builtin_registry()))
    return [f"{due.text} {due.trigger}" for due in next_firings(flow, count, NOW_NS)]


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
