"""Templates: JSON values whose texts may hold `{{expression}}`, compiled once and evaluated often."""

from collections.abc import Iterator
from functools import cached_property
from types import TracebackType
from typing import TypeAlias

from headrace.errors import ExpressionError, Finding, InternalError, Severity
from headrace.expr.checker import check
from headrace.expr.compiler import Compiled, Evaluate, compile_checked, compile_direct
from headrace.expr.environment import STEP_LIMIT, Environment
from headrace.expr.explain import Evaluation, explain
from headrace.expr.failure import Failure
from headrace.expr.iteration import items_at_work
from headrace.expr.lexer import tokenize
from headrace.expr.parsed import ParsedExpression, ParsedText, ParsedTree
from headrace.expr.parser import parse
from headrace.expr.problem import Problem
from headrace.expr.reading import Reading, readings
from headrace.expr.scope import Scope
from headrace.source import Text
from headrace.values import Json

__all__ = [
    "Environment",
    "ParsedExpression",
    "Scope",
    "Template",
    "TemplateTree",
    "compile_expression",
    "compile_template",
]

TemplateTree: TypeAlias = "bool | int | float | Text | list[TemplateTree] | dict[str, TemplateTree] | None"
"""A JSON value whose texts know their place."""

TEXT_LIMIT = 64 * 1024
"""Bytes of UTF-8 in a text that holds an expression."""

_MOST_PAUSES = 10


class Template:
    """A compiled template; safe to share between evaluations, which are single calls.

    Attributes:
        constant: whether it holds no expression, so that its value is always the same.
        expressions: all expressions in it, in the order of the file.
        scope: what they may read.
    """

    def __init__(self, tree: ParsedTree, scope: Scope, *, usable: bool) -> None:
        self.expressions = tuple(_expressions(tree))
        self.constant = not self.expressions
        self.scope = scope
        self._tree = tree
        self._usable = usable
        self._direct: Evaluate | None = None
        self._checked: Compiled | None = None
        self._misses = 0
        self._pause = 0

    def __repr__(self) -> str:
        return f"Template({len(self.expressions)} expressions)"

    @property
    def usable(self) -> bool:
        """Whether it has no errors, so that it may be evaluated and its tree is whole."""
        return self._usable

    @property
    def tree(self) -> ParsedTree:
        """What it was made of, with its texts parsed."""
        return self._tree

    @cached_property
    def readings(self) -> tuple[Reading, ...]:
        """The longest paths that its expressions read, in the order of the file."""
        return tuple(reading for expression in self.expressions for reading in readings(expression))

    def compile(self) -> None:
        """Make the code that `evaluate` runs, which otherwise the first evaluation does.

        Takes five times as long as reading and checking; a flow that is only validated does without.
        """
        self._direct = compile_direct(self._tree, self._source_name)

    @property
    def _source_name(self) -> str:
        return self.expressions[0].text.source.name if self.expressions else "<constant>"

    def evaluate(self, message: Json, environment: Environment) -> Json:
        """The value for a message: a new value, parts of which may be parts of the message.

        Raises:
            ExpressionError: an expression has no value for this message.
            InternalError: headrace is wrong, or the template has errors and must not be evaluated.
        """
        environment.begin(message, STEP_LIMIT)
        if self._pause:
            self._pause -= 1
            return self._evaluate_checked(message, environment)
        if self._direct is None:
            if not self._usable:
                raise InternalError("a template with errors must not be evaluated")
            self.compile()
        try:
            return self._direct(message, environment)  # type: ignore[misc]  # compiled above
        except Exception as error:  # noqa: BLE001 - whatever it was, the checked code below decides
            # What was too much need not be done in full again to be found.
            too_much = isinstance(error, Failure) and error.code == "HR223"
            environment.begin(message, STEP_LIMIT // 10 if too_much else STEP_LIMIT)
        # Direct code fails where data is missing; if that is the rule, do not try each time.
        self._misses = min(self._misses + 1, _MOST_PAUSES)
        self._pause = (1 << self._misses) - 2
        return self._evaluate_checked(message, environment)

    def _evaluate_checked(self, message: Json, environment: Environment) -> Json:
        if self._checked is None:
            self._checked = compile_checked(self._tree, self._source_name)
        try:
            return self._checked.evaluate(message, environment)
        except Failure as failure:
            raise self._explained(failure, failure.__traceback__, message, environment) from failure
        except RecursionError as error:
            deep = Failure("HR223", "the data is nested too deeply for this")
            raise self._explained(deep, error.__traceback__, message, environment) from error
        except MemoryError as error:
            large = Failure("HR223", "the value is too large for the memory")
            raise self._explained(large, error.__traceback__, message, environment) from error
        except Exception as error:
            found = self._checked.find(error.__traceback__)
            place = f" at {found[0].text.span(found[1].start, found[1].end)}" if found else ""
            raise InternalError(f"evaluating the expression{place} failed: {type(error).__name__}") from error

    def _explained(
        self, failure: Failure, traceback: TracebackType | None, message: Json, environment: Environment
    ) -> ExpressionError:
        assert self._checked is not None  # noqa: S101 - it raised the failure
        found = self._checked.find(traceback)
        if found is None:
            return ExpressionError(failure.code, failure.message, self.expressions[0].span)
        expression, node, frame = found
        root_name = "settings" if self.scope.settings else "message"
        evaluation = Evaluation(
            message, environment, root_name, self._checked.variables, dict(frame.f_locals)
        )
        error = explain(failure, expression, node, evaluation)
        if self.scope.settings:  # whose items may hold secrets
            return error
        where = items_at_work(self._checked.callbacks(traceback))
        return ExpressionError(error.code, error.message + where, error.span)


def _expressions(tree: ParsedTree) -> Iterator[ParsedExpression]:
    if isinstance(tree, ParsedText):
        yield from tree.expressions
    elif isinstance(tree, list):
        for item in tree:
            yield from _expressions(item)
    elif isinstance(tree, dict):
        for item in tree.values():
            yield from _expressions(item)


def compile_template(tree: TemplateTree, scope: Scope, findings: list[Finding]) -> Template:
    """Compile a template.

    Args:
        tree: what the user wrote.
        scope: what its expressions may read.
        findings: everything that is wrong is appended; a template with errors must not be evaluated.
    """
    before = len(findings)
    reader = _Reader(scope, findings)
    return reader.template(reader.read(tree, ()), before)


def compile_expression(text: Text, scope: Scope, findings: list[Finding]) -> Template:
    """Compile an expression without braces around it, as `compile_template` does."""
    before = len(findings)
    reader = _Reader(scope, findings)
    return reader.template(reader.read_bare(text), before)


class _Reader:
    """Parses and checks the texts of a template."""

    def __init__(self, scope: Scope, findings: list[Finding]) -> None:
        self.scope = scope
        self.findings = findings

    def template(self, tree: ParsedTree, before: int) -> Template:
        found = self.findings[before:]
        usable = all(finding.severity is not Severity.ERROR for finding in found)
        return Template(tree, self.scope, usable=usable)

    def report(self, problem: Problem, text: Text) -> None:
        end = min(problem.end, len(text.value))
        span = text.span(min(problem.start, end), end)
        self.findings.append(Finding(problem.code, problem.message, span, problem.severity, problem.cure))

    def read(self, tree: TemplateTree, path: tuple[str | int, ...]) -> ParsedTree:
        if isinstance(tree, Text):
            return self.read_text(tree, path)
        if isinstance(tree, list):
            return [self.read(item, (*path, index)) for index, item in enumerate(tree)]
        if isinstance(tree, dict):
            return {key: self.read(item, (*path, key)) for key, item in tree.items()}
        return tree

    def read_bare(self, text: Text) -> ParsedText:
        parsed = self.expression(text, 0, None, (), interpolated=False)
        return ParsedText((parsed[0],) if parsed[0] else (), is_whole=parsed[0] is not None)

    def read_text(self, text: Text, path: tuple[str | int, ...]) -> ParsedText:
        value = text.value
        if "{{" not in value:
            return ParsedText((value,), is_whole=False)
        stripped = value.strip()
        self.report_foreign(text, stripped)
        parts: list[str | ParsedExpression] = []
        at = 0
        while (opened := value.find("{{", at)) >= 0:
            if opened > at:
                parts.append(value[at:opened])
            parsed, at = self.expression(text, opened, opened, path, interpolated=True)
            if parsed:
                parts.append(parsed)
        if at < len(value):
            parts.append(value[at:])
        if len(only := [part for part in parts if isinstance(part, ParsedExpression)]) == 1:
            (single,) = only
            if stripped == value[single.start : single.end]:
                whole = ParsedExpression(
                    single.node, text, path, interpolated=False, start=single.start, end=single.end
                )
                return ParsedText((whole,), is_whole=True)
        return ParsedText(tuple(parts), is_whole=False)

    def report_foreign(self, text: Text, stripped: str) -> None:
        """What other tools write around the braces of a whole text."""
        for prefix, who in (("={{", "n8n"), ("${{", "GitHub Actions")):
            if stripped.startswith(prefix) and stripped.endswith("}}"):
                start = text.value.index(prefix)
                message = f"`{prefix}` is {who}; write `{{{{`"
                self.report(Problem("HR203", message, start, start + 3), text)

    def expression(
        self, text: Text, start: int, opened: int | None, path: tuple[str | int, ...], *, interpolated: bool
    ) -> tuple[ParsedExpression | None, int]:
        """Read one expression; returns it, if nothing was wrong with its syntax, and where text goes on."""
        value = text.value
        if len(value) > TEXT_LIMIT or (
            len(value) > TEXT_LIMIT // 4 and len(value.encode(errors="surrogatepass")) > TEXT_LIMIT
        ):
            message = "a text with expressions has at most 64 KiB"
            self.report(Problem("HR209", message, start, start + 2), text)
            return None, len(value)
        try:
            tokens, end = tokenize(text, start if opened is None else opened + 2, opened)
        except Problem as problem:
            self.report(problem, text)
            close = value.find("}}", max(problem.start, start + 2))
            return None, close + 2 if close >= 0 else len(value)
        after = end if opened is None else end + 2
        try:
            node = parse(value, tokens)
            problems: list[Problem] = []
            check(node, value, self.scope, problems.append)
        except Problem as problem:
            problems = [problem]
            node = None
        except RecursionError:
            problems = [Problem("HR209", "nested too deeply; split it", start, after)]
            node = None
        for found in problems:
            self.report(found, text)
        return ParsedExpression(node, text, path, interpolated, start, after) if node else None, after
