"""Models of settings and of messages, and the types that flow files write in a way of their own."""

import re
from collections.abc import Sequence
from typing import Annotated, Any, ClassVar, TypeVar

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    GetJsonSchemaHandler,
    ValidationError,
    WithJsonSchema,
)
from pydantic.alias_generators import to_camel
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

from headrace.errors import PermanentError
from headrace.expr import Template
from headrace.sdk.description import descriptions
from headrace.values import Message, kind

__all__ = [
    "Duration",
    "JsonValue",
    "MessageModel",
    "MessageTemplate",
    "Settings",
    "Size",
    "describe_errors",
    "duration_text",
    "in_units",
    "parse_duration",
    "parse_message",
    "parse_size",
]

_UNIT_S = {
    "ns": 1e-9,
    "us": 1e-6,
    "µs": 1e-6,
    "ms": 1e-3,
    "s": 1.0,
    "m": 60.0,
    "h": 3600.0,
    "d": 86400.0,
}
_MS = (("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1000), ("ms", 1))
_UNIT_WORDS = {
    **dict.fromkeys(("ms", "msec", "msecs", "millis", "millisecond", "milliseconds"), "ms"),
    **dict.fromkeys(("s", "sec", "secs", "second", "seconds"), "s"),
    **dict.fromkeys(("m", "min", "mins", "minute", "minutes"), "m"),
    **dict.fromkeys(("h", "hr", "hrs", "hour", "hours"), "h"),
    **dict.fromkeys(("d", "day", "days"), "d"),
}
_DURATION = re.compile(r"(\d+(?:\.\d+)?)(ns|us|µs|ms|s|m|h|d)")
_UNIT_BYTES = {
    "B": 1,
    "kB": 10**3,
    "KB": 10**3,
    "MB": 10**6,
    "GB": 10**9,
    "KiB": 2**10,
    "MiB": 2**20,
    "GiB": 2**30,
}
_SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*(B|kB|KB|MB|GB|KiB|MiB|GiB)")


def parse_duration(value: object) -> float:
    """A duration in seconds from text such as `500ms`, `60s`, `1h30m` or `1d` (24 hours); `0` needs no unit.

    Raises:
        ValueError: with what to write instead.
    """
    if isinstance(value, int | float) and not isinstance(value, bool):
        if value == 0:
            return 0.0
        raise ValueError(f"`{value}` has no unit; write `{value}s`")
    if not isinstance(value, str):
        raise ValueError("must be a duration such as `30s`")  # noqa: TRY004 - pydantic wants ValueError
    text = value.strip()
    if text == "0":
        return 0.0
    if re.fullmatch(r"\d+(\.\d+)?", text):
        raise ValueError(f"`{text}` has no unit; write `{text}s`")
    if not text or _DURATION.sub("", text):
        raise ValueError(f"`{value}` is no duration; {_duration_cure(text)}")
    return sum(float(number) * _UNIT_S[unit] for number, unit in _DURATION.findall(text))


def duration_text(seconds: float) -> str:
    """`30s`, `5m`, `500ms`; the largest unit that divides it."""
    return in_units(round(seconds * 1000), _MS)


def in_units(amount: int, units: Sequence[tuple[str, int]]) -> str:
    """An amount in the first of the units, the largest first, that divides it."""
    for unit, size in units:
        if amount and amount % size == 0:
            return f"{amount // size}{unit}"
    return "0"


def _duration_cure(text: str) -> str:
    """How a duration is written that was written otherwise."""
    words = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([A-Za-z]+)", text)
    if words and words[2] in ("w", "week", "weeks"):
        return f"write `{float(words[1]) * 7:g}d`"
    if words and (unit := _UNIT_WORDS.get(words[2].lower())):
        return f"write `{words[1]}{unit}`"
    if len(text.split()) in (5, 6) and "*" in text:
        return "a cron schedule is for `common-module/cron`"
    return "write it like `500ms`, `60s`, `5m` or `1h30m`"


def parse_size(value: object) -> int:
    """A number of bytes from an integer or text such as `64MiB` or `10kB`.

    Raises:
        ValueError: with what to write instead.
    """
    if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
        return value
    match = _SIZE.fullmatch(value.strip()) if isinstance(value, str) else None
    if match is None:
        raise ValueError(f"`{value}` is no size; write it like `64MiB` or `10kB`")
    return int(float(match[1]) * _UNIT_BYTES[match[2]])


Duration = Annotated[
    float,
    BeforeValidator(parse_duration),
    WithJsonSchema(
        {
            "type": "string",
            "format": "duration",
            "pattern": r"^\s*(0|([0-9]+(\.[0-9]+)?(ns|us|µs|ms|s|m|h|d))+)\s*$",
            "examples": ["500ms", "60s", "5m", "1h30m"],
        }
    ),
]
"""Seconds, written with a unit: `500ms`, `60s`, `5m`, `1h30m`, `1d`."""

Size = Annotated[
    int,
    BeforeValidator(parse_size),
    WithJsonSchema(
        {
            "type": ["string", "integer"],
            "format": "size",
            "minimum": 0,
            "pattern": r"^\s*[0-9]+(\.[0-9]+)?\s*(B|kB|KB|MB|GB|KiB|MiB|GiB)\s*$",
            "examples": ["64MiB", 1048576],
        }
    ),
]
"""Bytes, written `64MiB`, `10kB` or as a bare number."""


JsonValue = Annotated[Any, WithJsonSchema({})]
"""Any JSON value, as it came: not copied and not looked into."""


def _is_template(value: object) -> object:
    if not isinstance(value, Template):
        raise ValueError("must be an expression, `{{…}}`")  # noqa: TRY004 - pydantic wants ValueError
    return value


MessageTemplate = Annotated[
    Any,
    BeforeValidator(_is_template),
    WithJsonSchema(
        {
            "type": "string",
            "format": "expression",
            "pattern": r"\{\{",
            "description": "an expression over the message, `{{…}}`",
        }
    ),
]
"""A setting that is evaluated for each message: arrives as a compiled `Template`, with `$` the message.

The loader finds such fields by this annotation and leaves them unevaluated.
"""


class _Described(BaseModel):
    """Gives its JSON Schema the descriptions of its fields."""

    @classmethod
    def __get_pydantic_json_schema__(
        cls, core_schema: CoreSchema, handler: GetJsonSchemaHandler, /
    ) -> JsonSchemaValue:
        schema = handler(core_schema)
        properties = handler.resolve_ref_schema(schema).get("properties", {})
        for name, text in descriptions(cls).items():
            alias = cls.model_fields[name].alias
            key = alias if alias in properties else name
            if key in properties:
                properties[key]["description"] = text
        return schema


class Settings(_Described):
    """Base of a component's settings: immutable, camelCase in files, unknown keys refused.

    Every field has a description (it is the documentation). Fields that hold a secret are typed
    `pydantic.SecretStr`, so that no representation shows them.
    """

    model_config: ClassVar[ConfigDict] = ConfigDict(
        frozen=True,
        extra="forbid",
        alias_generator=to_camel,
        validate_by_alias=True,
        validate_by_name=False,
        arbitrary_types_allowed=True,
        hide_input_in_errors=True,
    )


class MessageModel(_Described):
    """Base of the messages that a port takes: camelCase, further members are ignored."""

    model_config: ClassVar[ConfigDict] = ConfigDict(
        frozen=True,
        extra="ignore",
        alias_generator=to_camel,
        validate_by_alias=True,
        validate_by_name=False,
        hide_input_in_errors=True,
    )


Model = TypeVar("Model", bound=BaseModel)


def parse_message(model: type[Model], message: Message) -> Model:
    """Read a message by its model.

    Raises:
        PermanentError: the message does not fit; names each member that is wrong.
    """
    if not isinstance(message, dict):
        raise PermanentError(f"the message must be an object, but it is {kind(message)}", code="HR301")
    try:
        return model.model_validate(message)
    except ValidationError as error:
        raise PermanentError("; ".join(describe_errors(error)), code="HR301") from error


def describe_errors(error: ValidationError) -> list[str]:
    """Pydantic's errors as sentences for people, a line each, without the values (they may be secret)."""
    lines = []
    for item in error.errors(include_url=False, include_context=False, include_input=False):
        path = ".".join(map(str, item["loc"]))
        lines.append(f"`{path}` {sentence(item['type'], item['msg'])}" if path else item["msg"])
    return lines


def sentence(kind_of_error: str, message: str) -> str:
    """One of pydantic's messages, as the end of a sentence that begins with the field's name."""
    known = {
        "missing": "is required",
        "extra_forbidden": "is not known",
        "string_type": "must be text",
        "int_type": "must be a whole number",
        "int_parsing": "must be a whole number",
        "int_from_float": "must be a whole number",
        "float_type": "must be a number",
        "bool_type": "must be true or false",
        "bool_parsing": "must be true or false",
        "list_type": "must be an array",
        "dict_type": "must be an object",
        "model_type": "must be an object",
        "model_attributes_type": "must be an object",
    }
    if kind_of_error in known:
        return known[kind_of_error]
    for pattern, words in _BOUNDS:
        message = pattern.sub(words, message)
    text = message.removeprefix("Value error, ").removeprefix("Input ")
    return text[:1].lower() + text[1:]


_BOUNDS = (  # pydantic's words, ours
    (re.compile(r"^Input should be greater than or equal to (\S+)$"), r"must be \1 or more"),
    (re.compile(r"^Input should be less than or equal to (\S+)$"), r"must be \1 or less"),
    (re.compile(r"^Input should be greater than (\S+)$"), r"must be more than \1"),
    (re.compile(r"^Input tag ('.*') found using '(.*)' does not .*: (.*)$"), r"has no `\2` \1; there are \3"),
    (re.compile(r"^Unable to extract tag using discriminator '(.*)'$"), r"needs a `\1`"),
    (re.compile(r"^(?:String|List|Value) should have at least 1 (?:character|item).*$"), "must not be empty"),
    (re.compile(r"^Input should be "), "must be "),
)
