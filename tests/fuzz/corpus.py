"""Seeds: all expressions and flow files that the repository has."""

import re
from functools import cache
from pathlib import Path

import yaml

from headrace.app.snippet import SNIPPETS
from headrace.expr.builtins import FUNCTIONS, METHODS

__all__ = ["MESSAGES", "documented", "expressions", "flow_objects", "flows"]

ROOT = Path(__file__).parents[2]
_QUOTED = re.compile(r"`` (.+?) ``|`([^`\n]+)`")
_MOST_ALIASES = 20  # of aliases of aliases there may be a billion
_BRACED = re.compile(r"\{\{(.+?)\}\}", re.DOTALL)

MESSAGES: tuple[object, ...] = (
    None,
    {
        "name": "Ada", "page": 2, "total": 250, "note": None, "user-id": 7, "tags": ["new", "vip"], "a": {"b": [1]},
        "users": [{"id": 1, "email": "ADA@x.org", "active": True, "score": 9.5}, {"id": 2, "email": None}],
        "response": {"statusCode": 200, "headers": {"content-type": "text/html"}, "body": "<p>", "bodyJson": None},
        "items": [1, -2, 0.5, 10**30], "o": {"😀": "é", "": [], "length": 3}, "s": "a😀b,c", "z": None,
    },
    [[[1, [2]], {"a": None}], "text", -0.0, 5e-324, 1.7976931348623157e308, True, "2026-01-02T03:04:05Z", "1h"],
    {"page": "x", "tags": "text", "users": {"id": []}, "items": None, "response": 7, "s": [1], "o": None},
)  # fmt: skip
"""What expressions are evaluated for: nothing, what they expect, and what they do not."""


@cache
def documented() -> frozenset[str]:
    """The codes that the documentation has."""
    pages = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "docs").rglob("*.md"))
    return frozenset(re.findall(r"\bHR\d{3}\b", pages))


@cache
def expressions() -> list[str]:
    """The declared examples, those of the documentation, and all that stand in flow files."""
    found = [
        example.expression
        for table in (FUNCTIONS, METHODS)
        for entry in table.values()
        for example in entry.examples
    ]
    for page in sorted((ROOT / "docs").glob("*.md")):
        found += [one or two for one, two in _QUOTED.findall(page.read_text(encoding="utf-8"))]
    for flow in flows():
        found += [text.strip() for text in _BRACED.findall(flow)]
    return list(dict.fromkeys(found))


@cache
def flows() -> list[str]:
    """The golden files, the examples, the flows of the documentation and of the components."""
    folders = ROOT / "tests" / "flow" / "golden", ROOT / "examples"
    files = [path for folder in folders for path in sorted(folder.rglob("*.yaml"))]
    found = [path.read_bytes().decode("utf-8", "surrogateescape") for path in files]
    for page in sorted(ROOT.glob("docs/*.md")):
        found += re.findall(r"```yaml[^\n]*\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL)
    for name, snippet in SNIPPETS.items():
        spec = "".join(f"  {line}\n" for line in snippet.splitlines())
        head = (
            f"apiVersion: headrace.dev/v1\nkind: Flow\nmetadata: {{name: {name.replace('/', '-')}}}\nspec:\n"
        )
        found.append(head + spec)
    return list(dict.fromkeys(found))


@cache
def flow_objects() -> list[object]:
    """The flows that are YAML, as JSON values."""
    found = []
    for text in flows():
        if text.count("*") > _MOST_ALIASES:
            continue
        try:
            value = yaml.safe_load(text)
        except (yaml.YAMLError, ValueError):
            continue
        if isinstance(value, dict):
            found.append(_plain(value))
    return found


def _plain(value: object) -> object:
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return list(map(_plain, value))
    return value if value is None or isinstance(value, bool | int | float | str) else str(value)
