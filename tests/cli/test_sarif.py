"""`headrace validate --format sarif`: the places and texts of findings, as SARIF 2.1.0 wants them."""

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.cli.outcome import Outcome, write_flow

from headrace import __version__
from headrace.cli.sarif import sarif_log
from headrace.pages import page_of, text_of, title_of

SOUND = "\n    start: {component: common-module/signal}\n    log: {component: common-module/debug}"


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder: a new one."""
    folder = tmp_path / "here"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


def run_of(outcome: Outcome) -> dict[str, Any]:
    log = json.loads(outcome.out)
    (run,) = log["runs"]
    assert log["version"] == "2.1.0"
    return run


def regions(run: dict[str, Any]) -> list[dict[str, int]]:
    return [result["locations"][0]["physicalLocation"]["region"] for result in run["results"]]


def test_a_log_has_the_tool_its_rules_and_a_result_for_each_finding(
    call: Callable[..., Outcome], here: Path
) -> None:
    write_flow(here, "\n    start: {component: common-module/signl}", name="a b.yaml")
    outcome = call("validate", "--format", "sarif", "a b.yaml")
    page = page_of("HR111")
    help_of = {}
    if page is not None:
        text = text_of(page)
        help_of = {
            "shortDescription": {"text": title_of(page)},
            "fullDescription": {"text": " ".join(text.split("\n\n")[1].split())},
            "help": {"text": text, "markdown": text},
        }
    assert (outcome.code, outcome.err) == (2, "")
    assert json.loads(outcome.out) == {
        "$schema": "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json",
        "version": "2.1.0",
        "runs": [
            {
                "tool": {
                    "driver": {
                        "name": "headrace",
                        "semanticVersion": __version__,
                        "rules": [{"id": "HR111", **help_of}],
                    }
                },
                "invocations": [{"executionSuccessful": True}],
                "columnKind": "utf16CodeUnits",
                "newlineSequences": ["\r\n", "\n", "\r"],
                "artifacts": [{"location": {"uri": "a%20b.yaml"}}],
                "results": [
                    {
                        "ruleId": "HR111",
                        "ruleIndex": 0,
                        "level": "error",
                        "message": {
                            "text": "unknown component `common-module/signl`; did you mean "
                            "`common-module/signal`?"
                        },
                        "locations": [
                            {
                                "physicalLocation": {
                                    "artifactLocation": {"uri": "a%20b.yaml", "index": 0},
                                    "region": {
                                        "startLine": 6,
                                        "startColumn": 24,
                                        "endLine": 6,
                                        "endColumn": 43,
                                    },
                                }
                            }
                        ],
                    }
                ],
            }
        ],
    }


def test_a_cure_stands_below_the_message(call: Callable[..., Outcome], here: Path) -> None:
    write_flow(here, SOUND + "\n    lost: {component: common-module/debug, settings: {colour: red}}")
    results = run_of(call("validate", "--format", "sarif", "flow.yaml"))["results"]
    (text,) = [each["message"]["text"] for each in results if each["ruleId"] == "HR110"]
    assert text == "unknown key `colour` in settings of common-module/debug\nit has `level`"


def test_columns_count_utf16_code_units(call: Callable[..., Outcome], here: Path) -> None:
    write_flow(here, SOUND + "  # 😀", '[{from: start, to: log, description: "😀", dat: 1}]')
    run = run_of(call("validate", "--format", "sarif", "flow.yaml"))
    assert regions(run) == [{"startLine": 8, "startColumn": 53, "endLine": 8, "endColumn": 56}]
    assert call("validate", "flow.yaml").out.startswith("flow.yaml:8:52: HR110 ")


def test_a_place_may_go_over_several_lines(call: Callable[..., Outcome], here: Path) -> None:
    edges = """
    - from: start
      to: log
      data:
        - |
          {{ 1 + Object.keys(
            1, 2)}}"""
    write_flow(here, SOUND, edges)
    run = run_of(call("validate", "--format", "sarif", "flow.yaml"))
    assert [(region["startLine"], region["endLine"]) for region in regions(run)] == [(13, 14)]


def test_further_places_are_related_locations(call: Callable[..., Outcome], here: Path) -> None:
    nodes = """
    start: {component: common-module/signal}
    log: &log {component: common-module/debug, settings: {lvel: info}}
    again: *log"""
    write_flow(here, nodes, "[start -> log -> again]")
    result = run_of(call("validate", "--format", "sarif", "flow.yaml"))["results"][0]
    assert result["relatedLocations"] == [
        {
            "id": 1,
            "message": {"text": "used here by `*log`"},
            "physicalLocation": {
                "artifactLocation": {"uri": "flow.yaml", "index": 0},
                "region": {"startLine": 8, "startColumn": 12, "endLine": 8, "endColumn": 16},
            },
        }
    ]


def test_levels_are_those_of_findings_and_strict_counts_warnings(
    call: Callable[..., Outcome], here: Path
) -> None:
    write_flow(here, SOUND + "\n    lost: {component: common-module/debug}", "[start -> log]")
    relaxed = call("validate", "--format", "sarif", "flow.yaml")
    strict = call("validate", "--format", "sarif", "--strict", "flow.yaml")
    assert (relaxed.code, strict.code) == (0, 2)
    assert relaxed.out == strict.out
    assert [(each["ruleId"], each["level"]) for each in run_of(relaxed)["results"]] == [("HR106", "warning")]


def test_several_files_are_artifacts_each_once(call: Callable[..., Outcome], here: Path) -> None:
    (here / "sub").mkdir()
    write_flow(here / "sub", " 5", name="100%é#.yaml")
    sound = write_flow(here, SOUND, "[start -> log]", name="a:b.yaml")
    outside = write_flow(here.parent, " 5", name="out side.yaml")
    run = run_of(call("validate", "--format", "sarif", "sub/100%é#.yaml", sound, outside, sound, outside))
    uris = ["sub/100%25%C3%A9%23.yaml", "a%3Ab.yaml", outside.as_uri()]
    assert [each["location"]["uri"] for each in run["artifacts"]] == uris
    places = [each["locations"][0]["physicalLocation"]["artifactLocation"] for each in run["results"]]
    assert places == [{"uri": uris[0], "index": 0}, {"uri": uris[2], "index": 2}]
    assert outside.as_uri().startswith("file:///")


def test_a_name_that_is_no_utf8_is_written_byte_by_byte() -> None:
    (run,) = sarif_log([(Path(os.fsdecode(b"a\xff.yaml")), [])])["runs"]
    assert run["artifacts"] == [{"location": {"uri": "a%FF.yaml"}}]


def test_a_sound_flow_has_no_results(call: Callable[..., Outcome], here: Path) -> None:
    write_flow(here, SOUND, "[start -> log]")
    outcome = call("validate", "--format", "sarif", "flow.yaml")
    run = run_of(outcome)
    assert (outcome.code, run["results"], run["tool"]["driver"]["rules"]) == (0, [], [])
