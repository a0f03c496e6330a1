"""Inferring expressions in tests: shapes and doubts as short texts."""

from headrace.errors import Finding
from headrace.expr import Scope, compile_expression
from headrace.expr.inference import RUN, Doubt, Roots, infer
from headrace.expr.shape import ANY, Origin, Shape
from headrace.source import Text


def written(shape: Shape) -> str:
    """`number|null`, `[text]`, `{a: number, b?: text, ...: any}`; `never` for nothing."""
    if shape.is_nothing:
        return "never"
    if shape == ANY:
        return "any"
    parts = []
    for kind in ("null", "boolean", "number", "text", "array", "object"):
        if kind not in shape.kinds:
            continue
        if kind == "array" and shape.items is not None:
            parts.append(f"[{written(shape.items)}]")
        elif kind == "object" and shape.object is not None:
            parts.append(_written_object(shape))
        else:
            parts.append(kind)
    return "|".join(parts)


def _written_object(shape: Shape) -> str:
    known = shape.object
    members = [
        f"{name}{'?' if member.optional else ''}: {written(member.shape)}"
        for name, member in known.members.items()
    ]
    if known.rest is not None:
        members.append(f"...: {written(known.rest)}")
    return f"{{{', '.join(members)}}}"


def doubts(expression: str, message: Shape, **roots: Shape) -> tuple[Shape, list[Doubt]]:
    """The shape of an expression's value, and all doubts."""
    findings: list[Finding] = []
    template = compile_expression(Text.bare(expression), Scope.EDGE, findings)
    assert [str(finding) for finding in findings] == []
    found: list[Doubt] = []
    shape = infer(template, Roots(message, **{"run": RUN, **roots}), report=found.append)
    return shape, found


def inferred(expression: str, message: Shape, *, origin: Origin | None = None) -> str:
    """The shape of an expression's value as text."""
    findings: list[Finding] = []
    template = compile_expression(Text.bare(expression), Scope.EDGE, findings)
    assert [str(finding) for finding in findings] == []
    return written(infer(template, Roots(message, run=RUN), origin=origin))


def told(expression: str, message: Shape) -> list[str]:
    """`column: kind message`, with `!` where evaluation must fail and `?` where it may not be reached."""
    _, found = doubts(expression, message)
    return [
        f"{doubt.span.column}: {doubt.kind}{'!' if doubt.fails else ''}{'' if doubt.certain else '?'} {doubt.message}"
        for doubt in found
    ]
