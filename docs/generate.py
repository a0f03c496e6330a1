"""Write the generated pages: docs/components.md and docs/functions.md. `make docs`; a test compares."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from headrace.app import builtin_registry
from headrace.app.snippet import snippet_of
from headrace.expr.builtins import FUNCTIONS, METHODS
from headrace.expr.shape import KINDS
from headrace.expr.signature import Function, Method, Types
from headrace.flow.schema.written import bounds_text, default_of
from headrace.sdk import Spec

NOTE = "<!-- Made by `make docs` from the declarations in the code; do not edit. -->"


def components_page() -> str:
    """Every component: what it does, its ports, settings and messages."""
    lines = ["# Components", "", NOTE]
    registry = builtin_registry()
    for module in registry.modules:
        lines += ["", f"## {module.name}", "", module.summary]
        for spec in registry:
            if spec.name.startswith(f"{module.name}/"):
                lines += component_section(spec)
    return "\n".join(lines) + "\n"


def component_section(spec: Spec) -> list[str]:
    """One component."""
    lines = ["", f"### {spec.name}", "", spec.summary, "", spec.documentation, ""]
    lines += [f"- in `{port.name}`: {port.summary}" for port in spec.inputs]
    for port in spec.outputs:
        lines.append(f"- out `{port.name}`: {port.summary}" + (" (detached)" if port.detached else ""))
    if spec.dynamic_outputs is not None:
        lines.append("- further outputs are named by the settings")
    lines += table("Settings", spec.settings)
    for port in spec.inputs:
        if port.message is not None:
            lines += table(f"Message at `{port.name}`", port.message)
    return [*lines, "", "**Example**", "", "```yaml", *snippet_of(spec).splitlines(), "```"]


def table(title: str, model: type[BaseModel]) -> list[str]:
    """A model's fields, nested models below."""
    schema = model.model_json_schema(by_alias=True)
    if not schema.get("properties"):
        return []
    lines = ["", f"**{title}**", "", "| name | type | default | |", "|---|---|---|---|"]
    lines += rows(schema, schema.get("$defs", {}), "")
    return lines


def rows(schema: dict[str, Any], definitions: dict[str, Any], prefix: str) -> Iterator[str]:
    """The rows of an object's fields; those of objects within it follow."""
    for name, field in schema["properties"].items():
        default = "required" if name in schema.get("required", ()) else shown(field)
        about = " ".join(field.get("description", "").split())
        told = ", ".join(filter(None, [kind(field, definitions), bounds_text(field)]))
        yield f"| `{prefix}{name}` | {told} | {default} | {about} |"
        for inner, definition in nested(field, definitions):
            yield from rows(definition, definitions, f"{prefix}{name}{inner}.")


def nested(field: dict[str, Any], definitions: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """The object types within a field's type: of the field itself, of what it may be, or of its items."""
    for suffix, candidate in (("", field), ("[]", field.get("items", {}))):
        reference = candidate.get("$ref", "").rpartition("/")[2]
        definition = definitions.get(reference, {})
        if "properties" in definition:
            yield suffix, definition
    for option in (*field.get("anyOf", ()), *field.get("oneOf", ())):
        yield from nested(option, definitions)


def kind(field: dict[str, Any], definitions: dict[str, Any]) -> str:
    """A type in words."""
    options = field.get("anyOf") or field.get("oneOf")
    if options:
        given = [option for option in options if option.get("type") != "null"]  # null: not given
        return " or ".join(dict.fromkeys(kind(option, definitions) for option in given))
    if "$ref" in field:
        return kind(definitions[field["$ref"].rpartition("/")[2]], definitions)
    if "enum" in field:
        return ", ".join(f"`{value}`" for value in field["enum"])
    if "const" in field:
        return f"`{field['const']}`"
    named_formats = {"password": "text (secret)"} | {
        name: name for name in ("duration", "expression", "size")
    }
    if field.get("format") in named_formats:
        return named_formats[field["format"]]
    words = {"string": "text", "integer": "integer", "number": "number", "boolean": "true or false"}
    named = field.get("type")
    if named == "array":
        return f"array of {kind(field.get('items', {}), definitions)}"
    if named == "object":
        return "object"
    return words.get(named, "any value") if named else "any value"


def shown(field: dict[str, Any]) -> str:
    """A field's default as it would stand in YAML."""
    value = default_of(field)
    if value in (None, "", [], {}):
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list):
        return f"`[{', '.join(map(str, value))}]`"
    return f"`{value:g}`" if isinstance(value, float) else f"`{value}`"


def functions_page() -> str:
    """Every function, global and method, with its examples."""
    lines = ["# Functions and methods of expressions", "", NOTE, ""]
    lines += [
        "Each example is a test. Errors are shown by their code. Behind an arrow stands what a call gives."
    ]
    lines += ["", "## Functions", ""]
    lines += entries([FUNCTIONS[name] for name in sorted(FUNCTIONS) if "." not in name])
    lines += ["", "## Globals", ""]
    lines += entries([FUNCTIONS[name] for name in sorted(FUNCTIONS) if "." in name])
    lines += ["", "## Methods", ""]
    lines += entries([METHODS[name] for name in sorted(METHODS)])
    return "\n".join(lines) + "\n"


def entries(declared: list[Function] | list[Method]) -> Iterator[str]:
    """A table's rows."""
    yield from ("| | | examples |", "|---|---|---|")
    for entry in declared:
        examples = "<br>".join(
            f"`{example.expression}` → `{example.value}`".replace("|", "\\|") for example in entry.examples
        )
        name = entry.signature or f"{entry.name}(…)"
        receivers = f" ({', '.join(entry.calls)})" if isinstance(entry, Method) else ""
        yield f"| `{name}`{receivers}{gives(entry.types)} | {entry.summary} | {examples} |"


def gives(types: Types) -> str:
    """What a call gives, if that can be said in general."""
    kinds = types.gives.kinds
    if kinds in (KINDS, frozenset()):
        return ""
    order = ("boolean", "number", "text", "array", "object", "null")
    words = [kind for kind in order if kind in kinds or (kind == "null" and types.gives_null)]
    return f" → {' or '.join(words)}"


PAGES = {"components.md": components_page, "functions.md": functions_page}


if __name__ == "__main__":
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent
    for name, page in PAGES.items():
        (folder / name).write_text(page(), encoding="utf-8")
