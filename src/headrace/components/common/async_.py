"""common-module/async."""

from pydantic import Field

from headrace.sdk import Component, Context, Input, Message, Output, Settings, component

__all__ = ["Async"]


class AsyncSettings(Settings):
    """Settings of the async node."""

    max_concurrency: int = Field(100, ge=1)
    """How many of its messages are worked on at once in a run; the flow's `concurrency` bounds them, too."""


@component(
    "common-module/async",
    summary="Makes each message a task of its own.",
    settings=AsyncSettings,
    inputs=(Input("in", "any message"),),
    outputs=(Output("out", "the same message", detached=True),),
    transparent=True,
    chooses=False,
)
class Async(Component):
    """The sender goes on at once. When its task has committed, what follows runs in tasks of its own.

    They run in parallel; each is committed and tried again by itself.
    """

    def __init__(self, settings: AsyncSettings) -> None:
        super().__init__(settings)
        self.lane_limit = settings.max_concurrency

    def repeats(self, message: Message) -> bool:
        """It changes nothing: what it makes is a part of the task's outcome."""
        return True

    async def handle(self, message: Message, context: Context) -> None:
        """Pass the message on; it becomes a task when this task commits."""
        await context.emit("out", message)
