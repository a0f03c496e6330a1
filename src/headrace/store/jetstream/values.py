"""Values of any size under keys of a bucket."""

import uuid
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from typing import Any

import msgspec
import nats.errors
import nats.js.errors
from nats.js.kv import KeyValue

from headrace.store.jetstream.connection import Connection

__all__ = ["Values"]

_WHOLE, _PARTED = b"w", b"p"
_PARTS = "part"
_ROOM = 4096
"""For headers and subject."""
_AT_ONCE = 1000
"""Messages that the server gives at once: its most."""
_AT_ONCE_BYTES = 8 * 2**20
_WAIT_S = 10.0


class _Parted(msgspec.Struct):
    """Where the parts of a value lie, which is larger than a message."""

    id: str
    count: int


class Values:
    """Values under keys; what is too large for one message is kept in parts."""

    def __init__(self, connection: Connection, bucket: KeyValue, name: str) -> None:
        """Set up.

        Args:
            name: of the bucket, without the store's.
        """
        self._connection = connection
        self._bucket = bucket
        self._stream = f"KV_{connection.place.name}-{name}"
        self._prefix = f"$KV.{connection.place.name}-{name}."
        self._room = connection.most_bytes - _ROOM

    async def put(self, key: str, value: bytes) -> None:
        """Keep a value in place of what was there."""
        await self._bucket.put(key, await self._packed(value))

    async def put_over(self, key: str, value: bytes, gives_way: Callable[[bytes], bool]) -> bool:
        """Keep a value unless there is one that does not give way; tells whether it was kept."""
        packed = None
        while True:
            last, found = await self._last(key)
            old = None if found is None else await self._unpacked(found)
            if old is not None and not gives_way(old):
                return False
            packed = packed or await self._packed(value)
            try:
                await self._bucket.update(key, packed, last=last)
            except nats.js.errors.KeyWrongLastSequenceError:
                continue  # another was quicker: look again
            return True

    async def get(self, key: str) -> bytes | None:
        """What is under a key; None if nothing is."""
        _, value = await self._last(key)
        return None if value is None else await self._unpacked(value)

    async def get_all(self, keys: Sequence[str]) -> list[bytes]:
        """What is under keys, of those that have something; in any order."""
        found: dict[str, bytes] = {}
        left = list(keys)
        while left:
            some, _ = await self._some({"multi_last": [self._prefix + key for key in left[:_AT_ONCE]]})
            if not some:
                break
            found |= some
            left = [key for key in left if key not in found]
        values = [await self._unpacked(value) for value in found.values()]
        late = [await self.get(key) for key in left]  # who answered may not have had them yet
        return [value for value in (*values, *late) if value is not None]

    async def delete(self, key: str) -> None:
        """Keep nothing under a key."""
        _, value = await self._last(key)
        if value is None:
            return
        await self._bucket.purge(key)
        if value.startswith(_PARTED):
            parted = msgspec.json.decode(value[1:], type=_Parted)
            for number in range(parted.count):
                await self._bucket.purge(f"{_PARTS}.{parted.id}.{number}")

    async def latest(self, under: str) -> str | None:
        """Of the keys that are some words and one more, the one that was written last."""
        try:
            wanted = f"{self._prefix}{under}.*"
            message = await self._connection.jetstream.get_last_msg(self._stream, wanted)
        except nats.js.errors.NotFoundError:
            return None
        return (message.subject or "").removeprefix(self._prefix)

    async def items(self, under: str) -> AsyncIterator[tuple[str, bytes]]:
        """Keys that begin with some words, and their values, the oldest first (ADR-31)."""
        sequence, wanted = 1, f"{self._prefix}{under}.>"
        while True:
            question = {"next_by_subj": wanted, "seq": sequence, "batch": _AT_ONCE}
            some, last = await self._some(question)
            for key, value in some:
                whole = await self._unpacked(value)
                if whole is not None:
                    yield key, whole
            if last is None:
                return
            sequence = last + 1

    async def _some(self, question: Mapping[str, Any]) -> tuple[list[tuple[str, bytes]], int | None]:
        """Keys and values that the server gives at once; and where the last is, if there are more."""
        client = self._connection.client
        inbox = client.new_inbox()
        answers = await client.subscribe(inbox)
        found: list[tuple[str, bytes]] = []
        try:
            asked = msgspec.json.encode({**question, "max_bytes": _AT_ONCE_BYTES})
            await client.publish(f"$JS.API.DIRECT.GET.{self._stream}", asked, reply=inbox)
            last = None
            while True:
                message = await answers.next_msg(timeout=_WAIT_S)
                headers = message.headers or {}
                if (status := headers.get("Status")) is not None:
                    if status == "503":
                        raise nats.errors.NoRespondersError
                    is_end = headers.get("Nats-Num-Pending", "0") == "0"
                    return found, None if is_end else last
                last = int(headers["Nats-Sequence"])
                if "KV-Operation" not in headers:
                    found.append((headers["Nats-Subject"].removeprefix(self._prefix), message.data))
        finally:
            await answers.unsubscribe()

    async def _last(self, key: str) -> tuple[int, bytes | None]:
        """Revision and value of a key, as the bucket's leader has it; 0 and None if it never was."""
        try:
            message = await self._connection.jetstream.get_last_msg(self._stream, self._prefix + key)
        except nats.js.errors.NotFoundError:
            return 0, None
        is_gone = message.headers is not None and "KV-Operation" in message.headers
        return message.seq or 0, None if is_gone else message.data or b""

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
            _, part = await self._last(f"{_PARTS}.{parted.id}.{number}")
            if part is None:
                return None
            parts.append(part)
        return b"".join(parts)
