"""A real `headrace lsp`, driven over standard input as editors do."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from tests.lsp.editor import URI, Editor, Refused, editor, place
from tests.lsp.marked import FLOW, REGISTRY, flow

from headrace.flow.loader import load_flow
from headrace.lsp.position import position_of
from headrace.pages import page_of
from headrace.source import Source

GOLDEN = sorted((Path(__file__).parents[1] / "flow" / "golden").glob("*.yaml"))


# One server for all but those that end it: it takes longer to start than most tests take.
pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def server() -> AsyncIterator[Editor]:
    async with editor() as started:
        await started.initialize()
        yield started


@pytest_asyncio.fixture(loop_scope="module")
async def connected(server: Editor) -> AsyncIterator[Editor]:
    """The server with no file open."""
    yield server
    await server.close_all()


def shown(item: dict[str, Any]) -> tuple[object, ...]:
    start, end = item["range"]["start"], item["range"]["end"]
    return (
        item["code"], item["severity"], item["message"],
        (start["line"], start["character"]), (end["line"], end["character"]),
    )  # fmt: skip


def expected(text: str) -> list[tuple[object, ...]]:
    """What `validate` finds, as diagnostics."""
    source = Source("flow.yaml", text)
    return [
        (
            finding.code,
            1 if finding.severity.value == "error" else 2,
            "\n".join(filter(None, (finding.message, finding.cure))),
            position_of(source, finding.span.start, "utf-16"),
            position_of(source, finding.span.end, "utf-16"),
        )
        for finding in load_flow(source, REGISTRY).findings
    ]


def change(start: tuple[int, int], end: tuple[int, int], text: str) -> dict[str, Any]:
    first, last = ({"line": line, "character": character} for line, character in (start, end))
    return {"range": {"start": first, "end": last}, "text": text}


# ---- the life of a server


async def test_it_says_what_it_can_do() -> None:
    async with editor() as started:
        result = await started.initialize()
        able = result["capabilities"]
        assert result["serverInfo"]["name"] == "headrace"
        assert able["positionEncoding"] == "utf-16"
        assert able["textDocumentSync"]["change"] == 2
        assert {"completionProvider", "hoverProvider", "definitionProvider", "referencesProvider",
                "documentSymbolProvider", "renameProvider"} <= set(able)  # fmt: skip
        text, line, character = place(FLOW.replace("-> fetch ->", "-> fe‸tch ->"))
        started.open(text)
        with pytest.raises(Refused):
            await started.at("rename", line, character, newName="a b")
        assert await started.leave() == 0
    assert started.log == ""  # a refusal is no failure of the server


async def test_leaving_without_shutting_down_is_an_error() -> None:
    async with editor() as started:
        await started.initialize()
        started.notify("exit", None)
        assert await asyncio.wait_for(started.process.wait(), 30) == 1


async def test_an_editor_that_is_gone_ends_the_server() -> None:
    async with editor() as started:
        await started.initialize()
        started.open(FLOW)
        started.process.stdin.close()
        assert await asyncio.wait_for(started.process.wait(), 30) == 1


async def test_garbage_does_not_end_it(connected: Editor) -> None:
    connected.send_raw(b"{ this is no JSON")
    connected.send_raw(b"[1, 2]")
    connected.send_raw(b'{"jsonrpc": "2.0"}')
    connected.notify("textDocument/didChange", {"textDocument": {"uri": "file:///never/opened.yaml", "version": 1},
                                                "contentChanges": [{"text": "a"}]})  # fmt: skip
    connected.notify("textDocument/didClose", {"textDocument": {"uri": "file:///never/opened.yaml"}})
    connected.notify("no/such/thing", {"a": 1})
    with pytest.raises(Refused):
        await connected.ask("no/such/question", {})
    with pytest.raises(Refused):
        await connected.ask("textDocument/hover", {"textDocument": 1})
    assert await connected.at("hover", 0, 0, uri="file:///never/opened.yaml") is None
    connected.open(FLOW)
    assert await connected.diagnostics() is not None
    assert await connected.at("hover", 999, 999) is None


# ---- diagnostics


async def test_diagnostics_are_what_validate_says(connected: Editor) -> None:
    for path in GOLDEN:
        text = path.read_bytes().decode("utf-8-sig", errors="replace")
        if "apiVersion: headrace.dev" not in text:
            continue
        uri = path.as_uri()
        connected.open(text, uri)
        found = await connected.diagnostics(uri=uri)
        assert [shown(item) for item in found] == expected(text), path.name


async def test_a_diagnostic_leads_to_its_page_and_to_further_places(connected: Editor) -> None:
    text = FLOW.replace("settings: {interval: 1h,", "settings: &it {interval: 60,").replace(
        "settings: {rules", "settings: {<<: *it, rules"
    )
    connected.open(text.replace("-> fetch ->", "-> fetsh ->"))
    found = {item["code"]: item for item in await connected.diagnostics()}
    page = page_of("HR112")
    assert page is not None
    assert found["HR112"]["codeDescription"] == {"href": page.as_uri()}
    assert found["HR112"]["source"] == "headrace"
    related = next(item["relatedInformation"] for item in found.values() if "relatedInformation" in item)
    assert related[0]["location"]["uri"] == URI


async def test_edits_change_the_text_in_order(connected: Editor) -> None:
    connected.open(FLOW)
    sound = await connected.diagnostics(1)
    lines = FLOW.split("\n")
    number = next(index for index, line in enumerate(lines) if "-> fetch ->" in line)
    column = lines[number].index("fetch")
    connected.change(
        [
            change((number, column), (number, column + 5), "fe"),
            change((number, column + 2), (number, column + 2), "tsh"),
        ],
        2,
    )
    found = await connected.diagnostics(2)
    assert [shown(item) for item in found] == expected(FLOW.replace("-> fetch ->", "-> fetsh ->"))
    assert found != sound
    connected.change([change((number, column), (number, column + 5), "fetch")], 3)
    assert await connected.diagnostics(3) == sound
    connected.change([{"text": FLOW.replace("-> fetch ->", "-> x ->")}], 4)
    assert "HR112" in [item["code"] for item in await connected.diagnostics(4)]


async def test_edits_count_utf_16_units_and_all_line_ends(connected: Editor) -> None:
    text = FLOW.replace("Asks the API", "😀é\u2028\x85Asks the API").replace("\n", "\r\n")
    connected.open(text)
    await connected.diagnostics(1)
    number = next(index for index, line in enumerate(text.split("\r\n")) if "😀" in line)
    column = len("      description: 😀é".encode("utf-16-le")) // 2
    connected.change([change((number, column), (number, column + 2), "{{")], 2)
    changed = text.replace("\u2028\x85", "{{")
    assert [shown(item) for item in await connected.diagnostics(2)] == expected(changed)
    connected.change(
        [change((number, column - 3), (number, column), '"'), change((number + 1, 0), (number + 2, 0), "")], 3
    )
    changed = "\r\n".join(line for index, line in enumerate(changed.split("\r\n")) if index != number + 1)
    assert [shown(item) for item in await connected.diagnostics(3)] == expected(changed.replace("😀é", '"'))


async def test_another_encoding_and_plain_text_if_the_editor_wants() -> None:
    async with editor() as started:
        result = await started.initialize(["utf-8"], snippets=False)
        assert result["capabilities"]["positionEncoding"] == "utf-8"
        text = flow(edge='    - {from: {node: "😀é"}, to: last}')
        started.open(text)
        source = Source("flow.yaml", text)
        (found,) = [item for item in await started.diagnostics() if item["code"] == "HR112"]
        finding = next(item for item in load_flow(source, REGISTRY).findings if item.code == "HR112")
        end = found["range"]["end"]
        assert (end["line"], end["character"]) == position_of(source, finding.span.end, "utf-8")
        marked = flow(node='    x: {component: common-module/modify, input: {a: "{{low‸"}}')
        item = next(one for one in await ask_completion(started, marked, 2) if one["label"] == "lower")
        assert (item["insertTextFormat"], item["textEdit"]["newText"]) == (1, "lower(")


async def test_what_is_typed_fast_is_read_once_and_to_its_end(connected: Editor) -> None:
    connected.open(FLOW)
    await connected.diagnostics(1)
    end = (FLOW.count("\n"), 0)
    typed = "    - route:more -> nowhere\n"
    for index, char in enumerate(typed):
        start = (end[0], index) if index < len(typed) else end
        connected.change([change(start, start, char)], index + 2)
    found = await connected.diagnostics(len(typed) + 1)
    assert [shown(item) for item in found] == expected(FLOW + typed)
    assert connected.published() == 0


async def test_a_closed_file_has_no_diagnostics(connected: Editor) -> None:
    connected.open(FLOW.replace("-> fetch", "-> x"))
    assert await connected.diagnostics() != []
    connected.close()
    assert await connected.diagnostics() == []


async def test_other_yaml_is_left_alone(connected: Editor) -> None:
    other = "file:///flows/values.yaml"
    connected.open("apiVersion: v1\nkind: Pod\nspec: {nodes: [\n", other)
    connected.open(FLOW)
    await connected.diagnostics()
    assert connected.published(other) == 0
    assert await connected.at("completion", 2, 8, uri=other) is None
    assert await connected.at("hover", 1, 1, uri=other) is None
    assert await connected.ask("textDocument/documentSymbol", {"textDocument": {"uri": other}}) is None
    # It becomes a flow, and ceases to be one.
    connected.change([{"text": FLOW.replace("-> fetch", "-> x")}], 2, other)
    assert await connected.diagnostics(2, other) != []
    connected.change([{"text": "a: 1\n"}], 3, other)
    assert await connected.diagnostics(3, other) == []


# ---- questions


async def ask_completion(connected: Editor, marked: str, version: int) -> list[dict[str, Any]]:
    text, line, character = place(marked)
    connected.change([{"text": text}], version)
    result = await connected.at("completion", line, character)
    return result["items"]


async def test_completion_in_text_that_was_just_typed(connected: Editor) -> None:
    connected.open(FLOW)
    item = "    x:\n      component: common-module/modify\n      input: {a: "
    edge = "    - fetch -> x"
    for version, written in enumerate(
        ['"{{$.‸"}', '"{{$.‸', "'{{$.‸'", "{{$.‸", '"😀 {{$.resp‸"', '"{{[$].map(m => m.‸'], 2
    ):
        found = await ask_completion(connected, flow(node=item + written, edge=edge), version)
        fields = [one for one in found if one["kind"] == 5 and one["label"] != "length"]
        assert [one["label"] for one in fields] == ["page", "mode", "response"], written
    for version, written in enumerate(["|\n          {{\n            $.‸", ">\n          {{$.‸}}"], 20):
        lines = item.replace("input: {a: ", "input:\n        a: ") + written
        for ending in ("\n", "\r\n"):
            marked = flow(node=lines, edge=edge).replace("\n", ending)
            found = await ask_completion(connected, marked, version)
            assert [one["label"] for one in found][:3] == ["page", "mode", "response"], written


async def test_an_item_of_completion_has_all_that_editors_show(connected: Editor) -> None:
    connected.open(FLOW)
    marked = flow(node='    x: {component: common-module/modify, input: {a: "😀{{low‸"}}')
    _, line, character = place(marked)
    item = next(one for one in await ask_completion(connected, marked, 2) if one["label"] == "lower")
    assert item["kind"] == 3
    assert item["detail"] == "lower(text)"
    assert item["documentation"]["kind"] == "markdown"
    assert item["insertTextFormat"] == 2
    assert item["textEdit"] == {
        "newText": "lower($0)",
        "range": {
            "start": {"line": line, "character": character - 3},
            "end": {"line": line, "character": character},
        },
    }


async def test_hover_definition_references_and_outline(connected: Editor) -> None:
    text, line, character = place(FLOW.replace("-> fetch ->", "-> fe‸tch ->").replace("Asks", "😀 Asks"))
    connected.open(text)
    told = await connected.at("hover", line, character)
    assert told["contents"]["value"].startswith("**fetch**: http-module/client\n\n😀 Asks the API")
    assert told["range"]["start"] == {"line": line, "character": text.split("\n")[line].index("fetch")}
    (declared,) = await connected.at("definition", line, character)
    assert declared == {
        "uri": URI, "range": {"start": {"line": 13, "character": 4}, "end": {"line": 13, "character": 9}},
    }  # fmt: skip
    used = await connected.at("references", line, character, context={"includeDeclaration": False})
    assert [found["range"]["start"]["line"] for found in used] == [line]
    both = await connected.at("references", line, character, context={"includeDeclaration": True})
    assert both == [declared, *used]
    outline = await connected.ask("textDocument/documentSymbol", {"textDocument": {"uri": URI}})
    assert [found["name"] for found in outline] == ["nodes", "edges"]
    assert [found["name"] for found in outline[0]["children"]][:2] == ["hourly", "state"]


async def test_definition_of_aliases_secrets_and_vars(connected: Editor) -> None:
    text = FLOW.replace("settings: {interval: 1h, payload: {mode: full}}", "settings: &every {interval: 1h}")
    text = text.replace('baseUrl: "https', 'baseUrl: "{{$.secrets.dbUrl + $vars.pageSize}}https')
    text = text.replace(
        "    last:", "    again: {component: common-module/ticker, settings: *every}\n    last:"
    )
    connected.open(text)
    for name, target in (("*every", "&every"), ("dbUrl +", "dbUrl]"), ("pageSize}}", "pageSize:")):
        before = text[: text.index(name) + 1]
        line, character = before.count("\n"), len(before.rpartition("\n")[2])
        (found,) = await connected.at("definition", line, character)
        start = text[: text.index(target)]
        assert found["range"]["start"] == {
            "line": start.count("\n"),
            "character": len(start.rpartition("\n")[2]),
        }


async def test_rename_gives_one_edit_or_says_why_not(connected: Editor) -> None:
    text, line, character = place(FLOW.replace("-> fetch ->", "-> fe‸tch ->"))
    connected.open(text)
    edit = await connected.at("rename", line, character, newName="load")
    edits = sorted(edit["changes"][URI], key=lambda one: -one["range"]["start"]["line"])
    lines = text.split("\n")
    for one in edits:
        start, end = one["range"]["start"], one["range"]["end"]
        content = lines[start["line"]]
        lines[start["line"]] = content[: start["character"]] + one["newText"] + content[end["character"] :]
    assert "\n".join(lines) == text.replace("    fetch:", "    load:").replace("-> fetch ->", "-> load ->")
    with pytest.raises(Refused, match="there is a node `state` already"):
        await connected.at("rename", line, character, newName="state")
    prepared = await connected.at("prepareRename", line, character)
    assert prepared["placeholder"] == "fetch"
    connected.change([{"text": text.replace("input: {page: 1,", "input: {page: [")}], 2)
    with pytest.raises(Refused, match="mistakes in its YAML"):
        await connected.at("rename", line, character, newName="load")


# ---- size and surroundings


def large(nodes: int) -> str:
    """A flow of ten lines a node."""
    parts = [FLOW.partition("  edges:")[0]]
    for number in range(nodes):
        parts.append(
            f"    n{number}:\n      component: common-module/modify\n      description: number {number}\n      input:\n"
            f'        page: "{{{{$.page + {number}}}}}"\n        name: "{{{{lower($.mode)}}}}"\n        a: 1\n        b: 2\n        c: 3\n        d: [1, 2]\n'
        )
    chain = " -> ".join(f"n{number}" for number in range(nodes))
    return (
        "".join(parts)
        + f"  edges:\n    - hourly -> state -> {chain} -> last\n    - state -> fetch -> batches\n"
    )


async def test_a_file_of_5000_lines_stays_responsive(connected: Editor) -> None:
    text = large(500)
    assert text.count("\n") > 5000
    connected.open(text)
    await connected.diagnostics(1)
    line = next(index for index, one in enumerate(text.split("\n")) if "number 250" in one)
    clock = asyncio.get_running_loop().time
    slowest = 0.0
    # Typed while the file is read again and again.
    typed = ""
    for version, written in enumerate(["    ", "  x: ", '"{{', "$.", "pa"], 2):
        start = (line, len(typed))
        typed += written
        connected.change([change(start, start, written)], version)
        began = clock()
        assert (await connected.at("completion", line, len(typed)))["items"] is not None
        slowest = max(slowest, clock() - began)
    assert slowest < 5
    await connected.diagnostics(6)
