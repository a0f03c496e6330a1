"""common-module/router."""

from typing import Any, Literal, Self

from pydantic import Field, PrivateAttr, model_validator

from headrace.components.common.comparison import Comparison, compare
from headrace.sdk import (
    Component,
    Context,
    Input,
    Json,
    JsonValue,
    Message,
    MessageTemplate,
    Output,
    Settings,
    component,
)

__all__ = ["Router"]


class RouterRule(Settings):
    """One rule: a comparison of a field, or an expression."""

    name: str = ""
    """For people who read the file."""
    field: str = ""
    """The member that is compared; dots go into objects: `customer.country`, `items.0.id`."""
    operator: Literal[
        "equals",
        "not_equals",
        "contains",
        "starts_with",
        "ends_with",
        "greater_than",
        "less_than",
        "matches",
        "exists",
        "in",
    ] = "equals"
    """How the field is compared with `value`; `true` equals `"true"`."""
    value: JsonValue = None
    """What the field is compared with; an array for `in`, a regular expression for `matches`."""
    when: MessageTemplate = None
    """Instead of field, operator and value: an expression that is true where the rule matches."""
    output_port: str = Field(min_length=1)
    """Where messages go that match."""
    _comparison: Comparison | None = PrivateAttr(default=None)

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        if (self.when is None) == (not self.field):
            raise ValueError("give either `field` or `when`")
        if self.when is None:
            self._comparison = compare(self.operator, self.value)
        return self

    def matches(self, message: Message, context: Context) -> bool:
        """Whether the rule matches a message.

        Raises:
            PermanentError: the field's value cannot be compared so.
        """
        if self._comparison is not None:
            return self._comparison(_field(message, self.field), self.field)
        return context.holds(self.when, message)


class RouterSettings(Settings):
    """Settings of the router."""

    rules: list[RouterRule] = Field(default_factory=list)
    """Tried in order."""
    default_port: str = "default"
    """Where messages go that no rule matches."""
    stop_on_match: bool = True
    """Whether the first rule that matches takes the message; else every rule that matches gets it."""


def _ports(settings: dict[str, Any]) -> tuple[Output, ...]:
    rules = settings.get("rules")
    names = (
        [rule.get("outputPort") for rule in rules if isinstance(rule, dict)]
        if isinstance(rules, list)
        else []
    )
    names.append(settings.get("defaultPort", "default"))
    return tuple(Output(name, "the same message") for name in dict.fromkeys(names) if isinstance(name, str))


@component(
    "common-module/router",
    summary="Sends each message where the first matching rule says.",
    settings=RouterSettings,
    inputs=(Input("in", "any message"),),
    dynamic_outputs=_ports,
    transparent=True,
)
class Router(Component):
    """Compares fields of the message; its outputs are the rules' `outputPort` names and `defaultPort`."""

    settings: RouterSettings

    def repeats(self, message: Message) -> bool:
        """It changes nothing."""
        return True

    async def handle(self, message: Message, context: Context) -> None:
        """Pass the message on to the port of the rule that matches."""
        has_matched = False
        for rule in self.settings.rules:
            if rule.matches(message, context):
                has_matched = True
                await context.emit(rule.output_port, message)
                if self.settings.stop_on_match:
                    return
        if not has_matched:
            await context.emit(self.settings.default_port, message)


def _field(message: Message, path: str) -> Json:
    """A member by its dotted path; a member whose own name has the dots comes first; else null."""
    if isinstance(message, dict) and path in message:
        return message[path]
    value = message
    for name in path.removeprefix("$.").split("."):
        if isinstance(value, dict):
            value = value.get(name)
        elif isinstance(value, list) and name.isdecimal() and int(name) < len(value):
            value = value[int(name)]
        else:
            return None
    return value
