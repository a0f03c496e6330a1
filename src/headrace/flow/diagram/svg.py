"""A drawing as SVG: one file without scripts, fonts or links, for light and dark pages."""

from html import escape

from headrace.flow.diagram.drawing import Box, Drawing, Wire
from headrace.flow.diagram.layout import Cord, Frame, Layout, Path, lay_out
from headrace.flow.diagram.width import fitting, width_em

__all__ = ["svg_text"]

_MARGIN = 24
_PADDING, _HEADER, _ROW, _FOOT = 12, 42, 18, 8
_NAME_PX, _SMALL_PX = 13, 11
_LEAST_WIDTH, _MOST_TEXT = 96, 260
_ICON = 16
_LEGEND = 44
_STYLE = """\
  svg { --page: #ffffff; --box: #f6f8fa; --line: #8b949e; --text: #1f2328; --soft: #59636e;
    --task: #0969da; --error: #cf222e; --start: #ddf4ff; }
  @media (prefers-color-scheme: dark) {
    svg { --page: #0d1117; --box: #161b22; --line: #6e7681; --text: #e6edf3; --soft: #9198a1;
      --task: #58a6ff; --error: #ff7b72; --start: #10233f; }
  }
  .page { fill: var(--page); }
  text { font-family: ui-sans-serif, system-ui, -apple-system, "Segoe UI", sans-serif; }
  .box { fill: var(--box); stroke: var(--line); }
  .trigger .box { fill: var(--start); stroke: var(--task); stroke-width: 2; }
  .icon { fill: var(--task); }
  .name { font-size: 13px; font-weight: 600; fill: var(--text); }
  .small { font-size: 11px; fill: var(--soft); }
  .right { text-anchor: end; }
  .wire { fill: none; stroke: var(--line); stroke-width: 1.5; }
  .task { stroke: var(--task); stroke-width: 3; }
  .error { stroke: var(--error); stroke-dasharray: 6 4; }
  .port { fill: var(--line); }
  .tip { fill: var(--line); stroke: none; }
  .tip.task { fill: var(--task); }
  .tip.error { fill: var(--error); }"""


def svg_text(drawing: Drawing) -> str:
    """The drawing, nodes from left to right; names that are too long end in `…`, and are whole on hover."""
    sizes = [_size(box) for box in drawing.boxes]
    triggers = {index for index, box in enumerate(drawing.boxes) if box.trigger}
    layout = lay_out(sizes, [_cord(wire, drawing) for wire in drawing.wires], triggers)
    legend, legend_width = _legend(drawing, layout)
    width = max(layout.width, legend_width) + 2 * _MARGIN
    height = layout.height + 2 * _MARGIN + (_LEGEND if legend else 0)
    about = drawing.about or f"{len(drawing.boxes)} nodes, {len(drawing.wires)} edges"
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_n(width)} {_n(height)}" '
        f'width="{_n(width)}" height="{_n(height)}" role="img" aria-labelledby="title about">',
        f'<title id="title">{_text(drawing.title)}</title>',
        f'<desc id="about">{_text(about)}</desc>',
        f"<style>\n{_STYLE}\n</style>",
        f'<rect class="page" width="{_n(width)}" height="{_n(height)}"/>',
        f'<g transform="translate({_MARGIN} {_MARGIN})">',
        *map(_wire, drawing.wires, layout.paths),
        *map(_box, drawing.boxes, layout.frames),
        *legend,
        "</g>",
        "</svg>",
    ]
    return "\n".join(lines) + "\n"


def _n(number: float) -> str:
    """A coordinate; a tenth of a pixel is fine enough."""
    return f"{round(number, 1) + 0.0:g}" if abs(number) < 100_000 else f"{number:.0f}"


def _text(text: str) -> str:
    """Text in XML: escaped, and without the characters that XML does not have or that turn text round."""
    return escape("".join(char if _is_shown(char) else "\ufffd" for char in text))


def _is_shown(char: str) -> bool:
    code = ord(char)
    if code < 0x20:
        return char in "\t\n"
    return not (0x7F <= code <= 0x9F or 0xD800 <= code <= 0xDFFF or code in _UNSHOWN)


_UNSHOWN = {*range(0x202A, 0x202F), *range(0x2066, 0x206A), 0xFFFE, 0xFFFF}


def _label(text: str, size_px: int, *, bold: bool = False) -> str:
    """A text as it is shown in a box: one line, not too long."""
    return fitting(" ".join(text.split()), _MOST_TEXT / size_px, bold=bold)


# ---- boxes


def _size(box: Box) -> tuple[float, float]:
    icon = _ICON if box.trigger else 0
    name = width_em(_label(box.name, _NAME_PX, bold=True), bold=True) * _NAME_PX + icon
    widths = [name, width_em(_label(box.component, _SMALL_PX)) * _SMALL_PX + icon]
    rows = max(len(box.inputs), len(box.outputs))
    for row in range(rows):
        ports = [ports[row] for ports in (box.inputs, box.outputs) if row < len(ports)]
        widths.append(sum(width_em(_label(port, _SMALL_PX)) * _SMALL_PX + 8 for port in ports))
    height = _HEADER + rows * _ROW + (_FOOT if rows else 0)
    return max(max(widths) + 2 * _PADDING, _LEAST_WIDTH), height


def _port_y(row: int) -> float:
    return _HEADER + row * _ROW + _ROW / 2


def _cord(wire: Wire, drawing: Drawing) -> Cord:
    start = drawing.boxes[wire.source].outputs.index(wire.output)
    end = drawing.boxes[wire.target].inputs.index(wire.input)
    return Cord(wire.source, wire.target, _port_y(start), _port_y(end))


def _box(box: Box, frame: Frame) -> str:
    """A node. The inner `svg` cuts off what a font makes wider than it should be."""
    x, y, width, height = map(_n, (frame.x, frame.y, frame.width, frame.height))
    left = _PADDING + (_ICON if box.trigger else 0)
    lines = [
        f'<g class="node{" trigger" * box.trigger}" transform="translate({x} {y})">',
        f"<title>{_text(box.about or box.name)}</title>",
        f'<rect class="box" width="{width}" height="{height}" rx="{20 if box.trigger else 6}"/>',
        f'<svg width="{width}" height="{height}">',
        f'<text class="name" x="{left}" y="19">{_text(_label(box.name, _NAME_PX, bold=True))}</text>',
        f'<text class="small" x="{left}" y="34">{_text(_label(box.component, _SMALL_PX))}</text>',
    ]
    if box.trigger:
        lines.append(f'<path class="icon" d="M{_PADDING} 9v11l9 -5.5z"/>')
    for row, port in enumerate(box.inputs):
        text = _text(_label(port, _SMALL_PX))
        lines.append(f'<text class="small" x="{_PADDING}" y="{_n(_port_y(row) + 4)}">{text}</text>')
    for row, port in enumerate(box.outputs):
        text, end = _text(_label(port, _SMALL_PX)), _n(frame.width - _PADDING)
        lines.append(f'<text class="small right" x="{end}" y="{_n(_port_y(row) + 4)}">{text}</text>')
    lines.append("</svg>")
    lines += [
        f'<circle class="port" cx="{width}" cy="{_n(_port_y(row))}" r="3"/>'
        for row in range(len(box.outputs))
    ]
    return "\n".join([*lines, "</g>"])


# ---- wires


def _kind(wire: Wire) -> str:
    return f"{' task' * wire.boundary}{' error' * wire.error}"


def _wire(wire: Wire, path: Path) -> str:
    return (
        f"<g><title>{_text(wire.about or f'{wire.output} -> {wire.input}')}</title>"
        f'<path class="wire{_kind(wire)}" d="{_d(path)}"/>{_tip(wire, path)}</g>'
    )


def _d(path: Path) -> str:
    drawn = [f"M{_n(path.start[0])} {_n(path.start[1])}"]
    for step in path.steps:
        points = " ".join(f"{_n(x)} {_n(y)}" for x, y in step)
        drawn.append(f"{'L' if len(step) == 1 else 'C'}{points}")
    return "".join(drawn)


def _tip(wire: Wire, path: Path) -> str:
    """The head of the arrow; every wire arrives level."""
    x, y = path.steps[-1][-1]
    return f'<path class="tip{_kind(wire)}" d="M{_n(x)} {_n(y)}l-9 -5v10z"/>'


# ---- the legend


def _legend(drawing: Drawing, layout: Layout) -> tuple[list[str], float]:
    """What the kinds of wires mean, of those that there are; and its width."""
    kinds = [
        ("", "within a task", any(not (wire.boundary or wire.error) for wire in drawing.wires)),
        (" task", "begins a new task", any(wire.boundary for wire in drawing.wires)),
        (" error", "carries failures", any(wire.error for wire in drawing.wires)),
    ]
    y = layout.height + _LEGEND - 8
    lines, x = [], 0.0
    for kind, text, is_there in kinds:
        if is_there:
            lines.append(f'<path class="wire{kind}" d="M{_n(x)} {_n(y)}h28"/>')
            lines.append(f'<text class="small" x="{_n(x + 36)}" y="{_n(y + 4)}">{text}</text>')
            x += 36 + width_em(text) * _SMALL_PX + 24
    return lines, x
