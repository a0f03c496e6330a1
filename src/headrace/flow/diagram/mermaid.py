"""A drawing as Mermaid text (https://mermaid.js.org/syntax/flowchart.html)."""

import re

from headrace.flow.diagram.drawing import Box, Drawing, Wire

__all__ = ["mermaid_text"]

_ARROWS = {  # by boundary, error
    (False, False): "-->",
    (True, False): "==>",
    (False, True): "-.->",
    (True, True): "==>",
}
_PLAIN = re.compile(r"[^\w ./:,()+*=?!@%'→-]")
_ERROR_STYLE = "stroke:#c62828,color:#c62828"


def mermaid_text(drawing: Drawing) -> str:
    """The drawing as a flowchart, from left to right.

    Names are quoted, and characters that mean something to Mermaid or HTML are written as their numbers;
    the identifiers are `n0`, `n1`, …, so that no name can be taken for a word of Mermaid's (`end`).
    """
    lines = ["flowchart LR", f"  accTitle: {_title(drawing.title)}"]
    lines += [f"  n{index}{_shape(box)}" for index, box in enumerate(drawing.boxes)]
    lines += [f"  {_arrow(wire)}" for wire in drawing.wires]
    failing = [str(index) for index, wire in enumerate(drawing.wires) if wire.error]
    if failing:
        lines.append(f"  linkStyle {','.join(failing)} {_ERROR_STYLE}")
    return "\n".join(lines) + "\n"


def _title(text: str) -> str:
    """It goes to the end of its line, and knows no quotes."""
    return re.sub(r"[^\w .,:-]", " ", text)


def _shape(box: Box) -> str:
    label = f'"{_quoted(box.name)}<br/>{_quoted(box.component)}"'
    return f"([{label}])" if box.trigger else f"[{label}]"


def _arrow(wire: Wire) -> str:
    arrow = _ARROWS[wire.boundary, wire.error]
    return f'n{wire.source} {arrow}|"{_quoted(wire.output)}"| n{wire.target}'


def _quoted(text: str) -> str:
    """Text inside quotes; never empty, and never what Mermaid reads as a list or as Markdown."""
    escaped = _PLAIN.sub(lambda match: f"#{ord(match[0])};", text.strip())
    if re.match(r"[-+*]|\d+[.)] ", escaped):
        escaped = f"#{ord(escaped[0])};{escaped[1:]}"
    return escaped or "#160;"
