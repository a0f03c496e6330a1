"""What must hold whatever is given: a value or errors with their places, in bounded time and memory.

`exchange` has the same for HTTP answers.
"""

import json
import re
import resource
import signal
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from random import Random
from tempfile import mkdtemp

from fuzz.answer import answers
from fuzz.corpus import MESSAGES, documented, expressions, flow_objects, flows
from fuzz.exchange import exchange
from fuzz.mutation import VALUES, mutated_bytes, mutated_flow, mutated_object, mutated_text
from fuzz.stored import recover, stored_files
from headrace.app import full_registry
from headrace.cli.data import parse_settings
from headrace.cli.finding import finding_json
from headrace.errors import ExpressionError, Finding, FlowError, Severity, UsageError
from headrace.expr import Environment, Scope, Template, compile_expression, compile_template
from headrace.expr.lexer import tokenize
from headrace.expr.nodes import Call, walk
from headrace.expr.parser import parse
from headrace.expr.printer import print_node
from headrace.flow.loader import Loaded, load_flow, load_object, read_flow
from headrace.flow.model import Flow
from headrace.flow.report import render, summary
from headrace.flow.settings import resolve
from headrace.source import Source, Text
from headrace.values import encode_json

__all__ = ["TARGETS", "Slow", "bounded"]

_RANDOM = frozenset({"Math.random", "uuid"})
SECONDS = 20
"""Of CPU for one input: a flow of 200,000 characters and evaluations of 10,000,000 steps take some."""
MEMORY = 1024 * 1024
"""KiB by which one input may raise the most that the process ever used."""


class Slow(BaseException):
    """An input takes too long; no `Exception`, so that nothing under test can catch it."""


@contextmanager
def bounded() -> Iterator[None]:
    """Raise `Slow` in code that uses more than its share of time, fail if it used too much memory."""

    def late(*_given: object) -> None:
        raise Slow(f"more than {SECONDS} s")

    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    previous = signal.signal(signal.SIGVTALRM, late)
    signal.setitimer(signal.ITIMER_VIRTUAL, SECONDS)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, previous)
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert grown < MEMORY, f"{grown} KiB more memory"


def check_findings(findings: list[Finding] | tuple[Finding, ...]) -> None:
    """Codes are documented, places are inside the text, and all of it can be shown."""
    for finding in findings:
        assert finding.code in documented(), finding
        for _, span in (("", finding.span), *finding.also):
            assert 0 <= span.start <= span.end <= len(span.source.text), finding
        assert finding.message
        assert "\n" not in str(finding), finding
        json.dumps(finding_json(finding))
    render(findings).encode("utf-8", "surrogatepass")
    summary(findings)


def check_template(template: Template, messages: Sequence[object] = MESSAGES) -> None:
    """Both ways of compiling give the same value, which is JSON, or the same error inside the text."""
    is_random = any(
        isinstance(node, Call) and node.name in _RANDOM
        for parsed in template.expressions
        for node in walk(parsed.node)
    )
    for message in messages:
        results: list[object] = []
        for pause in (1, 0):
            template._pause = pause
            try:
                value = template.evaluate(message, Environment(lambda: 10**18, {"x": 1}, {"id": "r"}))
            except ExpressionError as error:
                check_findings([error.finding])
                results.append((error.code, error.message))
            else:
                encode_json(value)
                results.append(repr(value))
        assert is_random or results[0] == results[1], (
            f"checked {results[0]!r:.500}, direct {results[1]!r:.500}"
        )


def check_printing(text: str) -> None:
    """What is printed of an expression parses to the same nodes."""
    node = parse(text, tokenize(Text.bare(text), 0, None)[0])
    printed = print_node(node)
    again = parse(printed, tokenize(Text.bare(printed), 0, None)[0])
    assert again == node, printed


def evaluate_expression(text: str) -> None:
    """An expression, as for `headrace eval`."""
    findings: list[Finding] = []
    template = compile_expression(Text.bare(text), Scope.EVAL, findings)
    check_findings(findings)
    if not findings:
        check_printing(text)
        check_template(template)


def evaluate_template(text: str) -> None:
    """A text with expressions in it, as on an edge."""
    findings: list[Finding] = []
    template = compile_template(Text.bare(text), Scope.EDGE, findings)
    check_findings(findings)
    if not findings:
        check_template(template)


def check_loaded(loaded: Loaded) -> None:
    """A flow or errors; the templates of a flow can be evaluated."""
    check_findings(loaded.findings)
    has_errors = any(finding.severity is Severity.ERROR for finding in loaded.findings)
    assert (loaded.flow is None) == has_errors
    if loaded.flow is not None:
        shaping = [template for edge in loaded.flow.edges for template in (edge.data, edge.add)]
        for template in (*shaping, *(node.input for node in loaded.flow.nodes.values())):
            if template is not None:
                check_template(template)
        check_settings(loaded.flow)


def check_settings(flow: Flow) -> None:
    """Settings can be resolved, or say why not, and never show a secret."""
    secrets = dict.fromkeys(flow.secrets, "s3cr3t-v4lue")
    for node in flow.nodes.values():
        findings: tuple[Finding, ...] = ()
        try:
            resolve(node, flow.vars, secrets)
        except FlowError as error:
            findings = error.findings
        check_findings(findings)
        assert "s3cr3t-v4lue" not in render(findings)


_registry = cache(full_registry)


@cache
def _folder() -> Path:
    return Path(mkdtemp(prefix="headrace-fuzz-"))


def load_file(data: bytes) -> None:
    """Any bytes as a flow file."""
    path = _folder() / "flow.yaml"
    path.write_bytes(data)
    check_loaded(read_flow(path, _registry()))


def load_json(value: object) -> None:
    """Any JSON value as a flow that arrived as an object."""
    check_loaded(load_object(value, _registry()))


def override(given: tuple[str, list[str]]) -> None:
    """Any `--set` over a flow."""
    text, assignments = given
    try:
        overrides = parse_settings(assignments)
    except UsageError:
        return
    check_loaded(load_flow(Source("flow.yaml", text), _registry(), overrides=overrides))


# ---- inputs


def an_expression(random: Random) -> str:
    return mutated_text(random, expressions())


def a_template(random: Random) -> str:
    pieces = [random.choice(("", "a ", "{{", "}}", "\n", "{", "'", "é")) for _ in range(3)]
    return (
        f"{pieces[0]}{{{{{an_expression(random)}}}}}{pieces[1]}{{{{ {an_expression(random)} }}}}{pieces[2]}"
    )


def a_file(random: Random) -> bytes:
    data = mutated_flow(random, flows(), expressions()).encode("utf-8", "surrogatepass")
    return mutated_bytes(random, data) if random.random() < 0.3 else data


def an_object(random: Random) -> object:
    return mutated_object(random, flow_objects())


def an_override(random: Random) -> tuple[str, list[str]]:
    text = random.choice(flows())
    keys = re.findall(r"^\s*-?\s*([\w-]+):", text, re.MULTILINE) or ["vars"]
    assignments = []
    for _ in range(random.randrange(1, 4)):
        path = ".".join([random.choice(("vars", "nodes", "edges", "defaults", "secrets", "timeout", "", random.choice(keys))),
                         *(random.choice([*keys, "0", "", "é"]) for _ in range(random.randrange(4)))])  # fmt: skip
        value = random.choice(VALUES)
        written = value if isinstance(value, str) else json.dumps(value)
        assignments.append(
            random.choice(
                (
                    f"{path}={written}",
                    f"{path}={written}",
                    path,
                    f"{path}={{",
                    f"={written}",
                    f" {path} = {written}",
                )
            )
        )
    return text, assignments


TARGETS = {
    "expression": (an_expression, evaluate_expression, 6),
    "template": (a_template, evaluate_template, 2),
    "file": (a_file, load_file, 6),
    "object": (an_object, load_json, 3),
    "override": (an_override, override, 1),
    "answers": (answers, exchange, 6),
    "stored": (stored_files, recover, 3),
}
"""What makes an input, what must hold for it, and how often it is taken."""
