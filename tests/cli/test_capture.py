"""`headrace capture`: what is noted in a run, how it is cut short, and how it gets into the file."""

import json
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from tests.cli.outcome import Outcome

from headrace.app import builtin_registry
from headrace.cli.capture.insertion import Insertion, inserted, replace_file
from headrace.cli.capture.sample import sample_of, schema_of
from headrace.errors import UsageError
from headrace.sdk.schema import check_schema
from support.flows import HEAD

Call = Callable[..., Outcome]

ROWS = (
    "SELECT 1 AS id, 'Ada' AS name, NULL AS note UNION ALL SELECT 2, 'Bo', 'new' UNION ALL SELECT 3, 'C', ''"
)
FLOW = f"""\
# Reads two tables.
apiVersion: headrace.dev/v1
kind: Flow
metadata: {{name: tables}}
spec:
  defaults:
    database-module/connector: {{driver: sqlite, database: "FOLDER/tables.db"}}
  nodes:
    start: {{component: common-module/signal}}
    people:
      # in any order
      component: database-module/connector   # of the database
      input: {{query: "{ROWS}"}}
    none:
        component: "database-module/connector"
        input: {{query: SELECT 1 AS id WHERE false}}
    brief: {{component: database-module/connector, input: {{query: "SELECT 'x' AS word"}}}}
  edges:
    - start -> people -> none -> brief
"""


@pytest.fixture
def flow(tmp_path: Path) -> Path:
    path = tmp_path / "flow.yaml"
    path.write_text(FLOW.replace("FOLDER", str(tmp_path)))
    return path


def test_samples_are_printed_as_yaml_to_paste(call: Call, flow: Path) -> None:
    assert call("capture", flow) == (
        0,
        """\
# of `people`, below its `component`
sample:
  - id: 1
    name: Ada
    note: null
  - id: 1
    name: Ada
    note: new
# of `brief`, below its `component`
sample:
  - word: x
""",
        "`none` got no `rows` in this run\n",
    )


def test_a_schema_has_names_and_types_alone(call: Call, flow: Path) -> None:
    outcome = call("capture", flow, "--schema", "--node", "people")
    assert (outcome.code, outcome.err) == (0, "")
    assert (
        outcome.out
        == """\
# of `people`, below its `component`
schema:
  type: array
  items:
    type: object
    required: [id, name, note]
    properties:
      id:
        type: integer
      name:
        type: string
      note:
        type: ["null", string]
"""
    )


def test_write_puts_it_below_the_component_and_changes_nothing_else(call: Call, flow: Path) -> None:
    before = flow.read_text()
    flow.chmod(0o640)
    outcome = call("capture", flow, "--node", "people", "--write")
    assert outcome == (0, f"{flow}: `people` has a sample\n", "")
    line = "      component: database-module/connector   # of the database\n"
    sample = "\n".join(
        f"      {text}"
        for text in (
            "sample:", "  - id: 1", "    name: Ada", "    note: null",
            "  - id: 1", "    name: Ada", "    note: new", "",
        )
    ).rstrip(" ")  # fmt: skip
    assert flow.read_text() == before.replace(line, line + sample)
    assert stat.S_IMODE(flow.stat().st_mode) == 0o640
    assert sorted(path.name for path in flow.parent.glob("*.yaml*")) == ["flow.yaml"]
    assert call("validate", flow).code == 0


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--write",), "`brief` is written in one line; give each of its keys a line of its own first"),
        (
            ("--node", "start"),
            "tables has no client or connector `start`; there is `people`, `none`, `brief`",
        ),
        (("--node", "peple"), "tables has no client or connector `peple`; did you mean `people`?"),
        (("--trigger", "stop"), "tables has no trigger `stop`; there is `start`"),
    ],
)
def test_what_cannot_be_done_is_said_and_nothing_is_written(
    call: Call, flow: Path, arguments: tuple[str, ...], said: str
) -> None:
    before = flow.read_text()
    outcome = call("capture", flow, *arguments)
    assert (outcome.code, outcome.out) == (2, "")
    assert outcome.err.splitlines()[-1] == f"error: {said}"
    assert flow.read_text() == before


def test_a_run_that_fails_gives_what_came_before_and_says_why(call: Call, flow: Path) -> None:
    flow.write_text(flow.read_text().replace("SELECT 'x' AS word", "SELECT wrong"))
    outcome = call("capture", flow, "--node", "people", "--node", "brief")
    assert outcome.code == 1
    assert outcome.out.startswith("# of `people`")
    assert "no such column: wrong" in outcome.err
    assert "`brief` got no `rows` in this run" in outcome.err


def test_of_several_answers_the_first_is_noted(call: Call, tmp_path: Path) -> None:
    flow = tmp_path / "flow.yaml"
    flow.write_text(
        HEAD
        + f"""\
  nodes:
    start: {{component: common-module/signal}}
    state: {{component: common-module/modify}}
    read:
      component: database-module/connector
      settings: {{driver: sqlite, database: {tmp_path}/a.db}}
      input: {{query: SELECT $1 AS id, parameters: ["{{{{$.id}}}}"]}}
  edges:
    - start -> state
    - {{from: state, to: read, data: {{id: 1}}}}
    - {{from: state, to: read, data: {{id: 2}}}}
"""
    )
    assert call("capture", flow) == (0, "# of `read`, below its `component`\nsample:\n  - id: 1\n", "")


def test_a_file_that_is_linked_to_is_replaced_and_the_link_stays(tmp_path: Path) -> None:
    file, link = tmp_path / "flow.yaml", tmp_path / "link.yaml"
    file.write_text("old")
    link.symlink_to(file)
    replace_file(link, "new")
    assert (link.is_symlink(), file.read_text()) == (True, "new")


def test_nothing_at_all_is_no_success(call: Call, flow: Path) -> None:
    assert call("capture", flow, "--node", "none") == (1, "", "`none` got no `rows` in this run\n")


@contextmanager
def served(body: str) -> Iterator[str]:
    """The URL of a server that answers every request with this JSON."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body.encode())

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/"
        finally:
            server.shutdown()
            thread.join()


def test_of_a_response_the_body_is_noted(call: Call, tmp_path: Path) -> None:
    flow = tmp_path / "flow.yaml"
    flow.write_text(
        HEAD
        + """\
  nodes:
    start: {component: common-module/signal}
    fetch:
      component: http-module/client
      input: {url: "{{$.payload.url}}"}
  edges: [start -> fetch]
"""
    )
    body = json.dumps({"data": [{"id": 1}], "total": 1})
    with served(body) as url:
        outcome = call("capture", flow, "--data", json.dumps({"url": url}))
    expected = "# of `fetch`, below its `component`\nsample:\n  data:\n    - id: 1\n  total: 1\n"
    assert outcome == (0, expected, "")


# ---- values


@pytest.mark.parametrize(
    ("value", "sample"),
    [
        ([1, 2, 3], [1, 2]),
        ([{"a": 1}, {"b": 2}, {"a": 3, "c": None}], [{"a": 1}, {"a": 1, "b": 2, "c": None}]),
        ([{"a": None}, {"a": {"b": [1]}}, {"a": {"c": 2}}], [{"a": None}, {"a": {"b": [1], "c": 2}}]),
        ([{"a": []}, {"a": [1]}], [{"a": []}, {"a": [1]}]),
        ([{"a": None}, {"a": []}, {"a": [1]}], [{"a": None}, {"a": [1]}]),
        ("x" * 60, "x" * 60),
        ("x" * 61, "x" * 59 + "…"),
        ("x" * 100, "x" * 59 + "…"),
        ({"secret": 1}, {"•••": 1}),
        ({str(number): number for number in range(200)}, {str(number): number for number in range(100)}),
        ({"a": "my secret is here"}, {"a": "my ••• is here"}),
        (2**70, 2**63 - 1),
        ([[]], [[]]),
        (None, None),
    ],
)
def test_a_sample_is_short_and_has_all_members(value: Any, sample: Any) -> None:
    assert sample_of(value, lambda text: text.replace("secret", "•••")) == sample


@pytest.mark.parametrize(
    ("value", "schema"),
    [
        ([1, 2.5, None], {"type": "array", "items": {"type": ["number", "null"]}}),
        ([1, 2.0], {"type": "array", "items": {"type": "integer"}}),
        ([1, "a"], {"type": "array", "items": {"type": ["integer", "string"]}}),
        ([], {"type": "array"}),
        ({"a": None}, {"type": "object", "required": ["a"], "properties": {"a": {}}}),
        ({}, {"type": "object"}),
        (
            [{"a": 1}, {"a": True, "b": []}],
            {
                "type": "array",
                "items": {
                    "type": "object",
                    "required": ["a"],
                    "properties": {"a": {"type": ["integer", "boolean"]}, "b": {"type": "array"}},
                },
            },
        ),
        (
            {str(number): number for number in range(200)},
            {"type": "object", "additionalProperties": {"type": "integer"}},
        ),
    ],
)
def test_a_schema_says_what_all_items_are(value: Any, schema: Any) -> None:
    assert schema_of(value) == schema
    check_schema(schema)


# ---- files


def test_line_ends_and_a_byte_order_mark_stay_as_they_are() -> None:
    text = "\ufeff" + FLOW.replace("\n", "\r\n")
    made = inserted(text, [Insertion("none", "sample", [{"id": 1}])], builtin_registry(), "flow.yaml")
    line = '        component: "database-module/connector"\r\n'
    assert made == text.replace(line, line + "        sample:\r\n          - id: 1\r\n")


def test_several_nodes_at_once() -> None:
    insertions = [Insertion("people", "schema", {"type": "array"}), Insertion("none", "sample", [{"id": 1}])]
    made = inserted(FLOW, insertions, builtin_registry(), "flow.yaml")
    assert [line for line in made.splitlines() if line not in FLOW.splitlines()] == [
        "      schema:",
        "        type: array",
        "        sample:",
        "          - id: 1",
    ]


@pytest.mark.parametrize(
    "node",
    [
        "    first: &first\n      component: database-module/connector\n      input: {query: SELECT 1}\n"
        "    second: *first\n",
        "    first: &first\n      component: database-module/connector\n      input: {query: SELECT 1}\n"
        "    second:\n      <<: *first\n",
    ],
    ids=["alias", "merge key"],
)
def test_a_node_that_is_written_elsewhere_is_left_alone(node: str) -> None:
    text = FLOW.replace("  edges:\n", node + "  edges:\n")
    with pytest.raises(UsageError, match="paste it by hand"):
        inserted(text, [Insertion("second", "sample", [{"id": 1}])], builtin_registry(), "flow.yaml")


def test_a_second_sample_is_refused() -> None:
    made = inserted(FLOW, [Insertion("none", "sample", [{"id": 1}])], builtin_registry(), "flow.yaml")
    with pytest.raises(UsageError, match="`none` has a sample or a schema already; remove it first"):
        inserted(made, [Insertion("none", "schema", {})], builtin_registry(), "flow.yaml")
    made = inserted(FLOW, [Insertion("none", "schema", {})], builtin_registry(), "flow.yaml")
    with pytest.raises(UsageError, match="`none` has a sample or a schema already; remove it first"):
        inserted(made, [Insertion("none", "sample", 1)], builtin_registry(), "flow.yaml")


def test_the_last_line_of_a_file_may_be_the_one_that_is_written_after() -> None:
    head, edges = FLOW.split("  edges:\n")
    nodes = head.partition("  nodes:\n")
    text = f"{nodes[0]}  edges:\n{edges}{nodes[1]}{nodes[2]}    last:\n      component: http-module/client"
    insertion = Insertion("last", "sample", [{"id": 1}])
    made = inserted(text, [insertion], builtin_registry(), "flow.yaml")
    assert made == text + "\n      sample:\n        - id: 1\n"
