"""What is said of the fields of settings and messages: the text below each, in the source."""

import ast
import inspect
import textwrap
from functools import cache

from pydantic import BaseModel

__all__ = ["descriptions"]


def descriptions(model: type[BaseModel]) -> dict[str, str]:
    """The descriptions of a model's fields, by their names in Python; those without one are left out.

    They are read when somebody asks. Pydantic's `use_attribute_docstrings` reads the source of every class
    when it is made, which was a tenth of what a short run took.
    """
    owners = model.__mro__[: model.__mro__.index(BaseModel)]
    told = {}
    for name, field in model.model_fields.items():
        declared = next((texts[name] for owner in owners if name in (texts := _texts(owner))), None)
        text = field.description or declared
        if text is not None:
            told[name] = text
    return told


@cache
def _texts(cls: type) -> dict[str, str | None]:
    """What a class declares, with the text below each; nothing where its source is not there."""
    try:
        source = textwrap.dedent(inspect.getsource(cls))
    except (OSError, TypeError):
        return {}
    if source[:1].isspace():  # a line of a text stands further left than the class
        source = f"if True:\n{source}"
    body = next(node.body for node in ast.walk(ast.parse(source)) if isinstance(node, ast.ClassDef))
    return {
        field.target.id: _text(below)
        for field, below in zip(body, [*body[1:], None], strict=True)
        if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name)
    }


def _text(statement: ast.stmt | None) -> str | None:
    match statement:
        case ast.Expr(value=ast.Constant(value=str() as text)):
            return inspect.cleandoc(text)
        case _:
            return None
