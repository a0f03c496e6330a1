"""Settings of nodes: checked when a flow is loaded as far as they are known, evaluated when it starts."""

import copy
import time
import types
import typing
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Annotated, Any, Union

from pydantic import BaseModel, ValidationError

from headrace.errors import ExpressionError, Finding, FlowError
from headrace.expr import Environment
from headrace.expr.reading import Reading
from headrace.flow import tree as located
from headrace.flow.check import check_model, dotted, field_aliases, is_about_duration
from headrace.flow.draft import DraftNode, Path
from headrace.flow.field import Reader
from headrace.flow.model import Node
from headrace.flow.tree import Tree, to_json
from headrace.sdk import MessageTemplate, Settings
from headrace.sdk.settings import sentence
from headrace.values import Json

__all__ = ["check_settings", "is_per_message", "message_paths", "resolve"]

_MARK = typing.get_args(MessageTemplate)[1]
_MASK = "•••"
_DUMMY = "secret"


# ---- settings that are evaluated for each message


def message_paths(model: type[BaseModel], tree: Tree) -> Iterator[Path]:
    """Where in a tree the model has a `MessageTemplate`, at any depth."""
    return _marked([model], tree, ())


def is_per_message(model: type[BaseModel], path: Path) -> bool:
    """Whether the setting at a path, or one around it, is typed `MessageTemplate`."""
    kinds: list[Any] = [model]
    for key in path:
        kinds = [below for kind in kinds for below in _below(kind, key)]
        if _MARK in kinds:
            return True
    return False


def _marked(kinds: list[Any], tree: Tree, path: Path) -> Iterator[Path]:
    if _MARK in kinds:
        yield path
        return
    parts: Iterable[tuple[str | int, Tree]] = ()
    if isinstance(tree, located.Mapping):
        parts = ((key, entry.value) for key, entry in tree.entries.items())
    elif isinstance(tree, located.Sequence):
        parts = enumerate(tree.items)
    for key, part in parts:
        if below := [found for kind in kinds for found in _below(kind, key)]:
            yield from _marked(below, part, (*path, key))


def _below(kind: Any, key: str | int) -> Iterator[Any]:  # noqa: ANN401 - a type may be anything
    """What a type has at a key: types, or `_MARK`."""
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        field = field_aliases(kind).get(str(key))
        if field is not None:
            yield from _opened(field.annotation, field.metadata)
        return
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if arguments and origin is dict and isinstance(key, str):
        yield from _opened(arguments[1])
    elif arguments and origin in (list, tuple) and isinstance(key, int):
        yield from _opened(arguments[0])


def _opened(annotation: Any, metadata: Sequence[Any] = ()) -> Iterator[Any]:  # noqa: ANN401 - likewise
    """The alternatives of a type, without what is noted beside them."""
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    if _MARK in metadata:
        yield _MARK
    elif origin is Annotated:
        yield from _opened(arguments[0], arguments[1:])
    elif origin in (Union, types.UnionType):
        for part in arguments:
            yield from _opened(part)
    else:
        yield annotation


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
    # Whatever is read from `$` beside vars may be a secret, a computed key as well.
    secret = frozenset(
        reading.at
        for reading in template.readings
        if (reading.keys[0] == "$" and reading.keys[1:2] != ("vars",)) or _reads_no_var(reading, variables)
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


def _reads_no_var(reading: Reading, variables: Json) -> bool:
    """Whether a reading is of a var that does not exist, which is reported by itself."""
    below = reading.keys[1:] if reading.keys[0] == "$vars" else reading.keys[2:]
    return bool(below) and isinstance(variables, dict) and below[0] not in variables


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
        return Finding("HR116" if "is required" in text else "HR115", text, place)
    if is_about_duration(item["msg"]):
        return Finding("HR118", text, place)
    return Finding("HR115", f"`{dotted(loc)}` {text}", place)


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
