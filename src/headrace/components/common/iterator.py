"""common-module/iterator."""

from collections.abc import Sequence

import msgspec
from pydantic import Field

from headrace.sdk import (
    Arrival,
    Component,
    Context,
    Emission,
    Input,
    Json,
    JsonValue,
    Message,
    MessageModel,
    Output,
    PermanentError,
    Settings,
    component,
    for_each,
    with_error,
)
from headrace.sdk.shape import ANY, Shape, array_of, join_all, of
from headrace.values import described

__all__ = ["Iterator"]

_MAX_ERRORS = 1000
_CHUNK = 1000
"""Members of a durable fan-out that one task makes; more are made by further tasks (rule 7)."""


class IteratorSettings(Settings):
    """Settings of the iterator."""

    batch_size: int = Field(1, ge=1)
    """How many items make a batch."""
    emit_index: bool = True
    """Whether items carry `index` and batches `startIndex`."""
    emit_progress: bool = True
    """Whether items and batches carry `progress`, in percent."""
    continue_on_error: bool = True
    """Whether a failure below one batch is collected and the next goes on; else it fails the whole task."""
    concurrency: int = Field(1, ge=1)
    """How many batches are worked on at once, within one task."""
    durable: bool = False
    """Whether each batch is a task of its own: committed and tried again by itself. `continueOnError` and
    `concurrency` do not apply then."""


class IteratorInput(MessageModel):
    """What the iterator takes."""

    array: list[JsonValue]
    """The items."""
    context: JsonValue = None
    """Handed on with each item and batch, and with `done`."""


class _Tally(msgspec.Struct):
    """What came of the batches of one array."""

    processed: int = 0
    failed: int = 0
    errors: list[JsonValue] = msgspec.field(default_factory=list)

    def add(self, emission: Emission, batch_number: int) -> None:
        self.failed += emission.error_count
        for error in emission.errors:
            if len(self.errors) < _MAX_ERRORS:
                self.errors.append({"error": error.error, "batchNum": batch_number, "handled": error.handled})


def _item_shape(arrival: Arrival) -> Shape:
    return arrival.object(
        {
            "item": _items(arrival),
            "total": of("number"),
            "isFirst": of("boolean"),
            "isLast": of("boolean"),
            "context": arrival.member("context"),
            **arrival.flagged("emitIndex", "index", of("number"), default=True),
            **arrival.flagged("emitProgress", "progress", of("number"), default=True),
        }
    )


def _batch_shape(arrival: Arrival) -> Shape:
    return arrival.object(
        {
            "items": array_of(_items(arrival)),
            "batchNum": of("number"),
            "totalBatches": of("number"),
            "total": of("number"),
            "isLastBatch": of("boolean"),
            "context": arrival.member("context"),
            **arrival.flagged("emitIndex", "startIndex", of("number"), default=True),
            **arrival.flagged("emitProgress", "progress", of("number"), default=True),
        }
    )


def _done_shape(arrival: Arrival) -> Shape:
    error = {"error": of("text"), "batchNum": of("number"), "handled": of("boolean")}
    return arrival.object(
        {
            "context": arrival.member("context"),
            "total": of("number"),
            "totalBatches": of("number"),
            "processed": of("number"),
            "failed": of("number"),
            "errors": array_of(arrival.object(error)),
        }
    )


def _error_shape(arrival: Arrival) -> Shape:
    """What failed was a batch, an item, or the message itself, which then is what entered."""
    failed = (arrival.base, _item_shape(arrival), _batch_shape(arrival))
    return join_all(with_error(shape) for shape in failed)


def _items(arrival: Arrival) -> Shape:
    """The shape of the array's items; without an array the iterator fails."""
    return arrival.member("array").only("array").items or ANY


@component(
    "common-module/iterator",
    summary="Emits the items of an array one by one or in batches.",
    settings=IteratorSettings,
    inputs=(Input("in", "`{array, context}`", message=IteratorInput),),
    outputs=(
        Output("item", "`{item, index, total, progress, isFirst, isLast, context}`", emits=_item_shape),
        Output(
            "batch",
            "`{items, batchNum, totalBatches, startIndex, total, progress, isLastBatch, context}`",
            emits=_batch_shape,
        ),
        Output(
            "done",
            "`{context, total, processed, failed, totalBatches, errors}`, once, at the end",
            emits=_done_shape,
        ),
        Output(
            "error",
            "a batch or item that failed, plus `error` and `errorDetail`",
            error=True,
            emits=_error_shape,
        ),
    ),
    detached_when="durable",
    chooses=False,
)
class Iterator(Component):
    """Goes through an array in order; the next batch is emitted when all below the last has finished.

    With both `item` and `batch` wired, the items of a batch go first, then the batch. `done` counts the
    items of those batches below which nothing failed as `processed`, and every error, whether an `error`
    port took it or not, in `failed`; `errors` lists the first 1,000.
    """

    settings: IteratorSettings

    def repeats(self, message: Message) -> bool:
        """It changes nothing by itself; several batches at once could not begin again together."""
        return self.settings.concurrency == 1

    async def handle(self, message: Message, context: Context) -> None:
        """Emit the array's items and batches, then `done`."""
        array, shared = _read(message)
        if self.settings.durable:
            await self._fan_out(array, shared, context)
            return
        total, size = len(array), self.settings.batch_size
        batches = -(-total // size)
        tally = _Tally()
        context.progress(0, total)

        async def work(batch: int) -> None:
            items = array[batch * size : (batch + 1) * size]
            await self._emit_batch(items, batch, total, shared, context, tally)
            context.progress(len(items))

        await for_each(range(batches), self.settings.concurrency, work)
        context.count("items", total)
        done = self._done(shared, total, batches)
        await context.emit(
            "done",
            {**done, "processed": tally.processed, "failed": tally.failed, "errors": tally.errors},
        )

    async def _emit_batch(
        self,
        items: list[Json],
        batch: int,
        total: int,
        shared: Json,
        context: Context,
        tally: _Tally,
    ) -> None:
        size = self.settings.batch_size
        sound = len(items)
        if context.is_wired("item"):
            for offset, item in enumerate(items):
                index = batch * size + offset
                emission = await self._attempt("item", self._item(item, index, total, shared), index, context)
                tally.add(emission, batch + 1)
                sound -= bool(emission.errors)
        if context.is_wired("batch"):
            emission = await self._attempt("batch", self._batch(items, batch, total, shared), batch, context)
            tally.add(emission, batch + 1)
            sound = 0 if emission.errors else sound
        tally.processed += sound

    async def _attempt(self, port: str, message: Message, key: int, context: Context) -> Emission:
        survive = self.settings.continue_on_error
        emission = await context.attempt(port, message, key, survive=survive)
        if emission.failure is not None:
            # Items and batches are numbered apart, and may fail under one number.
            await context.collect(emission.failure, message, 2 * key + (port == "batch"))
        return emission

    async def _fan_out(self, array: list[Json], shared: Json, context: Context) -> None:
        total, size = len(array), self.settings.batch_size
        batches = -(-total // size)
        begin = context.resume if isinstance(context.resume, int) else 0
        if begin == 0:
            context.count("items", total)
            context.progress(0, total)
        fan_out = context.fan_out("done", self._done(shared, total, batches), total)
        for batch in range(begin, min(begin + _CHUNK, batches)):
            items = array[batch * size : (batch + 1) * size]
            for offset, item in enumerate(items):
                index = batch * size + offset
                message = self._item(item, index, total, shared)
                fan_out.add("item", message, index, 1, member=batch + 1)
            message = self._batch(items, batch, total, shared)
            fan_out.add("batch", message, batch, len(items), member=batch + 1)
        if begin + _CHUNK < batches:
            fan_out.go_on(begin + _CHUNK)

    def _item(self, item: Json, index: int, total: int, shared: Json) -> dict[str, Json]:
        message: dict[str, Json] = {
            "item": item,
            "total": total,
            "isFirst": index == 0,
            "isLast": index == total - 1,
            "context": shared,
        }
        if self.settings.emit_index:
            message["index"] = index
        if self.settings.emit_progress:
            message["progress"] = _percent(index + 1, total)
        return message

    def _batch(self, items: Sequence[Json], batch: int, total: int, shared: Json) -> dict[str, Json]:
        size = self.settings.batch_size
        batches = -(-total // size)
        message: dict[str, Json] = {
            "items": list(items),
            "batchNum": batch + 1,
            "totalBatches": batches,
            "total": total,
            "isLastBatch": batch == batches - 1,
            "context": shared,
        }
        if self.settings.emit_index:
            message["startIndex"] = batch * size
        if self.settings.emit_progress:
            message["progress"] = _percent(batch + 1, batches)
        return message

    @staticmethod
    def _done(shared: Json, total: int, batches: int) -> dict[str, Json]:
        return {"context": shared, "total": total, "totalBatches": batches}


def _read(message: Message) -> tuple[list[Json], Json]:
    """The array and the context, without a copy of the array."""
    array = message.get("array") if isinstance(message, dict) else None
    if isinstance(message, dict) and isinstance(array, list):
        return array, message.get("context")
    if isinstance(message, dict) and "array" in message:
        raise PermanentError(f"`array` must be an array, but it is {described(array)}", code="HR301")
    raise PermanentError("`array` is missing: shape the message as `{array, context}`", code="HR301")


def _percent(done: int, total: int) -> int:
    """Percent as on the reference page: batch 5 of 20 is 25; whole numbers, rounded down."""
    return done * 100 // total
