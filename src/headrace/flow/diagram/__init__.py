"""A flow as a picture, for people: Mermaid text, or an SVG that is laid out here.

    drawing    what is drawn: boxes, wires, which of them are boundaries or carry errors
    mermaid    the drawing as Mermaid text
    width      how much room a text takes at most
    layer      which column each box is in, and which wires lead back
    order      who is above whom in a column: few crossings
    spread     how far apart: straight wires
    layout     boxes and wires with coordinates
    svg        the layout as SVG

No line ever goes through a box that it does not belong to: a wire over several columns has a place of its
own in each (`order`), and one that closes a loop runs below everything between its ends (`layout`).
"""

from headrace.flow.diagram.drawing import Drawing, drawing_of
from headrace.flow.diagram.mermaid import mermaid_text
from headrace.flow.diagram.svg import svg_text

__all__ = ["Drawing", "drawing_of", "mermaid_text", "svg_text"]
