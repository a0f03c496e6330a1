"""Flow files that mean harm: to be read in bounded time, and to do nothing to whoever reads what is said.

Each gives findings with places inside of the file, which can be shown anywhere.
"""

import json
import re
import time
from pathlib import Path

import pytest

from headrace.app import builtin_registry
from headrace.cli.finding import finding_json
from headrace.cli.sarif import sarif_log
from headrace.flow.diagram import drawing_of, mermaid_text, svg_text
from headrace.flow.loader import Loaded, load_flow
from headrace.flow.report import render
from headrace.source import Source

REGISTRY = builtin_registry()
SECONDS = 15
"""Of CPU to read, check and show a file."""
HEAD = """\
apiVersion: headrace.dev/v1
kind: Flow
metadata: {name: test}
spec:
  nodes:
    start: {component: common-module/signal}
    end: {component: common-module/debug}
"""
STEERING = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


def read(text: str) -> Loaded:
    """Read a file and show all that is said of it, in time."""
    begun = time.process_time()
    loaded = load_flow(Source("flow.yaml", text), REGISTRY)
    for finding in loaded.findings:
        for span in (finding.span, *(span for _, span in finding.also)):
            assert 0 <= span.start <= span.end <= len(span.source.text)
        json.dumps(finding_json(finding))
    shown = render(loaded.findings)
    assert not STEERING.search(shown)
    assert len(shown) < 1_000_000 + 2_000 * len(loaded.findings)
    json.dumps(sarif_log([(Path("flow.yaml"), loaded.findings)]))
    if loaded.flow is not None:
        drawing = drawing_of(loaded.flow)
        mermaid_text(drawing)
        svg_text(drawing)
    assert time.process_time() - begun < SECONDS
    return loaded


def data(text: str) -> str:
    quoted = text.replace("'", "''")
    return f"{HEAD}  edges:\n    - {{from: start, to: end, data: {{x: '{quoted}'}}}}\n"


def schema(text: str) -> str:
    """A flow with a node that has a schema."""
    return (
        f"{HEAD}    call:\n      component: http-module/client\n      input: {{url: 'https://x.example/'}}\n"
        f"      schema: {text}\n  edges:\n    - start -> call -> end\n"
    )


def var(text: str) -> str:
    return f"{HEAD}  vars:\n    a: {text}\n"


def nested(shape: str, depth: int = 40) -> str:
    text = "$.a"
    for _ in range(depth):
        text = shape.replace("_", text)
    return "{{" + text + "}}"


LONG = "{{[" + "$.a," * 1000 + "]}}"
BOMBS: dict[str, tuple[str, str]] = {  # what it is: the file and the code of what is said first of errors
    "aliases of aliases": (
        var("&a0 [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]")
        + "".join(f"    b{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]\n" for i in range(1, 9)),
        "HR108",
    ),
    "an expression used again and again": (
        f"{HEAD}  edges:\n    - {{from: start, to: end, data: {{a: &a '{LONG}', l: [{'*a, ' * 900}]}}}}\n",
        "HR108",
    ),
    "lists in lists": ("[" * 100_000, "HR108"),
    "mappings in mappings": ("{a: " * 100_000, "HR108"),
    "colons": (": " * 50_000, "HR107"),
    "keys": ("a: " * 50_000, "HR107"),
    "a quote that is never closed": ("'" * 99_999, "HR107"),
    "a tag of Python": (var("!!python/object/apply:os.system [ls]"), "HR109"),
    "an alias of itself": (var("&a [*a]"), "HR109"),
    "an integer of thousands of digits": (var("9" * 5000), "HR104"),
    "a tagged one": (var(f"!!int '{'9' * 5000}'"), "HR109"),
    "a hexadecimal one": (var(f"0x{'f' * 5000}"), "HR104"),
    "an exponent": (var("1e" + "9" * 5000), "HR104"),
    "a character beyond Unicode": (var(r'"\U00110000"'), "HR105"),
    "half a character": (var(r'"\ud800"'), "HR105"),
    "a repetition of a repetition": (data("{{/(a{1000}){1000}/.test('a')}}"), "HR210"),
    "groups in groups": (data("{{/" + "(" * 9000 + ")" * 9000 + "/.test('a')}}"), "HR210"),
    "many groups": (data("{{/" + "(a|b)?" * 8000 + "/.test('a')}}"), "HR210"),
    "many mistakes in one line": (data("{{nope}}" * 300), "HR206"),
}
HARMLESS: dict[str, str] = {
    **{
        f"a schema with {what}": schema(text)
        for what, text in {
            "a large enum": f"{{enum: {json.dumps([{f'k{i}': i} for i in range(8000)])}}}",
            "many choices": f"{{anyOf: {json.dumps([{'properties': {f'k{i}': {}}} for i in range(3000)])}}}",
            "itself in all its choices": (
                f"{{$ref: '#/$defs/a', $defs: {{a: {{anyOf: {json.dumps([{'$ref': '#/$defs/a'}] * 30)}}}}}}}"
            ),
        }.items()
    },
    "thousands of wrong nodes in a line": (
        f"{HEAD[:-1]}\n  edges: [{', '.join(f'no{i} -> none{i}' for i in range(3000))}]\n"
    ),
    "thousands of wrong edges between many nodes": (
        HEAD
        + "".join(f"    n{i}: {{component: common-module/modify}}\n" for i in range(3000))
        + "  edges:\n"
        + "".join(f"    - n{i} -> m{i}\n" for i in range(3000))
    ),
    "thousands of edges": f"{HEAD}  edges:\n" + "    - start -> end\n" * 3000,
    "thousands of expressions": data("{{$.a}}" * 3000),
    "an object of many spreads": data(
        "{{[1].reduce((a, x) => ({" + ",".join(f"k{i}: a, ...a" for i in range(300)) + "}), {})}}"
    ),
    "a text that would be long": data("{{'a'.repeat(16000000)}}"),
    "twice the message at each step": (
        HEAD
        + "".join(f"    n{i}: {{component: common-module/modify}}\n" for i in range(100))
        + "  edges:\n    - start -> n0\n"
        + "".join(
            f"    - {{from: n{i}, to: n{i + 1}, data: {{a: '{{{{$}}}}', b: '{{{{$}}}}'}}}}\n" for i in range(99)
        )
    ),
    **{
        f"nested {shape}": data(nested(shape))
        for shape in (
            "$.a.map(x => _)", "$.a.reduce((a, x) => _, 0)", "[1].reduce((a, x) => ({...a, b: _}), {})",
            "[1].reduce((a, x) => ({a: a, b: _}), {})", "((x) => [x, x])(_)", "($.b ? {a: _} : {b: 1})",
            "($.b || _)", "({..._, a: 1})", "deepMerge({a: 1}, _)", "((x = _) => x)()", "[_].flat()",
        )
    },
}  # fmt: skip


@pytest.mark.parametrize(("text", "code"), BOMBS.values(), ids=BOMBS)
def test_a_file_that_is_too_much_is_refused_with_a_code(text: str, code: str) -> None:
    loaded = read(text)
    assert loaded.flow is None
    assert code in {finding.code for finding in loaded.findings}


@pytest.mark.parametrize("text", HARMLESS.values(), ids=HARMLESS)
def test_a_file_that_looks_like_much_is_read_in_time(text: str) -> None:
    read(text)


def test_names_cannot_steer_a_terminal_or_a_page() -> None:
    name = r"\e]8;;http://evil.example\a<script>alert(1)</script>](http://evil.example)\u202e`"
    text = f'{HEAD}    "{name}": {{component: "x\\e[2J"}}\n  edges:\n    - start -> end\n'
    loaded = read(text)
    assert loaded.findings
    assert "](http" not in json.dumps(sarif_log([(Path("flow.yaml"), loaded.findings)])).replace("\\\\](", "")


def test_of_a_long_line_only_the_place_is_shown() -> None:
    (first, *_) = read(data("{{nope}}" * 300)).findings
    assert max(map(len, first.render().splitlines())) < 500
