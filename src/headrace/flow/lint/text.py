"""Texts that look like expressions and are none."""

import re
from collections.abc import Iterator

from headrace.flow.field import Reader
from headrace.flow.lint.view import View
from headrace.flow.tree import Path, Scalar, Tree, walk

__all__ = ["check_plain_expressions"]

_PATH = re.compile(r"\$(?:\.[A-Za-z_]\w*|\[\d+\]|\['[^']*'\])+")
_SINGLE_BRACES = re.compile(r"\$?\{\s*(\$\.[^{}]*)\}")
_STATEMENT = re.compile(r"\{%-?\s*(if|for|set|include|macro|block|raw)\b[^%]*%\}")
_CURES = {"for": "write `.map(x => …)` in an expression", "set": "put the value into `spec.vars` or `data`"}


def check_plain_expressions(view: View, reader: Reader) -> None:
    """HR151: a text that reads like an expression, but is sent as it stands."""
    for path, text in _shaped(view):
        if "{{" not in text.text.value:
            _check(path, text, reader)
        for match in _STATEMENT.finditer(text.text.value):
            cure = _CURES.get(match[1], "write `{{condition ? then : otherwise}}`")
            message = f"`{{% {match[1]} %}}` is Jinja, and text here; {cure}"
            reader.warn("HR151", message, text.text.span(match.start(), match.end()))


def _check(path: Path, text: Scalar, reader: Reader) -> None:
    value = text.text.value
    if _PATH.fullmatch(value.strip()) and path[:1] != ("parameters",):  # a path may be meant for the database
        cure = f"if the text itself is meant, write `{{{{'{value.strip()}'}}}}`" if "'" not in value else ""
        message = f'`{value.strip()}` is text here; as an expression write `"{{{{{value.strip()}}}}}"`'
        reader.warn("HR151", message, text.span, cure)
    for match in _SINGLE_BRACES.finditer(value):
        message = f"`{match[0]}` is text here; an expression is `{{{{{match[1].strip()}}}}}`"
        reader.warn("HR151", message, text.text.span(match.start(), match.end()))


def _shaped(view: View) -> Iterator[tuple[Path, Scalar]]:
    """The texts of all that shapes messages, with their paths."""
    trees: list[Tree | None] = [edge.data_tree or edge.add_tree for edge in view.draft.edges]
    trees += [node.input_tree for node in view.draft.nodes.values()]
    for tree in dict.fromkeys(trees):  # the edges of a list of sources share one
        for path, part in walk(tree) if tree is not None else ():
            if (
                isinstance(part, Scalar)
                and isinstance(part.value, str)
                and ("$" in part.value or "{%" in part.value)
            ):
                yield path, part
