"""Values of any size under keys of a bucket."""

import uuid
from collections.abc import AsyncIterator, Callable

import msgspec
import nats.js.errors
from nats.js.kv import KeyValue

__all__ = ["Values"]

_WHOLE, _PARTED = b"w", b"p"
_PARTS = "part"
_ROOM = 4096
"""For headers and subject."""


class _Parted(msgspec.Struct):
    """Where the parts of a value lie, which is larger than a message."""

    id: str
    count: int


class Values:
    """Values under keys; what is too large for one message is kept in parts."""

    def __init__(self, bucket: KeyValue, most_bytes: int) -> None:
        """Set up.

        Args:
            most_bytes: of a message.
        """
        self._bucket = bucket
        self._room = most_bytes - _ROOM

    async def put(self, key: str, value: bytes) -> None:
        """Keep a value in place of what was there."""
        await self._bucket.put(key, await self._packed(value))

    async def put_over(self, key: str, value: bytes, gives_way: Callable[[bytes], bool]) -> bool:
        """Keep a value unless there is one that does not give way; tells whether it was kept."""
        packed = None
        while True:
            try:
                entry = await self._bucket.get(key)
            except nats.js.errors.KeyNotFoundError as error:
                last = None if error.entry is None else error.entry.revision
            else:
                old = await self._unpacked(entry.value or b"")
                if old is not None and not gives_way(old):
                    return False
                last = entry.revision
            packed = packed or await self._packed(value)
            try:
                await self._bucket.update(key, packed, last=last)
            except nats.js.errors.KeyWrongLastSequenceError:
                continue  # another was quicker: look again
            return True

    async def get(self, key: str) -> bytes | None:
        """What is under a key; None if nothing is."""
        try:
            entry = await self._bucket.get(key)
        except nats.js.errors.KeyNotFoundError:
            return None
        return await self._unpacked(entry.value or b"")

    async def delete(self, key: str) -> None:
        """Keep nothing under a key."""
        try:
            entry = await self._bucket.get(key)
        except nats.js.errors.KeyNotFoundError:
            return
        await self._bucket.purge(key)
        if (entry.value or b"").startswith(_PARTED):
            parted = msgspec.json.decode((entry.value or b"")[1:], type=_Parted)
            for number in range(parted.count):
                await self._bucket.purge(f"{_PARTS}.{parted.id}.{number}")

    async def items(self, under: str) -> AsyncIterator[tuple[str, bytes]]:
        """Keys that begin with some words, and their values, in no order."""
        watcher = await self._bucket.watch(f"{under}.>", ignore_deletes=True)
        try:
            while (entry := await watcher.updates(timeout=_WAIT_S)) is not None:
                value = await self._unpacked(entry.value or b"")
                if value is not None:
                    yield entry.key, value
        finally:
            await watcher.stop()

    async def _packed(self, value: bytes) -> bytes:
        if len(value) <= self._room:
            return _WHOLE + value
        parts = [value[at : at + self._room] for at in range(0, len(value), self._room)]
        parted = _Parted(uuid.uuid4().hex, len(parts))
        for number, part in enumerate(parts):
            await self._bucket.put(f"{_PARTS}.{parted.id}.{number}", part)
        return _PARTED + msgspec.json.encode(parted)

    async def _unpacked(self, value: bytes) -> bytes | None:
        """The value; None if a part is gone, since it was replaced meanwhile."""
        if not value.startswith(_PARTED):
            return value[1:]
        parted = msgspec.json.decode(value[1:], type=_Parted)
        parts = []
        for number in range(parted.count):
            try:
                parts.append((await self._bucket.get(f"{_PARTS}.{parted.id}.{number}")).value or b"")
            except nats.js.errors.KeyNotFoundError:
                return None
        return b"".join(parts)


_WAIT_S = 10.0
