"""Which settings are evaluated for each message, by the path of a setting alone."""

import types
import typing
from typing import Annotated, Any, Union

from pydantic import BaseModel

from headrace.flow.check import field_aliases
from headrace.flow.tree import Path
from headrace.sdk import MessageTemplate

__all__ = ["is_per_message"]

_MARK = typing.get_args(MessageTemplate)[1]


def is_per_message(model: type[BaseModel], path: Path) -> bool:
    """Whether the setting at a path, or one around it, is typed `MessageTemplate`."""
    if not path:
        return False
    field = field_aliases(model).get(str(path[0]))
    return field is not None and _is_marked(field.annotation, tuple(field.metadata), path[1:])


def _is_marked(annotation: Any, metadata: tuple[Any, ...], path: Path) -> bool:  # noqa: ANN401 - an annotation may be anything
    if _MARK in metadata:
        return True
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    if origin is Annotated:
        return _is_marked(arguments[0], arguments[1:], path)
    if origin in (Union, types.UnionType):
        return any(_is_marked(part, (), path) for part in arguments)
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return is_per_message(annotation, path)
    if path and origin in (list, tuple, dict) and arguments:
        return _is_marked(arguments[-1] if origin is dict else arguments[0], (), path[1:])
    return False
