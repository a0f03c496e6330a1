"""The live view: its picture at different sizes, and the command on a real pseudo-terminal."""

import io
import re
from pathlib import Path

import pytest
from rich.console import Console
from tests.cli.outcome import write_flow
from tests.cli.screen import last_frame, on_terminal

from headrace.cli.picture import picture
from headrace.monitor.meter import NodeRow, Snapshot

ROWS = (
    NodeRow("api-client", 12, 1, 0, 2.4, 0, 0),
    NodeRow("iterate", 12, 1, 0, 2.4, 1150, 1200),
    NodeRow("upsert", 115, 1, 3, 23.6, 0, 0),
    NodeRow("complete", 0, 0, 0, 0.0, 0, 0),
)
HALF = Snapshot(5.0, ROWS, done=1150, total=5000, pages=12, batches=115, rate=230.0, left_s=16.7)


def drawn(snapshot: Snapshot, width: int, height: int = 24) -> str:
    """The picture as text, spaces at the ends of lines left out."""
    console = Console(width=width, file=io.StringIO(), color_system=None)
    with console.capture() as capture:
        console.print(picture(snapshot, width, height))
    return "\n".join(line.rstrip() for line in capture.get().splitlines())


def test_a_wide_terminal_shows_everything() -> None:
    assert drawn(HALF, 80) == (
        "node        received  active  failed  rate  items\n"
        "api-client        12       1       0   2/s\n"
        "iterate           12       1       0   2/s  1,150 of 1,200\n"
        "upsert           115       1       3  24/s\n"
        "complete           0       0       0\n"
        "━━╸           23% · 1,150 of 5,000 · 12 pages · 115 batches · 230/s · 0:17 left"
    )


def test_a_narrow_terminal_shows_what_matters_most() -> None:
    assert drawn(HALF, 40) == (
        "node        received  failed\n"
        "api-client        12       0\n"
        "iterate           12       0\n"
        "upsert           115       3\n"
        "complete           0       0\n"
        "━━━━━━━━╸\n"
        "23% · 1,150 of 5,000 · 12 pages · 115\n"
        "batches · 230/s · 0:17 left"
    )


def test_a_low_terminal_shows_the_busiest_nodes_in_the_order_of_the_file() -> None:
    assert [line.split()[0] for line in drawn(HALF, 80, height=9).splitlines()[:4]] == [
        "node",
        "api-client",
        "upsert",
        "…",
    ]


def test_without_records_only_the_time_is_shown() -> None:
    snapshot = Snapshot(65.0, (), done=0, total=0, pages=0, batches=0, rate=0.0, left_s=None)
    assert drawn(snapshot, 80).splitlines()[-1] == "1:05"


FLOW = """
    start: {component: common-module/signal}
    iterate:
      component: common-module/iterator
      settings: {batchSize: 10}
      input: {array: "{{range(0, 95)}}"}
    wait: {component: common-module/delay, settings: {duration: 10ms}}
    check:
      component: common-module/modify
      input: {x: "{{$.batchNum == 5 ? fail('five is wrong') : 1}}"}"""
EDGES = "[start -> iterate, iterate:batch -> wait -> check]"


@pytest.mark.parametrize(("columns", "has_rates"), [(80, True), (40, False)])
def test_on_a_terminal_the_final_table_stays(tmp_path: Path, columns: int, has_rates: bool) -> None:
    code, written = on_terminal(columns, "run", write_flow(tmp_path, FLOW, EDGES), "--once")
    frame = last_frame(written)
    assert code == 0
    assert [line.split()[:2] for line in frame[1:4]] == [["iterate", "1"], ["wait", "10"], ["check", "10"]]
    assert ("rate" in frame[0]) == has_rates
    assert "100% · 95 of 95 · 10 batches" in " ".join(frame)
    assert "1 error handled" in " ".join(frame[-2:])
    assert max(map(len, frame)) <= columns
    assert "five is wrong" in re.sub(r"\s+", " ", written)


def test_no_color_means_no_colours(tmp_path: Path) -> None:
    path = write_flow(tmp_path, FLOW, EDGES)
    _, plain = on_terminal(80, "run", path, "--once", NO_COLOR="1")
    _, painted = on_terminal(80, "run", path, "--once", NO_COLOR="")
    assert (re.findall(r"\x1b\[(?:[0-9;]*;)?3[0-9]", plain), "\x1b[33m" in painted) == ([], True)


def test_a_dumb_terminal_gets_lines_without_any_codes(tmp_path: Path) -> None:
    code, written = on_terminal(80, "run", write_flow(tmp_path, FLOW, EDGES), "--once", TERM="dumb")
    lines = written.splitlines()
    assert (code, "\x1b" in written) == (0, False)
    assert (lines[0].startswith("run "), lines[-1].startswith("succeeded in ")) == (True, True)
