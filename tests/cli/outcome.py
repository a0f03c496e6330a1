"""What calls of the command give, and the flows that they are given."""

import json
from pathlib import Path
from typing import Any, NamedTuple


class Outcome(NamedTuple):
    """What a call of the command gave."""

    code: int
    out: str
    err: str

    @property
    def lines(self) -> list[dict[str, Any]]:
        """Standard output as lines of JSON."""
        return [json.loads(line) for line in self.out.splitlines()]


def write_flow(folder: Path, nodes: str, edges: str = "[]", name: str = "flow.yaml", spec: str = "") -> Path:
    """A flow file; `nodes` and `edges` are YAML in one line or indented by four."""
    path = folder / name
    path.write_text(
        "apiVersion: headrace.dev/v1\nkind: Flow\nmetadata: {name: test}\nspec:\n"
        f"{spec}  nodes:{nodes}\n  edges: {edges}\n"
    )
    return path
