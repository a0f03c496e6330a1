"""What is told of the thing at a place."""

import pytest
from tests.lsp.marked import FLOW, explained, flow, pointed

from headrace.pages import page_of


@pytest.mark.parametrize(
    ("text", "start"),
    [
        (FLOW.replace("http-module/client", "http-‸module/client"), "**http-module/client**: Sends a request"),
        (FLOW.replace("    fetch:", "    fe‸tch:"), "**fetch**: http-module/client\n\nAsks the API for users."),
        (FLOW.replace("-> fetch ->", "-> fe‸tch ->"), "**fetch**: http-module/client\n\nAsks the API for users."),
        (FLOW.replace("batches:done", "batches:do‸ne"), "**batches:done**\n\n"),
        (flow(edge="    - {from: fet‸ch, to: last}"), "**fetch**: http-module/client"),
        (flow(edge="    - {from: {node: fet‸ch}, to: last}"), "**fetch**: http-module/client"),
        (FLOW.replace("baseUrl:", "base‸Url:"), "**baseUrl**: text\n\nThe address that relative URLs"),
        (FLOW.replace("interval: 1h", "interval: ‸1h"), "**interval**: duration"),
        (FLOW.replace("outputPort:", "output‸Port:"), "**outputPort**: text\n\nWhere messages go"),
        (FLOW.replace("input: {url: /users}", "input: {u‸rl: /users}"), "**url**: text"),
        (FLOW.replace("  secrets:", "  sec‸rets:"), "**secrets**: list\n\nNames of the secrets"),
        (FLOW.replace("$.total > 1", "$.to‸tal > 1"), "`$.total`: number"),
        (FLOW.replace('"{{$.page}}"', '"{{$.pa‸ge}}"'), "`$.page`: number"),
        (FLOW.replace('"{{$.page}}"', '"{{‸$.page}}"'), "`$`: object {page: number, mode: "),
        (FLOW.replace("$.response.body", "$.resp‸onse.body"), "`$.response`: object {statusCode: number, "),
        (FLOW.replace('"{{$.page}}"', '"{{low‸er($.page)}}"'), "```text\nlower(text)\n```\n"),
        (FLOW.replace('"{{$.page}}"', '"{{[1].ma‸p(x => x)}}"'), "```text\narray.map(callback)\n```\n"),
        (FLOW.replace('"{{$.page}}"', '"{{[1].map(Boo‸lean)}}"'), "```text\nBoolean(value?)\n```\n"),
        (FLOW.replace('"{{$.page}}"', '"{{[1].map(x => ‸x)}}"'), "`x`: number"),
        (FLOW.replace('"{{$.page}}"', '"{{Math.P‸I}}"'), "`Math.PI`: 3.14159"),
        (FLOW.replace("https://api", "{{$.secrets.api‸Token}}"), "`$.secrets.apiToken`: text"),
        (FLOW.replace("https://api", "{{$vars.page‸Size}}"), "`$vars.pageSize`: number"),
    ],
)  # fmt: skip
def test_what_is_told(text: str, start: str) -> None:
    told = explained(text)
    assert told is not None
    assert told.startswith(start)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (FLOW.replace("-> fetch ->", "-> fe‸tch ->"), "fetch"),
        (FLOW.replace("    fetch:", "    fe‸tch:"), "fetch"),
        (FLOW.replace("$.response.body", "$.resp‸onse.body"), "$.response"),
        (FLOW.replace('"{{$.page}}"', "'{{''é😀'' + low‸er($.page)}}'"), "lower"),
        (FLOW.replace('"{{$.page}}"', '"\\u00e9 {{low‸er($.page)}}"'), "lower"),
        (FLOW.replace('"{{$.page}}"}', "\"{{$.page}}\"}\n      description: |\n        {{x‸}}"), "|\n        {{x}}"),
    ],
)  # fmt: skip
def test_the_place_that_it_is_told_of(text: str, expected: str) -> None:
    for written in (text, text.replace("\n", "\r\n")):
        assert (pointed(written) or "").replace("\r\n", "\n") == expected


@pytest.mark.parametrize(
    "text",
    [
        FLOW.replace("    fetch:", "  ‸  fetch:"),
        FLOW.replace("- hourly -> state", "- hourly -‸> state"),
        FLOW.replace("page: 1,", "page: ‸1,"),
        f"# a com‸ment\n{FLOW}",
        FLOW.replace("mode: full", "mode: fu‸ll"),
    ],
)
def test_of_other_things_nothing_is_told(text: str) -> None:
    assert explained(text) is None


def test_what_is_wrong_leads_to_its_page() -> None:
    told = explained(FLOW.replace("-> fetch ->", "-> fet‸sh ->"))
    page = page_of("HR112")
    assert page is not None
    assert told is not None
    assert told.startswith(f"[HR112]({page.as_uri()}): ")


def test_a_broken_file_tells_what_it_can() -> None:
    text = FLOW.replace('mode: "{{$.payload.mode}}"}', 'mode: "{{$.payload.mode}}"').replace(
        "-> fetch ->", "-> fe‸tch ->"
    )
    assert (explained(text) or "").startswith("**fetch**: http-module/client")


def test_every_place_of_a_flow_can_be_asked() -> None:
    for offset in range(0, len(FLOW) + 1, 7):
        explained(f"{FLOW[:offset]}‸{FLOW[offset:]}")


def test_what_is_wrong_is_not_told_of_what_stands_behind_it() -> None:
    wrong = FLOW.replace("-> fetch ->", "-> fetsh ->")
    assert explained(wrong.replace("batches:done", "batches:do‸ne")) == explained(
        FLOW.replace("batches:done", "batches:do‸ne")
    )


def test_the_parenthesis_behind_a_name_is_not_the_function() -> None:
    assert explained(FLOW.replace('"{{$.page}}"', '"{{lower‸($.page)}}"')) is None
