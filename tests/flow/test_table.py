"""The mistakes that people make most, each written in all five styles of YAML.

A row is one mistake: a flow with a gap, what stands in the gap, and what is said of it. The gap is filled in
each style (plain, single, double, literal, folded); code, message and the piece of text that is marked must be
the same in all of them. Where a style has no such mistake (an escape in single quotes), nothing may be said.
Keys are written as block scalars by YAML's explicit form, `? |-`.

`table/*.txt` shows every row in every style with its findings; `HEADRACE_WRITE_GOLDEN=1` writes them anew.
"""

import os
import re
from dataclasses import dataclass
from pathlib import Path

import pytest

from headrace.app import builtin_registry
from headrace.errors import ExpressionError, Finding
from headrace.expr import Environment
from headrace.flow.loader import load_flow
from headrace.flow.report import render
from headrace.source import Source
from headrace.values import Json

FOLDER = Path(__file__).parent / "table"
STYLES = ("plain", "single", "double", "literal", "folded")
REGISTRY = builtin_registry()
HEAD = """\
apiVersion: headrace.dev/v1
kind: Flow
metadata: {name: table}
spec:
"""
NODES = """\
  secrets: [apiToken]
  nodes:
    start: {component: common-module/signal}
    iterate: {component: common-module/iterator, settings: {batchSize: 10}, input: {array: "{{$.payload}}"}}
    upsert:
      component: database-module/connector
      settings: {driver: sqlite, database: users.db}
      input: {operation: upsert, table: users, key: id, rows: "{{$.items}}"}
    failed: {component: common-module/debug}
"""
WRITES = "    - start -> iterate\n    - iterate:batch -> upsert\n    - upsert:error -> failed\n"
MORE = f"""\
{NODES}    api-client:
      component: http-module/client
      settings: {{baseUrl: "https://api.example.com"}}
      input: {{url: /users}}
    show: {{component: common-module/debug}}
  edges:
{WRITES}    - start -> api-client
"""
DATA = f"{MORE}    - from: api-client:response\n      to: show\n      data:\n        value: @@\n"
EDGE = f"{MORE}    - @@\n"
PREFIX = 'it\'s "é" '  # decoded otherwise in each style, so that a place after it is not found by counting


@dataclass(frozen=True)
class Row:
    """One mistake.

    Attributes:
        flow: the flow below its header, `@@` where the text stands; after it a `:` makes it a key.
        text: what stands there, as it is decoded.
        place: the piece of `text` that is marked.
        quoted: whether quotes around it are marked as well.
        styles: those in which it is a mistake.
        message: whose data shows it; None if the flow alone does.
    """

    code: str
    says: str
    flow: str
    text: str
    place: str
    styles: tuple[str, ...] = STYLES
    message: Json = None
    quoted: bool = False


def of_data(code: str, says: str, expression: str, place: str, message: Json = None) -> Row:
    return Row(code, says, DATA, f"{PREFIX}{{{{{expression}}}}}", place, message=message)


ANSWER: Json = {
    "page": {},
    "response": {
        "statusCode": 200,
        "headers": {"content-type": "text/html"},
        "body": "<!doctype html>",
        "bodyJson": {"data": [], "total": 2},
    },
}
HTML: Json = {**ANSWER, "response": {**ANSWER["response"], "bodyJson": None}}  # type: ignore[dict-item]  # it is an object

PAGE_LOOP = f"""\
{NODES}    page: {{component: http-module/client, input: {{url: "https://api.example.com/users"}}}}
    paginate:
      component: common-module/router
      settings: {{rules: [{{field: response.bodyJson.more, operator: equals, value: true, outputPort: route_a}}]}}
  edges:
{WRITES}    - start -> page -> paginate
"""

ROWS = (
    Row(
        "HR102",
        '`{{…}}` must be quoted here: `value: "{{$.page}}"`',
        DATA,
        "{{$.page}}",
        "{{$.page}}",
        styles=("plain",),
    ),
    Row(
        "HR103",
        "key `data` given twice; first at line 26",
        DATA.replace("value: @@", "value: 1\n      @@: {}"),
        "data",
        "data",
        quoted=True,
    ),
    Row(
        "HR104",
        '`no` is false to kubectl and text to others; quote it: `"no"`',
        DATA,
        "no",
        "no",
        styles=("plain",),
    ),
    Row(
        "HR110",
        "unknown key `edge` in `spec`; did you mean `edges`?",
        f"{MORE}  @@: []\n",
        "edge",
        "edge",
        quoted=True,
    ),
    Row(
        "HR111",
        "unknown component `common-module/itertor`; did you mean `common-module/iterator`?",
        f"{NODES}    again:\n      component: @@\n  edges:\n{WRITES}",
        "common-module/itertor",
        "common-module/itertor",
        quoted=True,
    ),
    Row(
        "HR112",
        "no node `api_client`; did you mean `api-client`?",
        EDGE,
        "api_client:response -> show",
        "api_client",
    ),
    Row(
        "HR113",
        "router `paginate` has no port `route_b`; it has `route_a`, `default`",
        f"{PAGE_LOOP}    - @@\n",
        "paginate:route_b -> failed",
        "route_b",
    ),
    Row(
        "HR114",
        "`iterate` has several outputs; choose `:item`, `:batch` or `:done`",
        EDGE,
        "iterate -> show",
        "iterate",
    ),
    Row(
        "HR116",
        "`host` is required by database-module/connector (or give `url`)",
        f"{NODES}    again:\n      component: database-module/connector\n      settings:\n        @@: users\n"
        f"  edges:\n{WRITES}",
        "database",
        "database",
        quoted=True,
    ),
    Row("HR118", "`60` has no unit; write `60s`", f"  timeout: @@\n{MORE}", "60", "60", quoted=True),
    Row(
        "HR119",
        "secret `apiTokn` is not in `spec.secrets`; did you mean `apiToken`?",
        f"{NODES}    again:\n      component: http-module/client\n      settings:\n        baseUrl: https://a.b\n"
        f"        defaultHeaders:\n          x-note: @@\n      input: {{url: /}}\n  edges:\n{WRITES}",
        PREFIX + "{{$.secrets.apiTokn}}",
        "$.secrets.apiTokn",
    ),
    of_data(
        "HR120",
        "secrets are readable in settings only; here the value would enter the message",
        "$.secrets.apiToken",
        "$.secrets",
    ),
    Row(
        "HR121",
        "settings cannot see the message; move `$.tenant` to the node's `input`",
        f"{NODES}    again:\n      component: http-module/client\n      settings:\n        baseUrl: https://a.b\n"
        f"        defaultHeaders:\n          x-note: @@\n      input: {{url: /}}\n  edges:\n{WRITES}",
        PREFIX + "{{$.tenant}}",
        "$.tenant",
    ),
    Row(
        "HR131",
        "loop api-client → wait → api-client has no exit; add a router",
        f"{NODES}    api-client: {{component: http-module/client, input: {{url: 'https://a.b/'}}}}\n"
        "    wait: {component: common-module/delay, settings: {duration: 1s}}\n"
        f"  edges:\n{WRITES}    - start -> api-client -> wait\n    - @@\n",
        "wait -> api-client",
        "wait -> api-client",
    ),
    Row(
        "HR132",
        "loop edge lies below `iterate:batch`: each batch starts a next page; route from `iterate:done`",
        f"{NODES}    api-client: {{component: http-module/client, input: {{url: 'https://a.b/'}}}}\n"
        "  edges:\n    - start -> api-client -> iterate\n    - iterate:batch -> upsert\n"
        "    - upsert:error -> failed\n    - @@\n",
        "upsert:result -> api-client",
        "upsert:result -> api-client",
    ),
    Row(
        "HR133",
        "nothing handles errors of `write`; rows may be lost while `continueOnError` is true",
        f"{NODES}    @@:\n"
        "      component: database-module/connector\n"
        "      settings: {driver: sqlite, database: users.db}\n"
        '      input: {operation: upsert, table: users, key: id, rows: "{{$.items}}"}\n'
        f"  edges:\n{WRITES}    - iterate:batch -> write\n",
        "write",
        "write",
        quoted=True,
    ),
    Row(
        "HR134",
        "data interpolated into SQL; use `$1` and `parameters`",
        f"{NODES}    write:\n"
        "      component: database-module/connector\n"
        "      settings: {driver: sqlite, database: users.db}\n"
        f"      input:\n        query: @@\n  edges:\n{WRITES}    - iterate:done -> write\n",
        "DELETE FROM users WHERE name = 'é' OR id = {{$.context.id}}",
        "$.context.id",
    ),
    Row(
        "HR135",
        "only `items[0]` of each batch is written; use `upsert` or `unnest`",
        f"{NODES}    write:\n"
        "      component: database-module/connector\n"
        "      settings: {driver: sqlite, database: users.db}\n"
        "      input:\n        query: INSERT INTO users VALUES ($1)\n        parameters:\n          - @@\n"
        f"  edges:\n{WRITES}    - iterate:batch -> write\n    - write:error -> failed\n",
        PREFIX + "{{$.items[0].id}}",
        "$.items[0].id",
    ),
    of_data(
        "HR137",
        "headers are lower-cased; use `headers['content-type']`",
        "$.response.headers['Content-Type']",
        "$.response.headers['Content-Type']",
    ),
    Row("HR202", "`{{` opened here is never closed", DATA, PREFIX + "{{$.page", "{{"),
    of_data("HR203", "`| upper` is Jinja; write `upper($.name)`", "$.name | upper", "|"),
    of_data(
        "HR205",
        "text has no method `upper`; use `toUpperCase()` or `upper(x)`",
        "`é${$.name}`.upper()",
        "upper",
    ),
    of_data(
        "HR206",
        "unknown name `id` in `$.user-id`; for a dashed member write `$['user-id']`",
        "$.user-id",
        "$.user-id",
    ),
    of_data(
        "HR208",
        "an arrow that returns an object needs parentheses: `x => ({…})`",
        "$.users.map(x => {id})",
        "=> {",
    ),
    of_data(
        "HR220",
        "cannot add 1 to null: `$.context.page` is missing; message has `page`, `response`",
        "'é' + ($.context.page + 1)",
        "$.context.page",
        ANSWER,
    ),
    of_data(
        "HR221",
        "`$.response.bodyJson.items` is null, so `.map` cannot run; `bodyJson` has `data`, `total`",
        "'é' + $.response.bodyJson.items.map(x => x)",
        "$.response.bodyJson.items",
        ANSWER,
    ),
    of_data(
        "HR226",
        '`bodyJson` is null: 200 answered `text/html` ("<!doctype…"), not JSON',
        "'é' + $.response.bodyJson.items.map(x => x)",
        "$.response.bodyJson.items",
        HTML,
    ),
)
SPELLED = Row(
    "HR105",
    "`\\d` is no escape in double quotes; use single quotes or `|`",
    DATA,
    "\\d+",
    "\\d",
    styles=("double",),
)
TAB = Row("HR101", "tab in indentation; YAML allows only spaces", f"{MORE}@@", "\t  x: 1\n", "\t", ("plain",))
ALL = (TAB, *ROWS[:3], SPELLED, *ROWS[3:])


# ---- writing a text in a style


def inside(text: str, style: str) -> str:
    """A text between its quotes, or in its block; in a folded one, all spaces become line breaks."""
    if style == "single":
        return text.replace("'", "''")
    if style == "double":
        return text.replace('"', '\\"').replace("é", "\\u00e9")
    return text


def filled(row: Row, style: str) -> str:
    """The flow with the text written in a style."""
    before, _, after = row.flow.partition("@@")
    column = len(before) - before.rfind("\n") - 1
    line = before[len(before) - column :]
    deeper = " " * (len(line) - len(line.lstrip(" -")) + 2)
    text = inside(row.text, style)
    quote = {"single": "'", "double": '"'}.get(style)
    if quote:
        written = f"{quote}{text}{quote}"
    elif style == "plain":
        written = text
    else:
        mark, lines = ("|-", text) if style == "literal" else (">-", text.replace(" ", f"\n{deeper}"))
        written = f"{mark}\n{deeper}{lines}"
        if after.startswith(":"):
            return f"{HEAD}{before}? {written}\n{line}{after}"
    return f"{HEAD}{before}{written}{after}"


def where(row: Row, style: str, flow: str) -> tuple[str, int, int]:
    """The piece that is to be marked, with line and column, found in the file by searching for it."""
    quote = {"single": "'", "double": '"'}.get(style, "") if row.quoted else ""
    piece = quote + re.escape(inside(row.place, style)).replace("\\ ", "\\s+") + quote
    gap = len(HEAD) + row.flow.index("@@")
    match = re.compile(piece).search(flow, gap + len("|-") * (style in ("literal", "folded")))
    assert match is not None
    line = flow.count("\n", 0, match.start())
    return match[0], line + 1, match.start() - flow.rfind("\n", 0, match.start())


def found(row: Row, style: str) -> tuple[list[Finding], str]:
    """What is said of a row in a style, and the flow."""
    flow = filled(row, style)
    loaded = load_flow(Source("flow.yaml", flow), REGISTRY)
    if row.message is None or loaded.draft is None:
        return list(loaded.findings), flow
    (shape,) = [edge.data for edge in loaded.draft.edges if edge.data is not None]
    with pytest.raises(ExpressionError) as raised:
        shape.evaluate(row.message, Environment(now_ns=lambda: 0, vars={}))
    return [*loaded.findings, raised.value.finding], flow


CASES = [
    pytest.param(row, style, id=f"{row.code}-{style}")
    for row in ALL
    for style in (STYLES if row is not TAB else TAB.styles)
]


@pytest.mark.parametrize(("row", "style"), CASES)
def test_a_mistake_is_told_alike_in_every_style(row: Row, style: str) -> None:
    findings, flow = found(row, style)
    told = [
        (finding.message, finding.span.text, finding.span.line, finding.span.column)
        for finding in findings
        if finding.code == row.code
    ]
    assert told == ([(row.says, *where(row, style, flow))] if style in row.styles else [])


@pytest.mark.parametrize("row", ALL, ids=lambda row: row.code)
def test_every_row_is_shown_in_all_its_styles(row: Row) -> None:
    shown = []
    for style in row.styles:
        findings, flow = found(row, style)
        shown.append(f"==== {style}\n{flow}\n{render([f for f in findings if f.code == row.code])}\n")
    actual = "\n".join(shown)
    path = FOLDER / f"{row.code.lower()}.txt"
    if os.environ.get("HEADRACE_WRITE_GOLDEN"):
        path.write_text(actual, encoding="utf-8")
    assert actual == path.read_text(encoding="utf-8")
