"""docs/flow-files.md: flows load, findings read as the page shows, tables have what the code has."""

import json
import textwrap
from itertools import pairwise

import pytest
from tests.docs.page import blocks, examples, rows, section

from headrace.app import builtin_registry
from headrace.flow.loader import _SPEC, load_flow
from headrace.flow.model import DEFAULT_CONCURRENCY, Flow, Retry
from headrace.flow.report import render
from headrace.sdk.settings import parse_duration, parse_size
from headrace.source import Source
from support.flows import HEAD

PAGE = "flow-files.md"
REGISTRY = builtin_registry()
FINDINGS = [(flow, told) for flow, told in pairwise(blocks(PAGE)) if flow.info == "yaml finding"]


def load(text):
    return load_flow(Source("flow.yaml", text), REGISTRY)


def whole(spec):
    return HEAD + textwrap.indent(spec, "  ")


FLOWS = [block.text for block in blocks(PAGE) if block.info == "yaml flow"]
FLOWS += [whole(block.text) for block in blocks(PAGE) if block.info == "yaml spec"]


@pytest.mark.parametrize("text", FLOWS)
def test_a_flow_of_the_page_has_nothing_wrong(text):
    assert [finding.render() for finding in load(text).findings] == []


def test_every_block_of_yaml_is_tested():
    infos = {block.info for block in blocks(PAGE) if "yaml" in block.info}
    assert infos == {"yaml flow", "yaml spec", "yaml finding"}


@pytest.mark.parametrize(("flow", "told"), FINDINGS, ids=range(len(FINDINGS)))
def test_findings_read_as_the_page_says(flow, told):
    assert (told.info, render(load(flow.text).findings) + "\n") == ("text", told.text)


def test_the_keys_of_spec_are_those_that_the_loader_knows():
    named = [cells[0].strip("`").partition(".")[0] for cells in rows(PAGE, 3) if cells[0] != "key"]
    assert sorted(set(named)) == sorted(_SPEC)


def test_the_defaults_are_those_of_the_code():
    told = {row[0]: row[1] for row in rows(PAGE, 3)}
    retry = Retry()
    flow = Flow("f", "v", Source("f", ""), {}, ())
    assert {name: told[f"`{name}`"] for name in ("concurrency", "maxQueued")} == {
        "concurrency": f"`{DEFAULT_CONCURRENCY}`",
        "maxQueued": f"`{flow.max_queued}`",
    }
    assert [told[f"`retry.{name}`"] for name in ("maxAttempts", "initialDelay", "backoff", "maxDelay")] == [
        f"`{retry.max_attempts}`",
        f"`{retry.initial_delay_s:g}s`",
        f"`{retry.backoff:g}`",
        f"`{retry.max_delay_s:g}s`",
    ]


@pytest.mark.parametrize(("written", "read"), examples(section(PAGE, "Scalars")))
def test_a_scalar_is_read_as_the_page_says(written, read):
    loaded = load(whole(f"vars:\n  a: {written}\nnodes:\n  s: {{component: common-module/signal}}\n"))
    if read.startswith("HR"):
        assert [finding.code for finding in loaded.findings] == [read]
    else:
        value = loaded.flow.vars["a"]
        assert (value, type(value)) == (json.loads(read), type(json.loads(read)))


@pytest.mark.parametrize(("written", "read"), examples(section(PAGE, "Durations and sizes")))
def test_a_duration_or_size_is_read_as_the_page_says(written, read):
    plain = int(written) if written.isdecimal() else written
    parse = parse_size if written.endswith("B") or written == "1024" else parse_duration
    if read.startswith("HR"):
        with pytest.raises(ValueError, match="has no unit"):
            parse(plain)
    else:
        assert parse(plain) == float(read)
