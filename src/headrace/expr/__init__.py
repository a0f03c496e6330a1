"""The expression language: text -> tokens -> nodes -> checked -> Python code object.

Pure: no I/O, no clock, no asyncio, and nothing here knows flows or YAML; the time comes in through
`Environment`. Compiled code reaches JSON values and `support` alone: it never reads a Python attribute
of a value. Everything that users wrote comes in as `source.Text`, so every finding and every error at
run time has its place in the user's file, in whatever way the text was quoted or folded there.

    template, parsed, scope              JSON values whose texts hold expressions, and what those may read
    literal, lexer                       text -> tokens
    cursor, parser, parameter, step      tokens -> `nodes`; `printer` is the way back
    checker, kind, lint                  what is wrong before any data is there
    problem, foreign, lookalike, condition, suggestion    and what to write instead
    emitter, access, operation, calling, expression, compiler    nodes -> Python's syntax tree -> code
    support, arithmetic, path, text, time    what compiled code does: operators, JSONPath, conversions
    pattern, folding, regex, split, replacement    regular expressions, as JavaScript has them, by RE2
    environment, work                    what an evaluation may know, and how much it may do
    failure, explain, iteration          errors at run time: the path that was missing, the item
    signature, declaration, entry, argument    how functions and methods are declared and ask for values
    functions, methods, builtins         all that can be called
    shape, inference                     what values are like before they are there
    reading                              which paths an expression reads
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
