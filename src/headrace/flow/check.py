"""A value against a pydantic model, with the place of everything that does not fit."""

import re
import types
import typing
from collections.abc import Collection
from typing import Any, Union

import msgspec
from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo

from headrace.errors import Finding
from headrace.expr.suggestion import did_you_mean, listed, nearest
from headrace.flow import tree as located
from headrace.flow.field import Reader
from headrace.flow.tree import Path, Tree
from headrace.sdk.settings import sentence
from headrace.source import Span
from headrace.values import Json

__all__ = ["check_model", "dotted", "field_aliases", "is_about_duration"]

_QUOTED = re.compile(r"'([^']*)'")  # pydantic quotes the values that there are
_DURATION_WORDS = ("has no unit", "is no duration", "must be a duration")


def field_aliases(model: type[BaseModel]) -> dict[str, FieldInfo]:
    """The fields of a model by their names in flow files."""
    return {field.alias or name: field for name, field in model.model_fields.items()}


def is_about_duration(message: str) -> bool:
    """Whether pydantic's message is one of `parse_duration`."""
    return any(words in message for words in _DURATION_WORDS)


def check_model(
    model: type[BaseModel], value: Json, tree: Tree, reader: Reader, *, owner: str, head: Span,
    unknown: frozenset[Path], what: str, missing: str = "HR116", meant: Collection[str] = (),
) -> None:  # fmt: skip
    """Report what a pydantic model finds wrong with a value, each with its place in the tree.

    Args:
        owner: who requires what is missing.
        head: where something missing is reported if the tree has no keys.
        unknown: paths whose values are not known yet; nothing is said about them.
        what: what the value is, in messages.
        missing: the code for something required that is not there.
        meant: keys of the tree that others were probably meant for; they are not missed as well.
    """
    check = _Check(model, tree, owner, head, what, missing)
    unknown |= {path for path, part in located.walk(tree) if isinstance(part, located.Broken)}
    try:
        model.model_validate(_without_boolean_numbers(model, value))
    except ValidationError as error:
        errors = error.errors(include_url=False, include_context=False, include_input=False)
        misspelt: set[Path] = {(key,) for key in meant}
        for item in errors:
            path = _path_in(tree, item["loc"])
            if item["type"] == "extra_forbidden" and (key := _meant(check, path)):
                misspelt.add((*path[:-1], key))
        for item in errors:
            path = _path_in(tree, item["loc"])
            if item["type"] == "missing" and (*path, str(item["loc"][-1])) in misspelt:
                continue
            if not any(path[: len(hidden)] == hidden for hidden in unknown if hidden):
                reader.findings.append(_finding(check, dict(item), path))


def _without_boolean_numbers(model: type[BaseModel], value: Json) -> Json:
    """The value, with text for `true` where a number belongs: pydantic would take it for 1."""
    if not isinstance(value, dict):
        return value
    fields = field_aliases(model)
    numbers = {name for name, field in fields.items() if field.annotation in (int, float)}
    return {
        name: str(item).lower() if isinstance(item, bool) and name in numbers else item
        for name, item in value.items()
    }


class _Check(msgspec.Struct, frozen=True):
    """One check of a value by a model: what its findings need to know."""

    model: type[BaseModel]
    tree: Tree
    owner: str
    head: Span
    what: str
    missing: str


def _finding(check: _Check, item: dict[str, Any], path: Path) -> Finding:
    model, tree, head = check.model, check.tree, check.head
    kind, loc = item["type"], item["loc"]
    place = _place(tree, path, head)
    name = str(loc[-1]) if loc else ""
    if kind == "extra_forbidden":
        keys = _keys_at(model, path[:-1])
        key = _meant(check, path)
        hint = f"; did you mean `{key}`?" if key else ""
        inside = f"`{dotted(path[:-1])}`" if len(path) > 1 else check.what
        cure = "" if hint or not keys else f"it has {listed(keys)}"
        return Finding(
            "HR110", f"unknown key `{name}` in {inside}{hint}", _key_place(tree, path, head), cure=cure
        )
    if kind == "missing":
        inside = f"`{dotted(path)}`" if path else check.owner
        return Finding(check.missing, f"`{name}` is required by {inside}", place)
    text = _QUOTED.sub(r"`\1`", sentence(kind, item["msg"]))
    if is_about_duration(item["msg"]):
        return Finding("HR118", item["msg"].removeprefix("Value error, "), place)
    if kind in {"value_error", "assertion_error"} and isinstance(_at(tree, path), located.Mapping):
        inside = f"`{dotted(path)}`: " if path else ""
        said = item["msg"].partition(", ")[2] or item["msg"]
        return Finding(check.missing if "is required" in said else "HR115", inside + said, place)
    if kind == "value_error":
        message = item["msg"].removeprefix("Value error, ")
        return Finding("HR115", message if message.startswith("`") else f"`{dotted(path)}` {text}", place)
    return Finding("HR115", f"`{dotted(path) or check.what}` {text}{_choice(item, tree, path)}", place)


def _meant(check: _Check, path: Path) -> str:
    """The key that an unknown one was probably meant for; may be empty."""
    name = str(path[-1]) if path else ""
    keys = _keys_at(check.model, path[:-1])
    # `user` of `username`, `headers` of `defaultHeaders`
    parts = [
        key for key in keys if key.lower().startswith(name.lower()) or key.lower().endswith(name.lower())
    ]
    return parts[0] if len(parts) == 1 and len(name) > 2 else nearest(name, keys)


def _choice(item: dict[str, Any], tree: Tree, path: Path) -> str:
    """Which of the values that are allowed was probably meant, as the end of a sentence."""
    part = _at(tree, path)
    if item["type"] != "literal_error" or not isinstance(part, located.Scalar):
        return ""
    return did_you_mean(part.text.value, _QUOTED.findall(item["msg"]))


def dotted(path: Path) -> str:
    """A path as people write it: `rules[0].outputPort`."""
    return "".join(f"[{key}]" if isinstance(key, int) else f".{key}" for key in path).lstrip(".")


def _path_in(tree: Tree, loc: tuple[str | int, ...]) -> Path:
    """Pydantic's location as a path in the tree; the names of union members are no part of it."""
    path: list[str | int] = []
    part: Tree | None = tree
    for position, key in enumerate(loc):
        below: Tree | None = None
        if isinstance(part, located.Mapping) and isinstance(key, str):
            below = part.get(key)
        elif isinstance(part, located.Sequence) and isinstance(key, int) and key < len(part.items):
            below = part.items[key]
        if below is not None:
            path.append(key)
            part = below
        elif position < len(loc) - 1:
            continue
    return tuple(path)


def _at(tree: Tree, path: Path) -> Tree:
    for key in path:
        below = tree.get(str(key)) if isinstance(tree, located.Mapping) else None
        if isinstance(tree, located.Sequence) and isinstance(key, int):
            below = tree.items[key]
        if below is None:
            break
        tree = below
    return tree


def _place(tree: Tree, path: Path, head: Span) -> Span:
    """Where a value stands; a mapping as a whole is placed at its first key."""
    part = _at(tree, path)
    if isinstance(part, located.Mapping):
        return part.head if part.entries and path else head
    return part.span


def _key_place(tree: Tree, path: Path, head: Span) -> Span:
    parent = _at(tree, path[:-1])
    if isinstance(parent, located.Mapping) and (entry := parent.entries.get(str(path[-1]))):
        return entry.place
    return _place(tree, path, head)


def _keys_at(model: type[BaseModel], path: Path) -> list[str]:
    """The keys that the model takes at a path; empty where it is a union or free."""
    annotation: Any = model
    for key in path:
        if isinstance(key, int):
            annotation = next(iter(typing.get_args(annotation)), None)
        elif isinstance(annotation, type) and issubclass(annotation, BaseModel):
            annotation = field_aliases(annotation)[key].annotation
        if typing.get_origin(annotation) in (Union, types.UnionType):
            parts = [part for part in typing.get_args(annotation) if part is not type(None)]
            annotation = parts[0] if len(parts) == 1 else None
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return list(field_aliases(annotation))
    return []
