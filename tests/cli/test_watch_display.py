"""The display of `headrace runs watch` at different sizes, and its lines."""

import io
import json

from rich.console import Console

from headrace.app.executing import Executing
from headrace.cli.runs.watch.display import board_picture
from headrace.cli.runs.watch.follower import Board
from headrace.cli.runs.watch.line import JsonBoardView, PlainBoardView
from headrace.cli.runs.watch.source import Kept
from headrace.monitor.meter import NodeRow, Snapshot
from headrace.sdk.budget import BudgetState
from headrace.store import ErrorFate, ErrorRecord, Executor, RunRecord

SECOND = 10**9
ROWS = (NodeRow("api-client", 12, 1, 0, 2.4, 0, 0), NodeRow("upsert", 115, 1, 3, 23.6, 0, 0))
API = BudgetState("api.example.com", 3, 8, 0, 10.0)
HALF = Snapshot(5.0, ROWS, 1150, 5000, pages=12, batches=115, rate=230.0, left_s=16.7, budgets=(API,))
ERROR = ErrorRecord(
    0, "HR229", "five\nis wrong", "check", "users.yaml:14:39", "x: 1\n   ^", 1, ErrorFate.COLLECTED
)


def run(number: int, flow: str = "users") -> RunRecord:
    return RunRecord(f"{number:016x}", flow, "v1", "hourly", 0, 0, {}, error_count=1, tasks_done=7)


def drawn(board: Board, width: int = 100, height: int = 30) -> list[str]:
    console = Console(width=width, file=io.StringIO(), color_system=None)
    with console.capture() as capture:
        console.print(board_picture(board, width, height, 12 * SECOND))
    return [line.rstrip() for line in capture.get().splitlines()]


def test_a_run_its_nodes_its_progress_the_apis_and_the_latest_errors_are_seen() -> None:
    assert drawn(Board((run(1),), {"users": HALF}, errors=(ERROR,))) == [
        "run               flow   trigger  status    for  tasks  errors  dead",
        "0000000000000001  users  hourly   running  0:12      7       1     0",
        "node        received  active  failed  rate  items",
        "api-client        12       1       0   2/s",
        "upsert           115       1       3  24/s",
        "━━━━━━━╸                          23% · 1,150 of 5,000 · 12 pages · 115 batches · 230/s · 0:17 left",
        "api.example.com: 3 of 8 in flight, 10/s",
        "users.yaml:14:39: HR229 check: five is wrong (collected)",
    ]


def test_of_several_flows_each_has_its_name_and_an_api_is_told_of_once() -> None:
    counts = {"users": HALF, "orders": HALF}
    lines = drawn(Board((run(1), run(2, "orders")), counts))
    assert [line for line in lines if line in ("users", "orders")] == ["users", "orders"]
    assert len([line for line in lines if line.startswith("api.example.com")]) == 1


def test_what_the_store_alone_knows_is_told_in_words() -> None:
    board = Board((run(1),), kept={run(1).id: Kept(Executing((Executor(4711),)), 3)})
    assert drawn(board)[-1] == "0000000000000001: process 4711, 7 tasks done, 3 open, 1 error"
    assert "waits for `headrace run`" in drawn(Board((run(1),), kept={run(1).id: Kept(Executing(), 3)}))[-1]


def test_many_runs_and_flows_fit_into_a_low_and_a_narrow_terminal() -> None:
    runs = tuple(run(number, f"flow-{number}") for number in range(60))
    board = Board(runs, {each.flow: HALF for each in runs[:20]}, errors=(ERROR,) * 5)
    for width, height in ((100, 30), (40, 24), (80, 50)):
        lines = drawn(board, width, height)
        assert (len(lines) <= height, max(map(len, lines)) <= width) == (True, True), (width, height)
        assert any("more flows" in line for line in lines)
        assert lines[-1].startswith("users.yaml:14:39")


def test_without_a_run_it_says_so() -> None:
    assert drawn(Board()) == ["no run is active"]


def test_text_from_outside_does_not_steer_the_terminal() -> None:
    odd = run(1, "use\x1b[2Jrs")
    lines = drawn(Board((odd,), {odd.flow: HALF}, {odd.id: Kept(Executing((Executor(1),)), 1)}, (ERROR,)))
    assert "\x1b" not in "\n".join(lines)


def test_lines_tell_progress_every_five_seconds(capsys) -> None:
    now = [0.0]
    view = PlainBoardView(lambda: now[0])
    board = Board(
        (run(1), run(2, "orders")), {"users": HALF}, {run(2).id: Kept(Executing((Executor(0),)), 3)}
    )
    for now[0] in (1.0, 5.0, 6.0):
        view.show([], board)
    view.show([], Board())
    assert capsys.readouterr().out.splitlines() == [
        "users: 1,150 of 5,000 items (23%), 12 pages, 115 batches, 230/s, 0:17 left",
        "run 0000000000000002 of orders: another process, 7 tasks done, 3 open, 1 error",
    ]


def test_json_tells_progress_every_second_by_flow(capsys) -> None:
    now = [0.0]
    view = JsonBoardView(lambda: now[0])
    board = Board((run(1), run(2, "orders")), {"users": HALF}, {run(2).id: Kept(Executing(), 3)})
    for now[0] in (0.5, 1.0, 1.5):
        view.show([], board)
    first, second = map(json.loads, capsys.readouterr().out.splitlines())
    assert (first["flow"], first["runs"], first["leftSeconds"]) == ("users", [run(1).id], 16.7)
    assert (second["flow"], second["openTasks"], second["process"]) == ("orders", 3, None)
