"""The expression language: text -> tokens -> nodes -> checked -> Python code object.

Pure: no I/O, no clock, no asyncio, and nothing here knows flows or YAML; the time comes in through
`Environment`. Compiled code reaches JSON values and `support` alone: it never reads a Python attribute
of a value. Everything that users wrote comes in as `source.Text`, so every finding and every error at
run time has its place in the user's file, in whatever way the text was quoted or folded there.
"""

from headrace.expr.template import (
    Environment,
    ParsedExpression,
    Scope,
    Template,
    TemplateTree,
    compile_expression,
    compile_template,
)

__all__ = [
    "Environment",
    "ParsedExpression",
    "Scope",
    "Template",
    "TemplateTree",
    "compile_expression",
    "compile_template",
]
