"""common-module/debug."""

import logging
from typing import Literal

from headrace.sdk import Component, Context, Input, Message, Output, Settings, component
from headrace.values import encode_json

__all__ = ["Debug"]

_log = logging.getLogger("headrace.debug")


class DebugSettings(Settings):
    """Settings of the debug node."""

    level: Literal["debug", "info", "warning", "error"] = "info"
    """Level of the log line."""


@component(
    "common-module/debug",
    summary="Logs each message and passes it on.",
    settings=DebugSettings,
    inputs=(Input("in", "any message"),),
    outputs=(Output("out", "the same message"),),
    transparent=True,
    chooses=False,
)
class Debug(Component):
    """Writes node and message, as JSON, to the log `headrace.debug`: at most 4,000 characters a line."""

    settings: DebugSettings

    async def handle(self, message: Message, context: Context) -> None:
        """Log the message, then pass it on."""
        level = getattr(logging, self.settings.level.upper())
        if _log.isEnabledFor(level):
            text = encode_json(message).decode()
            shown = text if len(text) <= 4000 else f"{text[:4000]}…"
            _log.log(level, "%s: %s", context.node, shown, extra={"node": context.node})
        await context.emit("out", message)
