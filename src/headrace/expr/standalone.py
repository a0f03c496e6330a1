"""Expressions that are given outside of a flow: compiled, and their values written."""

from headrace.errors import ExpressionError, Finding
from headrace.expr import Scope, Template, compile_expression, compile_template
from headrace.expr.failure import Failure
from headrace.expr.text import stringify
from headrace.source import Text
from headrace.values import Json

__all__ = ["compile_text", "value_text"]


def compile_text(text: str, findings: list[Finding]) -> Template:
    """Compile an expression, or a template where the text holds `{{`; findings are appended."""
    place = Text.bare(text)
    if "{{" in text:
        return compile_template(place, Scope.EVAL, findings)
    return compile_expression(place, Scope.EVAL, findings)


def value_text(value: Json) -> bytes:
    """A value as JSON, numbers as expressions print them, in UTF-8.

    Raises:
        ExpressionError: it cannot be written: an integer beyond 4,096 bits, a lone surrogate, too deep.
    """
    try:
        return stringify(value).encode()
    except Failure as error:
        why = error.message
    except RecursionError:
        why = "it is nested too deeply"
    except UnicodeEncodeError:
        why = "it has half a surrogate pair in it"
    raise ExpressionError("HR223", f"the value cannot be written as JSON: {why}", Text.bare("").whole)
