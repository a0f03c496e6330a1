"""Names: where they are declared and used, and renaming them."""

import pytest
from tests.lsp.marked import FLOW, REGISTRY, flow, split, understood

from headrace.errors import UsageError
from headrace.lsp.reading import read
from headrace.lsp.rename import rename
from headrace.lsp.target import anchor_of, declarations, target_at, uses
from headrace.source import Source

READS = flow(
    node='    x: {component: http-module/client, settings: {baseUrl: "{{$.secrets.dbUrl}}{{$.vars.pageSize}}"}}',
    below='      settings: {baseUrl: "https://api.example.com"}\n      # $vars.pageSize',
    edge="    - {from: fetch, to: x, data: {a: \"{{$vars.pageSize + $vars['pageSize']}}\"}}",
)


def named(text: str) -> tuple[str, str] | None:
    source, offset, reading = understood(text)
    target = target_at(source, offset, reading, REGISTRY)
    return (target.kind, target.name) if target else None


def lines(text: str) -> tuple[list[int], list[int]]:
    """The lines of the declaration and of the uses of what stands at the mark."""
    source, offset, reading = understood(text)
    target = target_at(source, offset, reading, REGISTRY)
    assert target is not None
    found = declarations(target, reading), uses(target, reading)
    assert {span.text.strip("'\"") for spans in found for span in spans} == {target.name}
    return [span.line for span in found[0]], [span.line for span in found[1]]


def renamed(text: str, name: str) -> str:
    source, offset, reading = understood(text)
    target = target_at(source, offset, reading, REGISTRY)
    assert target is not None
    pieces = sorted(rename(target, name, reading), key=lambda piece: piece[0].start, reverse=True)
    made = source.text
    for span, new in pieces:
        made = made[: span.start] + new + made[span.end :]
    return made


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (FLOW.replace("    fetch:", "    fe‸tch:"), ("node", "fetch")),
        (FLOW.replace("-> fetch ->", "-> ‸fetch ->"), ("node", "fetch")),
        (FLOW.replace("- batches:done", "- batch‸es:done"), ("node", "batches")),
        (flow(edge="    - {from: batch‸es:done, to: last}"), ("node", "batches")),
        (flow(edge="    - {from: {node: batch‸es}, to: last}"), ("node", "batches")),
        (flow(edge="    - {from: [hourly, batch‸es:done], to: last}"), ("node", "batches")),
        (FLOW.replace("[apiToken", "[api‸Token"), ("secret", "apiToken")),
        (FLOW.replace("{pageSize", "{page‸Size"), ("var", "pageSize")),
        (READS.replace("$.secrets.dbUrl", "$.secrets.db‸Url"), ("secret", "dbUrl")),
        (READS.replace("{$.vars.page", "{$.vars.‸page"), ("var", "pageSize")),
        (READS.replace("{$vars.page", "{$vars.‸page"), ("var", "pageSize")),
        (FLOW.replace("batches:done", "batches:do‸ne"), None),
        (FLOW.replace("{{$.page}}", "{{$.pa‸ge}}"), None),
        (READS.replace("$.secrets.dbUrl", "$.sec‸rets.dbUrl"), None),
    ],
)
def test_what_has_a_name(text: str, expected: object) -> None:
    assert named(text) == expected


def test_a_node_is_declared_once_and_used_by_edges() -> None:
    assert lines(flow(edge="    - fet‸ch:error -> last")) == ([14], [27, 30])


def test_a_secret_is_read_by_settings() -> None:
    declared, used = lines(READS.replace("dbUrl]", "db‸Url]"))
    assert (declared, len(used)) == ([5], 1)


def test_a_var_is_read_in_three_ways() -> None:
    declared, used = lines(READS.replace("{pageSize", "{page‸Size"))
    assert (declared, len(used)) == ([6], 3)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        (flow(edge="    - fet‸ch:error -> last\n    - {from: hourly, to: {node: fetch}}"), "load"),
        (flow(edge="    - fet‸ch:error -> last\n    - {from: hourly, to: 'fetch'}").replace("    fetch:", '    "fetch":'), "load"),
        (READS.replace("{pageSize", "{page‸Size"), "size"),
        (READS.replace("dbUrl]", "db‸Url]"), "databaseUrl"),
    ],
)  # fmt: skip
def test_a_renamed_file_says_the_same(text: str, name: str) -> None:
    before = read(split(text)[0], REGISTRY)
    after = read(Source("flow.yaml", renamed(text, name)), REGISTRY)
    assert [finding.code for finding in after.findings] == [finding.code for finding in before.findings]
    assert after.source.text != before.source.text
    assert renamed(text, name).count(name) >= 2


@pytest.mark.parametrize(
    ("text", "name", "message"),
    [
        (FLOW.replace("-> fetch", "-> fet‸ch"), "a b", "`a b` is no name for a node; use letters, digits, `-`, `_` and `.`"),
        (FLOW.replace("-> fetch", "-> fet‸ch"), "state", "there is a node `state` already"),
        (FLOW.replace("-> fetch", "-> fet‸ch"), "no", "`no` needs quotes wherever it stands; choose another name"),
        (FLOW.replace("-> fetch", "-> fet‸ch"), "1", "`1` needs quotes wherever it stands; choose another name"),
        (FLOW.replace("-> fetch", "-> fet‸sh"), "load", "`fetsh` is declared nowhere in this file"),
        (FLOW.replace("[apiToken", "[api‸Token"), "api-token", "`api-token` is no name for a secret; write `apiToken`"),
        (FLOW.replace("{pageSize", "{page‸Size"), "page-size", "`page-size` is no name for a var; use letters, digits and `_`"),
    ],
)  # fmt: skip
def test_a_name_that_cannot_be_had_is_refused(text: str, name: str, message: str) -> None:
    with pytest.raises(UsageError) as caught:
        renamed(text, name)
    assert caught.value.message == message


def test_an_alias_leads_to_its_anchor() -> None:
    text = FLOW.replace("settings: {interval", "settings: &every {interval") + "# &every\n"
    source, offset = split(text.replace("payload: {mode: full}", "payload: *eve‸ry"))
    span = anchor_of(source, offset)
    assert span is not None
    assert (span.text, span.line) == ("&every", 10)
    source, offset = split("a: &x 1\nb: &xy 2\nc: [*‸x]\n")
    found = anchor_of(source, offset)
    assert found is not None
    assert (found.text, found.line) == ("&x", 1)
