"""How the display tells of APIs that are asked, and waited for."""

import time

import pytest
from rich.console import Console

from headrace.app.facts import budget_facts
from headrace.cli.budget import budget_text
from headrace.cli.picture import picture
from headrace.cli.plain import PlainView
from headrace.monitor.meter import Meter, Snapshot
from headrace.sdk.budget import BudgetState

NOW_NS = 1_700_000_000 * 10**9
RESET_NS = NOW_NS + 310 * 10**9
BUSY = BudgetState("api.example.com", 3, 8, 1200, rate_per_s=10.0, left=12, resets_at_ns=RESET_NS)
HELD = BudgetState("api.example.com", 0, 4, 5, held_until_ns=NOW_NS + 27 * 10**9, reason="Retry-After")


@pytest.mark.parametrize(
    ("state", "text"),
    [
        (BudgetState("localhost:8080", 3, 8, 0), "localhost:8080: 3 of 8 in flight"),
        (BudgetState("a.example", 1, 8, 2, rate_per_s=5000 / 3600), "a.example: 1 of 8 in flight, 2 waiting, 5000/h"),
        (BudgetState("a.example", 1, 8, 0, rate_per_s=0.5), "a.example: 1 of 8 in flight, 30/m"),
        (HELD, "waits 27 s for api.example.com (Retry-After)"),
        (
            BudgetState("b.example", 0, 1, 1, held_until_ns=RESET_NS, reason="no requests left"),
            "waits 5:10 for b.example (no requests left)",
        ),
    ],
)  # fmt: skip
def test_an_api_in_words(state, text):
    assert budget_text(state, NOW_NS) == text


def test_what_is_left_is_told_with_the_local_time_until_when():
    at = time.strftime("%H:%M:%S", time.localtime(RESET_NS / 1e9))
    assert budget_text(BUSY, NOW_NS) == (
        f"api.example.com: 3 of 8 in flight, 1,200 waiting, 10/s, 12 left until {at}"
    )


def test_an_api_as_json():
    assert budget_facts(HELD) == {
        "api": "api.example.com",
        "inFlight": 0,
        "most": 4,
        "waiting": 5,
        "ratePerSecond": None,
        "left": None,
        "resetsAt": None,
        "heldUntil": "2023-11-14T22:13:47Z",
        "reason": "Retry-After",
    }


def test_the_live_view_shows_those_first_that_are_waited_for():
    states = tuple(BudgetState(f"api{n}", 1, 8, 0) for n in range(4))
    snapshot = Snapshot(1.0, (), 0, 0, 0, 0, 0.0, None, (*states, HELD))
    console = Console(width=80, color_system=None)
    with console.capture() as capture:
        console.print(picture(snapshot, 80, 24))
    lines = capture.get().splitlines()
    assert [line.split()[-2] for line in lines if "api" in line and "node" not in line][1:] == ["in", "in"]
    assert sum("for api.example.com (Retry-After)" in line for line in lines) == 1


def test_lines_tell_only_of_those_that_are_waited_for(capsys):
    seconds = iter([0.0, 10.0, 10.0])
    view = PlainView(lambda: next(seconds))
    meter = Meter.__new__(Meter)
    idle = BudgetState("idle.example", 1, 8, 0)
    meter.read = lambda: Snapshot(1.0, (), 0, 0, 0, 0, 0.0, None, (idle, HELD))
    view.open(meter)
    view._active.add("run")
    view.show([])
    assert [line.strip() for line in capsys.readouterr().out.splitlines()] == [
        "0:01, 0 active",
        "waits 1 s for api.example.com (Retry-After)",
    ]
