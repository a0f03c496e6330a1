"""Evaluating expressions in tests."""

from headrace.errors import ExpressionError, Finding
from headrace.expr import Environment, Scope, Template, compile_expression, compile_template
from headrace.source import Source, Text

NOW_NS = 1_767_323_045_123_456_789  # 2026-01-02T03:04:05.123456789Z


def environment(**given: object) -> Environment:
    return Environment(now_ns=lambda: NOW_NS, vars=given.get("vars"), run=given.get("run"))


def compiled(expression: str, scope: Scope = Scope.EDGE) -> Template:
    findings: list[Finding] = []
    template = compile_expression(Text.bare(expression), scope, findings)
    assert [str(finding) for finding in findings] == []
    return template


def evaluate(expression: str, message: object = None, **given: object) -> object:
    """The value; code with and without checks must agree on it."""
    template = compiled(expression)
    template._pause = 1
    checked = template.evaluate(message, environment(**given))
    direct = template.evaluate(message, environment(**given))
    assert repr(direct) == repr(checked)
    return direct


def failure(expression: str, message: object = None, scope: Scope = Scope.EDGE) -> str:
    """`column: code message` of the error at run time."""
    try:
        value = compiled(expression, scope).evaluate(message, environment())
    except ExpressionError as error:
        return f"{error.span.column}: {error.code} {error.message}"
    raise AssertionError(f"{expression} has the value {value!r}")


def problems(expression: str, scope: Scope = Scope.EDGE) -> list[str]:
    """`column: code message` of all findings for an expression."""
    findings: list[Finding] = []
    compile_expression(Text.bare(expression), scope, findings)
    return [f"{finding.span.column}: {finding.code} {finding.message}" for finding in findings]


def rendered(template: str, message: object = None, scope: Scope = Scope.EDGE, **given: object) -> object:
    """The value of a text with `{{…}}`."""
    findings: list[Finding] = []
    made = compile_template(Text.bare(template, "flow.yaml"), scope, findings)
    assert [str(finding) for finding in findings] == []
    return made.evaluate(message, environment(**given))


def template_problems(template: str, scope: Scope = Scope.EDGE) -> list[str]:
    """`line:column: code message` of all findings for a text with `{{…}}`."""
    findings: list[Finding] = []
    compile_template(Text.bare(template, "flow.yaml"), scope, findings)
    return [f"{item.span.line}:{item.span.column}: {item.code} {item.message}" for item in findings]


def decoded(source: str, decoded_text: str, offsets: list[int]) -> Text:
    """A text whose characters stand at these offsets of a file."""
    return Text(decoded_text, Source("flow.yaml", source), offsets)


def outcome(expression: str, message: object = None) -> object:
    """The value, or the code of what is wrong: found before there is data, or while evaluating."""
    found = problems(expression)
    if found:
        return found[0].split()[1]
    try:
        return evaluate(expression, message)
    except ExpressionError as error:
        return error.code
