"""A JSON value as YAML, which all readers take for that value."""

import json
import re

from headrace.flow.plain import ambiguity, resolve
from headrace.values import Json

__all__ = ["yaml_lines"]

_WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")
_LONGEST_ROW = 80
_ESCAPED = re.compile(r"[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]")


def yaml_lines(key: str, value: Json) -> list[str]:
    """A mapping with one key, a line each; two spaces are a level."""
    name = _text(key)
    if isinstance(value, dict) and value:
        return [f"{name}:", *(f"  {line}" for line in _members(value))]
    if isinstance(value, list) and value:
        row = _row(value)
        return [f"{name}: {row}"] if row else [f"{name}:", *(f"  {line}" for line in _items(value))]
    if isinstance(value, str) and _is_block(value):
        keeps = "" if value.endswith("\n") else "-"
        lines = value.removesuffix("\n").split("\n")
        return [f"{name}: |{keeps}", *(f"  {line}" if line else "" for line in lines)]
    return [f"{name}: {_scalar(value)}"]


def _is_block(text: str) -> bool:
    """Whether a text of several lines can stand as it is: no line of blanks, nothing that needs an escape."""
    lines = text.removesuffix("\n").split("\n")
    return (
        len(lines) > 1
        and lines[0][:1].strip() != ""
        and lines[-1] != ""
        and all(line.strip() or not line for line in lines)
        and all(line.isprintable() and not _ESCAPED.search(line) for line in lines)
    )


def _row(items: list[Json]) -> str:
    """Short scalars in one line; empty for other lists."""
    row = f"[{', '.join(_scalar(item) for item in items)}]"
    is_short = len(row) <= _LONGEST_ROW and not any(isinstance(item, list | dict) for item in items)
    return row if is_short else ""


def _members(value: dict[str, Json]) -> list[str]:
    return [line for key, member in value.items() for line in yaml_lines(key, member)]


def _items(value: list[Json]) -> list[str]:
    lines = []
    for item in value:
        below = _members(item) if isinstance(item, dict) else _items(item) if isinstance(item, list) else []
        first, *others = below or [_scalar(item)]
        lines += [f"- {first}", *(f"  {line}" for line in others)]
    return lines


def _scalar(value: Json) -> str:
    return _text(value) if isinstance(value, str) else json.dumps(value)


def _text(text: str) -> str:
    """As it is where it is a plain word to all readers, else in double quotes with JSON's escapes."""
    if _WORD.fullmatch(text) and not ambiguity(text) and isinstance(resolve(text), str):
        return text
    return _ESCAPED.sub(lambda match: f"\\u{ord(match[0]):04x}", json.dumps(text, ensure_ascii=False))
