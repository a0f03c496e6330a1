"""`headrace validate`: check flow files."""

import json
import sys
from pathlib import Path

import click

from headrace.app import full_registry
from headrace.cli.finding import finding_json, print_findings, print_pages
from headrace.cli.sarif import sarif_log
from headrace.cli.wording import plural
from headrace.errors import Severity
from headrace.flow.loader import Loaded, read_flow
from headrace.flow.model import Edge, Flow
from headrace.flow.report import summary
from headrace.values import Json

__all__ = ["command"]


@click.command("validate")
@click.argument("paths", metavar="FLOW...", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "--format", "form", type=click.Choice(["text", "json", "sarif"]), default="text", show_default=True
)
@click.option("--strict", is_flag=True, help="Warnings count as errors.")
def command(paths: tuple[Path, ...], *, form: str, strict: bool) -> int:
    """Check flow files; needs no secrets and connects to nothing.

    Exit code 0: no errors; 2: errors, with --strict also warnings.
    """
    registry = full_registry()
    loaded = [(path, read_flow(path, registry)) for path in paths]
    if form == "json":
        _dump({"flows": [_as_json(path, each) for path, each in loaded]})
    elif form == "sarif":
        _dump(sarif_log([(path, each.findings) for path, each in loaded]))
    else:
        for path, each in loaded:
            _print(path, each, several=len(paths) > 1)
        print_pages((finding.code for _, each in loaded for finding in each.findings), sys.stdout)
    findings = [finding for _, each in loaded for finding in each.findings]
    is_wrong = any(strict or finding.severity is Severity.ERROR for finding in findings)
    return 2 if is_wrong else 0


def _dump(value: Json) -> None:
    print(json.dumps(value, indent=2, ensure_ascii=False))


def _print(path: Path, loaded: Loaded, *, several: bool) -> None:
    print_findings(loaded.findings, sys.stdout)
    prefix = f"{path}: " if several else ""
    counted = summary(loaded.findings)
    if loaded.flow is None:
        print(f"{prefix}{counted}")
        return
    flow = loaded.flow
    noted = f" ({counted})" if counted else ""
    begins = ", ".join(_beginning(flow, edge) for edge in flow.edges if edge.boundary)
    tasks = f"; tasks begin at: {begins}" if begins else ""
    nodes, edges = plural(len(flow.nodes), "node"), plural(len(flow.edges), "edge")
    print(f"{prefix}ok{noted}: {nodes}, {edges}{tasks}")


def _beginning(flow: Flow, edge: Edge) -> str:
    closes = " (closes a loop)" if _closes_loop(flow, edge) else ""
    return f"{edge.source} -> {edge.target}{closes}"


def _closes_loop(flow: Flow, edge: Edge) -> bool:
    """Whether a boundary is one because it closes a loop, and not by its output's declaration."""
    node = flow.nodes[edge.source.node]
    return not node.spec.trigger and not any(
        output.detached for output in node.outputs if output.name == edge.source.port
    )


def _as_json(path: Path, loaded: Loaded) -> dict[str, Json]:
    flow = loaded.flow
    facts: dict[str, Json] = {"file": str(path), "ok": flow is not None}
    if flow is not None:
        facts |= {
            "name": flow.name,
            "version": flow.version,
            "nodes": len(flow.nodes),
            "edges": len(flow.edges),
            "tasksBeginAt": [
                {"from": str(edge.source), "to": str(edge.target), "closesLoop": _closes_loop(flow, edge)}
                for edge in flow.edges
                if edge.boundary
            ],
        }
    return {**facts, "findings": [finding_json(finding) for finding in loaded.findings]}
