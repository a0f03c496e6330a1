"""privacy-module/redact."""

from pydantic import Field

from headrace.sdk import (
    Component,
    Context,
    Input,
    Json,
    JsonValue,
    Message,
    MessageModel,
    Output,
    PermanentError,
    Settings,
    component,
)

__all__ = ["Redact"]


class RedactSettings(Settings):
    """Settings of the redact node."""

    fields: list[str] = Field(min_length=1)
    """The members of each record that are hidden."""
    keep: int = Field(0, ge=0)
    """How many characters at the end stay readable."""


class RedactInput(MessageModel):
    """What redact takes."""

    records: list[dict[str, JsonValue]]
    """The records."""


@component(
    "privacy-module/redact",
    summary="Hides members of records.",
    settings=RedactSettings,
    inputs=(Input("in", "`{records}`", message=RedactInput),),
    outputs=(
        Output("out", "the message, its records without the hidden values"),
        Output("error", "the message plus `error` and `errorDetail`", error=True),
    ),
)
class Redact(Component):
    """Replaces each character by `*`, but for the last `keep`. Null and absent members stay as they are."""

    settings: RedactSettings

    async def handle(self, message: Message, context: Context) -> None:
        """Hide the members and pass the message on."""
        if not isinstance(message, dict) or not isinstance(records := message.get("records"), list):
            raise PermanentError("`records` must be an array of objects", code="PRIVACY1")
        redacted: list[Json] = [self._redact(record) for record in records]
        context.count("records", len(redacted))
        await context.emit("out", {**message, "records": redacted})

    def _redact(self, record: Json) -> dict[str, Json]:
        if not isinstance(record, dict):
            raise PermanentError("`records` must be an array of objects", code="PRIVACY1")
        hidden = {name: self._hide(record[name], name) for name in self.settings.fields if name in record}
        return {**record, **hidden}

    def _hide(self, value: Json, name: str) -> Json:
        if value is None:
            return None
        if not isinstance(value, str):
            raise PermanentError(f"`{name}` must be text to be hidden", code="PRIVACY2")
        shown = min(self.settings.keep, len(value) // 2)
        return "*" * (len(value) - shown) + value[len(value) - shown :]
