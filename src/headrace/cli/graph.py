"""`headrace graph`: a flow as a picture."""

import sys
from pathlib import Path

import click

from headrace.app import full_registry
from headrace.cli.finding import print_findings, print_pages
from headrace.errors import UsageError
from headrace.flow.diagram import drawing_of, mermaid_text, svg_text
from headrace.flow.loader import read_flow, require

__all__ = ["command"]

_FORMATS = {"mermaid": mermaid_text, "svg": svg_text}


@click.command("graph")
@click.argument("path", metavar="FLOW", type=click.Path(path_type=Path))
@click.option(
    "--format", "form", type=click.Choice(list(_FORMATS)), help="mermaid, or svg where FILE ends so."
)
@click.option("--output", "-o", metavar="FILE", type=click.Path(path_type=Path), help="Where it is written.")
def command(path: Path, *, form: str | None, output: Path | None) -> int:
    """Draw a flow: its nodes, its edges, and where new tasks begin.

    Mermaid text goes into Markdown, SVG into any page. A flow with errors is not drawn: they are printed,
    exit code 2. Warnings are printed on standard error.
    """
    loaded = read_flow(path, full_registry())
    flow = require(loaded)
    print_findings(loaded.findings, sys.stderr)
    print_pages((finding.code for finding in loaded.findings), sys.stderr)
    if form is None:
        form = "svg" if output is not None and output.suffix.lower() == ".svg" else "mermaid"
    text = _FORMATS[form](drawing_of(flow))
    if output is None:
        print(text, end="")
        return 0
    try:
        output.write_text(text, encoding="utf-8")
    except OSError as error:
        raise UsageError(f"cannot write {output}: {(error.strerror or str(error)).lower()}") from error
    return 0
