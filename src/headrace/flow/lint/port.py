"""Messages that come to a port without what it needs (HR144), and fields that a router never finds (HR145).

HR117 looks at messages that stand in the file, key by key. Here it is about what they hold once they have
crossed the edges.
"""

import types
import typing
from collections.abc import Iterator
from typing import Annotated, Any, Literal, Union

import msgspec
from msgspec.structs import replace
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from headrace.errors import Finding, Severity
from headrace.expr.shape import KINDS, Kind, ObjectShape, Shape
from headrace.flow.check import field_aliases
from headrace.flow.draft import DraftNode
from headrace.flow.field import Reader
from headrace.flow.lint.absence import cause_of, overlap
from headrace.flow.lint.view import ROUTER, View
from headrace.flow.shape.node import NO_ENTRY
from headrace.flow.tree import Broken, Mapping, Scalar, Sequence, Tree
from headrace.source import Span
from headrace.values import in_words

__all__ = ["check_fields", "check_ports"]

_TEXT_LIKE: frozenset[Kind] = frozenset(("text", "number", "boolean"))
_KINDS_OF: dict[type, frozenset[Kind]] = {
    str: frozenset(("text",)),
    int: _TEXT_LIKE,  # pydantic takes '5' for a number, and 1 and 'true' for true
    float: _TEXT_LIKE,
    bool: _TEXT_LIKE,
    list: frozenset(("array",)),
    dict: frozenset(("object",)),
    type(None): frozenset(("null",)),
}
_GUARDS = ("exists", "not_equals")
"""Operators of a router that are meant for members that may be missing."""


# ---- what a port needs


class _Message(msgspec.Struct, frozen=True):
    """A message on its way into a port.

    Attributes:
        model: what the port takes.
        tree: what builds it, where that stands in the file.
        span: where something missing is reported.
    """

    node: DraftNode
    model: type[BaseModel]
    shape: Shape
    tree: Tree | None
    span: Span

    @property
    def called(self) -> str:
        return f"the message to {self.node.component} `{self.node.name}`"


def check_ports(view: View, reader: Reader) -> None:
    """HR144: what comes to a port lacks a member that it needs, or has one of a kind that it never takes."""
    for message in _messages(view):
        if isinstance(message.tree, Broken):
            continue  # it could not be read, which is reported
        if not message.shape.may_be("object"):
            told = f"{message.called} is {in_words(message.shape.kinds)}, not an object"
            reader.error("HR144", told, message.span)
            continue
        for name, field in field_aliases(message.model).items():
            _check_member(message, name, field, view, reader)


def _messages(view: View) -> Iterator[_Message]:
    """What is known of the messages that come to ports with a model, over each edge by itself."""
    shapes = view.sure_shapes
    for node in view.draft.nodes.values():
        for position, port in enumerate(node.spec.inputs if node.spec else ()):
            if port.message is None or not _is_plain(port.message):
                continue
            if position == 0 and node.input_tree is not None:
                entered = shapes.entered.get(node.name, {}).get(port.name, NO_ENTRY).message
                if not entered.is_nothing:
                    yield _Message(node, port.message, entered, node.input_tree, node.input_tree.span)
                continue
            for edge, target in view.arriving.get(node.name, ()):
                entry = shapes.crossings.get(edge.index, NO_ENTRY).message
                if target.port == port.name and not entry.is_nothing:
                    yield _Message(node, port.message, entry, edge.data_tree, edge.span)


def _is_plain(model: type[BaseModel]) -> bool:
    """Whether fields take just what their types say."""
    changes = ("coerce_numbers_to_str", "val_json_bytes", "arbitrary_types_allowed")
    has_own = bool(model.__pydantic_decorators__.model_validators)
    return not has_own and not any(model.model_config.get(name) for name in changes)


def _check_member(message: _Message, name: str, field: FieldInfo, view: View, reader: Reader) -> None:
    known = message.shape.object
    if known is None:
        return
    tree = message.tree if isinstance(message.tree, Mapping) else None
    member = known.members.get(name)
    if member is None:
        # HR117 says it of a message that stands in the file as a mapping.
        if tree is None and known.rest is None and known.certain and field.is_required():
            cause = cause_of(name, known, message.span, view.sure_shapes)
            told = f"`{name}` is required by {message.called}, but never set{cause.text}"
            reader.findings.append(Finding("HR144", told, message.span, also=cause.also))
        return
    taken = _taken(field, name, message.model)
    if member.optional or member.shape.is_nothing or member.shape.may_be(*taken):
        return
    value = tree.get(name) if tree is not None else None
    if tree is not None and (value is None or not _is_built(value)):
        return  # as it stands in the file, HR117 and HR115 have seen it
    span = value.span if isinstance(value, Scalar) else message.span
    if member.shape.is_null and _escalated(span, reader):
        return
    told = f"`{name}` of {message.called} must be {in_words(taken)}, but it is {in_words(member.shape.kinds)}"
    reader.error("HR144", told, span)


def _escalated(span: Span, reader: Reader) -> bool:
    """Make an error of the warning that a value can only be null, since here it must not be."""
    for index, finding in enumerate(reader.findings):
        if finding.code == "HR136" and overlap(finding.span, span):
            reader.findings[index] = replace(finding, severity=Severity.ERROR)
            return True
    return False


def _is_built(tree: Tree) -> bool:
    """Whether a value is one expression, or has some in it."""
    return isinstance(tree, Scalar) and isinstance(tree.value, str) and "{{" in tree.value


def _taken(field: FieldInfo, name: str, model: type[BaseModel]) -> frozenset[Kind]:
    """The kinds of values that a field may take; all where that is not plain."""
    validators = model.__pydantic_decorators__.field_validators.values()
    own = field.alias and {key for key, each in model.model_fields.items() if (each.alias or key) == name}
    if any(
        each.info.mode != "after" and ({"*", *(own or {name})} & set(each.info.fields)) for each in validators
    ):
        return KINDS
    return frozenset(
        _kinds(Annotated[field.annotation, *field.metadata] if field.metadata else field.annotation)
    )


def _kinds(annotation: Any) -> Iterator[Kind]:  # noqa: ANN401 - an annotation may be anything
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    if origin is Annotated:
        # A constraint keeps the kind; what has a say in the core schema may make anything of anything.
        is_plain = not any(hasattr(part, "__get_pydantic_core_schema__") for part in arguments[1:])
        yield from _kinds(arguments[0]) if is_plain else KINDS
    elif origin in (Union, types.UnionType):
        for part in arguments:
            yield from _kinds(part)
    elif origin is Literal:
        for part in arguments:
            yield from _KINDS_OF.get(type(part), KINDS)
    elif isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield "object"
    else:
        yield from _KINDS_OF.get(origin or annotation, KINDS)


# ---- fields of a router


def check_fields(view: View, reader: Reader) -> None:
    """HR145: a rule of a router compares a member that no message has."""
    for node in view.of(ROUTER):
        entered = view.sure_shapes.entered.get(node.name, {}).get("in", NO_ENTRY).message
        rules = node.settings.get("rules")
        for rule in rules.items if isinstance(rules, Sequence) else ():
            if isinstance(rule, Mapping) and not entered.is_nothing:
                _check_rule(rule, entered, view, reader)


def _check_rule(rule: Mapping, entered: Shape, view: View, reader: Reader) -> None:
    field, operator, value = rule.get("field"), rule.get("operator"), rule.get("value")
    if not isinstance(field, Scalar) or not isinstance(field.value, str) or "{{" in field.value:
        return
    looks_for_null = isinstance(value, Scalar) and value.value is None
    if value is None or looks_for_null or (isinstance(operator, Scalar) and operator.value in _GUARDS):
        return
    found = _lacking(entered, field.value)
    if found is not None:
        path = field.value.removeprefix("$.").partition(f".{found[0]}")[0]
        owner = "" if path == found[0] or path.startswith(f"{found[0]}.") else path
        cause = cause_of(found[0], found[1], field.span, view.sure_shapes, owner)
        message = f"`{field.value}` is never set on this path{cause.text}"
        warning = Finding("HR145", message, field.span, Severity.WARNING, cure=cause.cure, also=cause.also)
        reader.findings.append(warning)


def _lacking(shape: Shape, path: str) -> tuple[str, ObjectShape] | None:
    """The first name of a dotted path that cannot be there, and the object that lacks it."""
    whole = shape.object
    if whole is None or whole.rest is not None or path in whole.members:
        return None
    for name in path.removeprefix("$.").split("."):
        if not shape.may_be("object") or shape.may_be("array"):
            return None
        known = shape.object
        if known is None:
            return None
        member = known.members.get(name)
        if member is None:
            return (name, known) if known.rest is None and known.certain else None
        shape = member.shape
    return None
