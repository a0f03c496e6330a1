"""common-module/state."""

from typing import Literal

from pydantic import Field

from headrace.sdk import (
    Component,
    Context,
    Input,
    JsonValue,
    Message,
    MessageModel,
    Output,
    PermanentError,
    Settings,
    component,
    parse_message,
)

__all__ = ["State"]

_LONGEST_KEY = 500


class StateSettings(Settings):
    """Settings of the state node."""

    key: str = Field("", max_length=_LONGEST_KEY)
    """What the value is kept under, in this flow; where it is empty, messages bring it."""
    operation: Literal["get", "set", "delete"] = "get"
    """`get` reads the value, `set` keeps another, `delete` takes it away."""


class StateInput(MessageModel):
    """What the state node takes."""

    key: str = Field("", max_length=_LONGEST_KEY)
    """In place of the setting."""
    value: JsonValue = None
    """With `set`: what is kept."""


@component(
    "common-module/state",
    summary="Keeps a value from run to run.",
    settings=StateSettings,
    inputs=(Input("in", "`{key, value}`", StateInput),),
    outputs=(
        Output("out", "the base value plus `value`: what is kept now, null if nothing", adds="value"),
        Output("error", "the base value plus `error` and `errorDetail`", error=True),
    ),
    chooses=False,
)
class State(Component):
    """Values belong to the flow, by key: all its nodes and runs see the same ones.

    What a task keeps becomes durable when the task commits, with all else that it did, or not at all; until
    then it alone sees it. Of two tasks that set one key at once, the last to commit wins. A database that
    the flow writes to anyway may be the better place: there the value commits with the rows.
    """

    settings: StateSettings

    def repeats(self, message: Message) -> bool:
        """What is kept is a part of the task's outcome."""
        return True

    async def handle(self, message: Message, context: Context) -> None:
        """Read, keep or take away the value, and pass it on."""
        request = parse_message(StateInput, message)
        key = request.key or self.settings.key
        if not key:
            raise PermanentError(
                "`key` is missing: set it in the node's settings or its `input`", code="HR301"
            )
        operation = self.settings.operation
        if operation == "set" and "value" not in request.model_fields_set:
            raise PermanentError(
                "`value` is missing: shape the message as `{value}` by `input`", code="HR301"
            )
        if operation != "get":
            context.set_state(key, request.value if operation == "set" else None)
        await context.add_result("out", await context.get_state(key))
