"""common-module/delay."""

from pydantic import Field

from headrace.sdk import Component, Context, Duration, Input, Message, Output, Settings, component

__all__ = ["Delay"]


class DelaySettings(Settings):
    """Settings of the delay."""

    duration: Duration = Field(ge=0)
    """How long each message is held back."""


@component(
    "common-module/delay",
    summary="Holds each message back for a time.",
    settings=DelaySettings,
    inputs=(Input("in", "any message"),),
    outputs=(Output("out", "the same message"),),
    transparent=True,
    chooses=False,
)
class Delay(Component):
    """Waits within the task; a task that is tried again waits again."""

    settings: DelaySettings

    async def handle(self, message: Message, context: Context) -> None:
        """Wait, then pass the message on."""
        await context.clock.sleep(self.settings.duration)
        await context.emit("out", message)
