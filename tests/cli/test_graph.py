"""`headrace graph`: where pictures go, and what is said instead of one."""

import re
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree as ET

from tests.cli.outcome import Outcome, write_flow
from tests.docs.page import ROOT, blocks

SOUND = "\n    start: {component: common-module/signal}\n    log: {component: common-module/debug}"
MERMAID = """\
flowchart LR
  accTitle: test
  n0(["start<br/>signal"])
  n1["log<br/>debug"]
  n0 ==>|"out"| n1
"""


def is_svg(text: str) -> bool:
    return ET.fromstring(text).tag == "{http://www.w3.org/2000/svg}svg"


def test_mermaid_text_is_printed(call: Callable[..., Outcome], tmp_path: Path) -> None:
    path = write_flow(tmp_path, SOUND, "[start -> log]")
    assert call("graph", path) == Outcome(0, MERMAID, "")


def test_the_ending_of_the_file_tells_the_format(call: Callable[..., Outcome], tmp_path: Path) -> None:
    path = write_flow(tmp_path, SOUND, "[start -> log]")
    assert call("graph", path, "-o", tmp_path / "flow.SVG") == Outcome(0, "", "")
    assert call("graph", path, "-o", tmp_path / "flow.mmd") == Outcome(0, "", "")
    assert call("graph", path, "--format", "svg", "-o", tmp_path / "flow.txt") == Outcome(0, "", "")
    assert is_svg((tmp_path / "flow.SVG").read_text())
    assert (tmp_path / "flow.mmd").read_text() == MERMAID
    assert (tmp_path / "flow.txt").read_text() == (tmp_path / "flow.SVG").read_text()


def test_a_picture_is_written_in_utf8(call: Callable[..., Outcome], tmp_path: Path) -> None:
    path = write_flow(tmp_path, SOUND, "[start -> log]", spec="  description: größer → 😀\n")
    assert call("graph", path, "-o", tmp_path / "flow.svg") == Outcome(0, "", "")
    assert '<desc id="about">größer → 😀</desc>' in (tmp_path / "flow.svg").read_text(encoding="utf-8")


def test_svg_can_be_printed(call: Callable[..., Outcome], tmp_path: Path) -> None:
    outcome = call("graph", write_flow(tmp_path, SOUND, "[start -> log]"), "--format", "svg")
    assert (outcome.code, outcome.err, is_svg(outcome.out)) == (0, "", True)


def test_a_flow_with_warnings_is_drawn_and_they_are_told(
    call: Callable[..., Outcome], tmp_path: Path
) -> None:
    path = write_flow(tmp_path, SOUND + "\n    lost: {component: common-module/debug}", "[start -> log]")
    outcome = call("graph", path)
    assert (outcome.code, outcome.out.count("<br/>")) == (0, 3)
    assert outcome.err.startswith(f"{path}:8:5: HR106 warning: ")


def test_a_flow_with_errors_is_not_drawn(call: Callable[..., Outcome], tmp_path: Path) -> None:
    path = write_flow(tmp_path, SOUND, "[start -> logg]")
    picture = tmp_path / "flow.svg"
    outcome = call("graph", path, "-o", picture)
    assert (outcome.code, outcome.out, picture.exists()) == (2, "", False)
    assert outcome.err.startswith(f"{path}:8:20: HR112 no node `logg`; did you mean `log`?\n")


def test_a_picture_that_cannot_be_written_is_told(call: Callable[..., Outcome], tmp_path: Path) -> None:
    path = write_flow(tmp_path, SOUND, "[start -> log]")
    target = tmp_path / "none" / "flow.svg"
    expected = f"error: cannot write {target}: no such file or directory\n"
    assert call("graph", path, "-o", target) == Outcome(2, "", expected)


def test_the_picture_in_the_documentation_is_that_of_the_readme_s_flow(
    call: Callable[..., Outcome], tmp_path: Path
) -> None:
    (flow,) = re.findall(r"```yaml\n(apiVersion.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    (tmp_path / "users.yaml").write_text(flow)
    (shown,) = [block.text for block in blocks("running.md") if block.info == "mermaid"]
    assert call("graph", tmp_path / "users.yaml").out == shown
