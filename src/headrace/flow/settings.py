"""Settings of nodes: checked when a flow is loaded as far as they are known, evaluated when it starts."""

import copy
import time
import types
import typing
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Union

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo

from headrace.errors import ExpressionError, Finding, FlowError
from headrace.expr import Environment
from headrace.expr.nodes import Node as ExpressionNode
from headrace.expr.nodes import path_of
from headrace.expr.nodes import walk as walk_expression
from headrace.expr.suggestion import did_you_mean, listed
from headrace.flow import tree as located
from headrace.flow.draft import DraftNode, Path
from headrace.flow.field import Reader
from headrace.flow.model import Node
from headrace.flow.tree import Tree, to_json
from headrace.sdk import MessageTemplate, Settings
from headrace.sdk.settings import sentence
from headrace.source import Span
from headrace.values import Json

__all__ = ["check_model", "check_settings", "field_aliases", "message_paths", "resolve"]

_MARK = typing.get_args(MessageTemplate)[1]
_DURATION_WORDS = ("has no unit", "is no duration", "must be a duration")
_MASK = "•••"
_DUMMY = "secret"


def field_aliases(model: type[BaseModel]) -> dict[str, FieldInfo]:
    """The fields of a model by their names in flow files."""
    return {field.alias or name: field for name, field in model.model_fields.items()}


# ---- settings that are evaluated for each message


def message_paths(model: type[BaseModel], tree: Tree, path: Path = ()) -> Iterator[Path]:
    """Where in a tree the model has a `MessageTemplate`, at any depth."""
    if isinstance(tree, located.Mapping):
        for name, field in field_aliases(model).items():
            if (value := tree.get(name)) is not None:
                yield from _marked(field.annotation, tuple(field.metadata), value, (*path, name))


def _marked(annotation: Any, metadata: tuple[Any, ...], tree: Tree, path: Path) -> Iterator[Path]:  # noqa: ANN401 - an annotation may be anything
    if _MARK in metadata:
        yield path
        return
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    if origin is Annotated:
        yield from _marked(arguments[0], arguments[1:], tree, path)
    elif origin in (Union, types.UnionType):
        yield from dict.fromkeys(found for part in arguments for found in _marked(part, (), tree, path))
    elif isinstance(tree, located.Sequence) and origin in (list, tuple) and arguments:
        for index, item in enumerate(tree.items):
            yield from _marked(arguments[0], (), item, (*path, index))
    elif isinstance(tree, located.Mapping) and origin is dict:
        for key, entry in tree.entries.items():
            yield from _marked(arguments[1], (), entry.value, (*path, key))
    elif isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield from message_paths(annotation, tree, path)


# ---- checks


def check_settings(node: DraftNode, secrets: Sequence[str], variables: Json, reader: Reader) -> None:
    """Report what is wrong with a node's settings as far as they are known without secrets."""
    if node.spec is None or node.settings_template is None:
        return
    value, unknown = _known_settings(node, secrets, variables, reader)
    for path, template in node.message_templates.items():
        _put(value, path, template)
    check_model(
        node.spec.settings, value, node.settings, reader, owner=node.spec.name, head=node.head,
        unknown=unknown, what=f"settings of {node.spec.name}",
    )  # fmt: skip


def _known_settings(
    node: DraftNode, secrets: Sequence[str], variables: Json, reader: Reader
) -> tuple[Json, frozenset[Path]]:
    """The settings with a dummy text for each secret, and the paths of values that are therefore unknown."""
    template = node.settings_template
    if template is None or template.constant:
        return to_json(node.settings), frozenset()
    everything = frozenset(expression.path for expression in template.expressions)
    if not node.settings_usable:
        return to_json(node.settings), everything
    secret = frozenset(
        expression.path for expression in template.expressions if _reads_secret(expression.node)
    )
    dummies: Json = dict.fromkeys(secrets, _DUMMY)
    message: Json = {"vars": variables, "secrets": dummies}
    try:
        value = template.evaluate(message, Environment(now_ns=time.time_ns, vars=variables))
    except ExpressionError as error:
        if not secret:
            reader.findings.append(error.finding)
        return to_json(node.settings), everything
    return copy.deepcopy(value), secret


def _reads_secret(node: ExpressionNode) -> bool:
    """Whether an expression may read secrets: it names them, or reads `$` by a key that is not plain."""
    for part in walk_expression(node):
        keys = path_of(part)
        if keys is not None and keys[0] == "$" and (len(keys) == 1 or keys[1] != "vars"):
            inside_vars = any(
                (path_of(outer) or ())[:2] == ("$", "vars")
                and outer.start <= part.start
                and part.end <= outer.end
                for outer in walk_expression(node)
            )
            if not inside_vars:
                return True
    return False


def check_model(
    model: type[BaseModel], value: Json, tree: Tree, reader: Reader, *, owner: str, head: Span,
    unknown: frozenset[Path], what: str, missing: str = "HR116",
) -> None:  # fmt: skip
    """Report what a pydantic model finds wrong with a value, each with its place in the tree.

    Args:
        owner: who requires what is missing.
        head: where something missing is reported if the tree has no keys.
        unknown: paths whose values are not known yet; nothing is said about them.
        what: what the value is, in messages.
        missing: the code for something required that is not there.
    """
    check = _Check(model, tree, owner, head, what, missing)
    try:
        model.model_validate(value)
    except ValidationError as error:
        for item in error.errors(include_url=False, include_context=False, include_input=False):
            path = _path_in(tree, item["loc"])
            if not any(path[: len(hidden)] == hidden for hidden in unknown if hidden):
                reader.findings.append(_finding(check, dict(item), path))


@dataclass(frozen=True, slots=True)
class _Check:
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
        hint = did_you_mean(name, keys)
        inside = f"`{_dotted(path[:-1])}`" if len(path) > 1 else check.what
        cure = "" if hint or not keys else f"it has {listed(keys)}"
        return Finding(
            "HR110", f"unknown key `{name}` in {inside}{hint}", _key_place(tree, path, head), cure=cure
        )
    if kind == "missing":
        inside = f"`{_dotted(path)}`" if path else check.owner
        return Finding(check.missing, f"`{name}` is required by {inside}", place)
    text = sentence(kind, item["msg"])
    if kind == "value_error" and any(words in item["msg"] for words in _DURATION_WORDS):
        return Finding("HR118", item["msg"].removeprefix("Value error, "), place)
    if not path and kind in {"value_error", "assertion_error"}:
        return Finding(check.missing, item["msg"].partition(", ")[2] or item["msg"], place)
    if kind == "value_error":
        message = item["msg"].removeprefix("Value error, ")
        return Finding("HR115", message if "`" in message else f"`{_dotted(path)}` {text}", place)
    return Finding("HR115", f"`{_dotted(path) or check.what}` {text}", place)


def _dotted(path: Path) -> str:
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


# ---- at the start of a flow


def resolve(node: Node, vars: Json, secrets: Mapping[str, str]) -> Settings:
    """Evaluate a node's settings and read them by the component's model.

    Args:
        node: a node of a loaded flow.
        vars: the flow's effective vars.
        secrets: the values of the secrets that the flow names.

    Raises:
        FlowError: a setting is wrong; with places, and never with the value of a secret.
    """
    message: Json = {"vars": vars, "secrets": dict(secrets)}
    environment = Environment(now_ns=time.time_ns, vars=vars)
    try:
        value = copy.deepcopy(node.settings.evaluate(message, environment))
    except ExpressionError as error:
        finding = error.finding
        masked = Finding(finding.code, _masked(finding.message, secrets), finding.span, cure=finding.cure)
        raise FlowError([masked]) from None  # the cause may show a secret
    for path, template in node.message_templates.items():
        _put(value, path, template)
    try:
        return node.spec.settings.model_validate(value)
    except ValidationError as error:
        findings = [
            _start_finding(node, dict(item), secrets)
            for item in error.errors(include_url=False, include_context=False, include_input=False)
        ]
    raise FlowError(findings)


def _start_finding(node: Node, item: dict[str, Any], secrets: Mapping[str, str]) -> Finding:
    loc = tuple(item["loc"])
    place = node.span
    for length in range(len(loc), 0, -1):
        if loc[:length] in node.settings_places:
            place = node.settings_places[loc[:length]]
            break
    text = _masked(sentence(item["type"], item["msg"]), secrets)
    if item["type"] == "missing":
        return Finding("HR116", f"`{loc[-1]}` is required by {node.spec.name}", place)
    if not loc:
        return Finding("HR116", text, place)
    if item["type"] == "value_error" and any(words in item["msg"] for words in _DURATION_WORDS):
        return Finding("HR118", text, place)
    return Finding("HR115", f"`{_dotted(loc)}` {text}", place)


def _masked(text: str, secrets: Mapping[str, str]) -> str:
    """The text without the values of secrets, whatever their length."""
    for value in sorted(filter(None, secrets.values()), key=len, reverse=True):
        text = text.replace(value, _MASK)
    return text


def _put(value: Json, path: Path, template: object) -> None:
    """Set the value at a path of a settings object in place."""
    part: Any = value
    for key in path[:-1]:
        part = part[key]
    part[path[-1]] = template
