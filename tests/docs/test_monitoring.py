"""The page about monitoring is held against the code: numbers, members, names of metrics."""

import re

import yaml
from prometheus_client.parser import text_string_to_metric_families
from tests.docs.page import blocks, codes, prose, section

from headrace.app import builtin_registry
from headrace.flow.loader import load_flow, require
from headrace.flow.model import Hook
from headrace.monitor import profile, recording, traces
from headrace.monitor.counts import Counts
from headrace.monitor.exposition import Standing, exposed
from headrace.monitor.profile import Profile
from headrace.sdk.budget import BudgetState
from headrace.source import Source

PAGE = "monitoring.md"


def first_cells(heading):
    """What the first column of the table below a heading names."""
    lines = [line for line in section(PAGE, heading).splitlines() if line.startswith("| `")]
    return [name for line in lines for name in codes(line.split(" | ")[0])]


def test_the_members_of_a_profile_are_those_that_are_kept():
    assert first_cells("How a run went") == list(Profile.__struct_fields__)


def test_the_bounds_are_those_of_the_code():
    told = " ".join(prose(PAGE).split())
    assert f"the latest {profile.MOST_SPANS} attempts" in told
    assert f"at most {recording.MOST_STEPS} equal steps" in told
    assert profile.MOST_SLOWEST == 10
    assert "the ten slowest" in told
    assert f"up to {traces._MOST_NODE_SPANS} of a task" in told


def test_the_metrics_are_those_that_are_scraped_with_their_labels():
    counts = Counts()
    for name, labels in (("runs", 2), ("tasks", 2), ("errors", 3), ("hops", 1), ("dropped", 2)):
        getattr(counts, name)[("x",) * labels] = 1
    for name in ("messages", "failures", "items"):
        getattr(counts, name)["x", "x"] = 1
    counts.durations["x"].add(1.0)
    standing = Standing(("x",), {}, {}, {"x": 1}, (BudgetState("a", 1, 1, 1),), 2)
    scraped = {}
    for family in text_string_to_metric_families(exposed(counts, standing).decode()):
        for sample in family.samples:
            if family.name.startswith("headrace_"):
                name = family.name if family.type == "histogram" else sample.name
                scraped.setdefault(name, set()).update(set(sample.labels) - {"le"})
    rows = re.findall(r"^\| `(headrace_\w+)` \| ([\w, ]+) \|", section(PAGE, "Metrics"), re.MULTILINE)
    assert {name: set(labels.split(", ")) for name, labels in rows} == scraped


def test_the_hooks_of_the_example_are_those_of_a_flow():
    (block,) = [block for block in blocks(PAGE) if "hooks:" in block.text]
    nodes = "  nodes:\n    start: {component: common-module/ticker}\n"
    head = "apiVersion: headrace.dev/v1\nkind: Flow\nmetadata: {name: test}\n"
    flow = require(load_flow(Source("flow.yaml", f"{head}{block.text}{nodes}"), builtin_registry()))
    assert flow.hooks.on_failure is not None
    assert (flow.hooks.on_failure.after, flow.hooks.on_failure.webhook is not None) == (3, True)
    assert flow.hooks.on_recovery == Hook(flow="alerts", trigger="take")


def test_the_alerts_ask_for_metrics_that_are_there():
    alerts, scrape = {}, {}
    for block in blocks(PAGE):
        if block.info == "yaml":
            read = yaml.safe_load(block.text)
            scrape |= read if "scrape_configs" in read else {}
            alerts |= {alert["alert"]: alert["expr"] for alert in read} if isinstance(read, list) else {}
    assert set(alerts) == {"DataTooOld", "RunsFail"}
    table = section(PAGE, "Metrics")
    for expression in alerts.values():
        (name,) = re.findall(r"headrace_\w+", expression)
        assert f"`{name}`" in table
    assert scrape["scrape_configs"][0]["job_name"] == "headrace"
