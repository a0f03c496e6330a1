"""common-module/modify."""

from headrace.sdk import Component, Context, Input, Message, Output, Settings, component

__all__ = ["Modify"]


class ModifySettings(Settings):
    """The component has no settings."""


@component(
    "common-module/modify",
    summary="Passes on the message that the edge's `data` or the node's `input` built.",
    settings=ModifySettings,
    inputs=(Input("in", "any message"),),
    outputs=(Output("out", "the same message", emits=lambda arrival: arrival.message),),
    chooses=False,
)
class Modify(Component):
    """A place to shape a message: all its work is in the expressions that lead to it."""

    def repeats(self, message: Message) -> bool:
        """It changes nothing."""
        return True

    async def handle(self, message: Message, context: Context) -> None:
        """Pass the message on."""
        await context.emit("out", message)
