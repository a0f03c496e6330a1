"""`headrace validate`: findings, the summary line, exit codes."""

import json
from collections.abc import Callable
from pathlib import Path

from tests.cli.outcome import Outcome, write_flow

ROOT = Path(__file__).parents[2]
SOUND = "\n    start: {component: common-module/signal}\n    log: {component: common-module/debug}"
LOOP = """
    start: {component: common-module/signal}
    count: {component: common-module/modify, input: {i: "{{($.i || 0) + 1}}"}}
    more:
      component: common-module/router
      settings: {rules: [{when: "{{$.i < 5}}", outputPort: again}]}
    log: {component: common-module/debug}"""


def test_a_sound_flow_is_summed_up_with_where_tasks_begin(
    call: Callable[..., Outcome], tmp_path: Path
) -> None:
    path = write_flow(tmp_path, LOOP, "[start -> count -> more, more:again -> count, more:default -> log]")
    expected = (
        "ok: 4 nodes, 4 edges; tasks begin at: start:out -> count:in, "
        "more:again -> count:in (closes a loop)\n"
    )
    assert call("validate", path) == Outcome(0, expected, "")


def test_errors_are_shown_with_line_caret_and_cure(call: Callable[..., Outcome], tmp_path: Path) -> None:
    path = write_flow(tmp_path, "\n    start: {component: common-module/signl}")
    expected = (
        f"{path}:6:24: HR111 unknown component `common-module/signl`; did you mean `common-module/signal`?\n"
        "      start: {component: common-module/signl}\n"
        "                         ^^^^^^^^^^^^^^^^^^^\n"
    )
    outcome = call("validate", path)
    assert (outcome.code, outcome.out.startswith(expected), outcome.err) == (2, True, "")


def test_warnings_fail_only_when_strict(call: Callable[..., Outcome], tmp_path: Path) -> None:
    path = write_flow(tmp_path, SOUND + "\n    lost: {component: common-module/debug}", "[start -> log]")
    relaxed, strict = call("validate", path), call("validate", "--strict", path)
    assert (relaxed.code, strict.code) == (0, 2)
    assert relaxed.out.endswith(
        "ok (1 warning): 3 nodes, 1 edge; tasks begin at: start:out -> log:in\n"
        "Read more: headrace explain HR106\n"
    )


def test_json_has_findings_and_beginnings(call: Callable[..., Outcome], tmp_path: Path) -> None:
    good = write_flow(tmp_path, SOUND, "[start -> log]")
    bad = write_flow(tmp_path, " 5", name="bad.yaml")
    outcome = call("validate", "--format", "json", good, bad)
    first, second = json.loads(outcome.out)["flows"]
    version = first.pop("version")
    assert (outcome.code, len(version)) == (2, 16)
    assert first == {
        "file": str(good),
        "ok": True,
        "name": "test",
        "nodes": 2,
        "edges": 1,
        "tasksBeginAt": [{"from": "start:out", "to": "log:in", "closesLoop": False}],
        "findings": [],
    }
    assert (second["file"], second["ok"]) == (str(bad), False)
    assert second["findings"][0] == {
        "code": "HR115",
        "severity": "error",
        "message": second["findings"][0]["message"],
        "cure": "write `name: {component: …}` for each node",
        "file": str(bad),
        "line": 5,
        "column": 10,
    }


def test_several_files_are_told_apart(call: Callable[..., Outcome], tmp_path: Path) -> None:
    paths = [write_flow(tmp_path, SOUND, "[start -> log]", name=name) for name in ("a.yaml", "b.yaml")]
    line = "ok: 2 nodes, 1 edge; tasks begin at: start:out -> log:in"
    assert call("validate", *paths) == Outcome(0, f"{paths[0]}: {line}\n{paths[1]}: {line}\n", "")


def test_a_file_that_is_not_there_is_told(call: Callable[..., Outcome]) -> None:
    expected = "error: cannot read missing.yaml: no such file or directory\n"
    assert call("validate", "missing.yaml") == Outcome(2, "", expected)


def test_the_examples_are_sound(call: Callable[..., Outcome]) -> None:
    paths = [path for path in ROOT.glob("examples/*/flow.yaml") if path.parent.name != "custom-module"]
    assert [line for line in call("validate", *paths).out.splitlines() if ": ok" not in line] == []
