"""`headrace eval`: one expression from the command line, or a stream of them."""

import re
import sys
import time

import click

from headrace.cli.data import read_data
from headrace.cli.finding import print_findings, print_pages
from headrace.cli.stream import evaluate_lines
from headrace.errors import ExpressionError, Finding, Severity, UsageError
from headrace.expr import Environment
from headrace.expr.standalone import compile_text, value_text

__all__ = ["command"]

_NEGATIVE = re.compile(r"-[\d.$(\[\s]")


class _EvalCommand(click.Command):
    """Takes an argument such as `-1` or `-$.x` for the expression that it is, and for no option."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        return super().parse_args(ctx, [f" {text}" if _NEGATIVE.match(text) else text for text in args])


@click.command("eval", cls=_EvalCommand)
@click.argument("expression", metavar="EXPR", required=False)
@click.option("--data", metavar="JSON", help="The message `$`: JSON, @FILE, or - for standard input.")
@click.option(
    "--jsonl", is_flag=True, help='Read lines {"expr", "data"}, write lines {"value"} or {"error"}.'
)
def command(expression: str | None, data: str | None, *, jsonl: bool) -> int:
    """Print the value of an expression as JSON.

    EXPR is an expression, `len($.items)`, or a template, `Hello {{$.name}}`. Exit code 2: it is not
    written right; 1: it has no value for the data.

    With --jsonl, each line of standard input, {"expr": …, "data": …}, gives one line of output in the same
    order, {"value": …} or {"error": …, "code": …, "line": …, "column": …}; a wrong line never ends it.
    """
    if jsonl:
        if expression is not None or data is not None:
            raise UsageError(
                "--jsonl reads expressions and data from standard input; leave out EXPR and --data"
            )
        evaluate_lines(sys.stdin.buffer, sys.stdout.buffer)
        return 0
    if expression is None:
        raise UsageError("what shall be evaluated? Give an expression, such as `headrace eval '1 + 2'`")
    message = read_data(data)
    findings: list[Finding] = []
    template = compile_text(expression, findings)
    print_findings(findings, sys.stderr)
    codes = [finding.code for finding in findings]
    if any(finding.severity is Severity.ERROR for finding in findings):
        print_pages(codes, sys.stderr)
        return 2
    try:
        value = value_text(template.evaluate(message, Environment(now_ns=time.time_ns, vars={}, run={})))
    except ExpressionError as error:
        print_findings([error.finding], sys.stderr)
        print_pages([*codes, error.code], sys.stderr)
        return 1
    sys.stdout.buffer.write(value + b"\n")
    sys.stdout.buffer.flush()
    print_pages(codes, sys.stderr)
    return 0
