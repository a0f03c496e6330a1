"""The connection to NATS, and the streams and buckets of a store."""

import asyncio
import re
from collections.abc import Awaitable, Callable
from typing import TypeVar

import nats
import nats.errors
import nats.js.errors
from nats.aio.client import Client
from nats.js import JetStreamContext
from nats.js.api import KeyValueConfig, RetentionPolicy, StorageType, StreamConfig
from nats.js.kv import KeyValue

from headrace.errors import StoreError
from headrace.store.jetstream.place import Place

__all__ = ["ERRORS", "LEAST_VERSION", "Connection", "failure_of"]

LEAST_VERSION = (2, 11)
"""Of the server: the first that gives many messages without a consumer (ADR-31)."""

ERRORS = (nats.errors.Error, OSError, asyncio.TimeoutError)
"""What the client raises when NATS is away, or refuses."""

_PING_S = 5
_SILENT_PINGS = 2
"""A connection is dead that does not answer so many: a cut is noticed within fifteen seconds."""
_MIB = 2**20
_DEDUPE_S = 1.0
"""What is written twice is found by its number; JetStream need not look."""

Value = TypeVar("Value")


def failure_of(error: Exception, place: Place) -> StoreError:
    """What people read of an error of the client."""
    if isinstance(error, nats.errors.AuthorizationError):
        return StoreError(f"NATS at {place.shown} refuses user and password", code="HR403")
    if isinstance(error, nats.js.errors.APIError):
        told = error.description or f"error {error.err_code}"
        return StoreError(f"JetStream at {place.shown} refuses: {told}", code="HR403")
    if isinstance(error, (nats.errors.NoServersError, asyncio.TimeoutError, OSError)):
        return StoreError(f"NATS at {place.shown} does not answer", code="HR403")
    return StoreError(f"NATS at {place.shown} failed: {error}", code="HR403")


class Connection:
    """A connection, which comes back by itself when it is lost."""

    def __init__(self, place: Place, client: Client) -> None:
        self.place = place
        self.client = client
        self.jetstream: JetStreamContext = client.jetstream(timeout=10)
        self._buckets: dict[str, KeyValue] = {}

    @classmethod
    async def open(cls, place: Place) -> "Connection":
        """Connect, and check that the server will do.

        Raises:
            StoreError: nobody is there, we are refused, it is too old, or has no JetStream.
        """
        client = Client()
        try:
            await client.connect(
                list(place.servers),
                name=f"headrace {place.name}",
                max_reconnect_attempts=-1,
                reconnect_time_wait=1,
                connect_timeout=5,
                ping_interval=_PING_S,
                max_outstanding_pings=_SILENT_PINGS,
                user_credentials=place.credentials,
                error_cb=_quiet,
                allow_reconnect=True,
            )
            connection = cls(place, client)
            _check_version(client, place)
            await connection.jetstream.account_info()
        except nats.js.errors.ServiceUnavailableError as error:
            await client.close()
            raise StoreError(
                f"NATS at {place.shown} has no JetStream; start it with `--jetstream`", code="HR403"
            ) from error
        except ERRORS as error:
            await client.close()
            raise failure_of(error, place) from error
        except BaseException:
            await client.close()
            raise
        return connection

    @property
    def most_bytes(self) -> int:
        """Of a message."""
        return self.client.max_payload

    async def last(self, flow: str) -> int:
        """The last place in a flow's journal."""
        info = await self.jetstream.stream_info(f"{self.place.name}-{flow}")
        return info.state.last_seq

    async def close(self) -> None:
        """Close it, after what is still to be sent."""
        await self.client.close()

    async def stream(self, flow: str) -> str:
        """The stream of a flow's journal, which is made if it is not there; and its subject.

        Raises:
            StoreError: it cannot be made.
        """
        name = f"{self.place.name}-{flow}"
        await self._made(
            lambda: self.jetstream.add_stream(
                StreamConfig(
                    name=name,
                    subjects=[f"{self.place.name}.journal.{flow}"],
                    retention=RetentionPolicy.LIMITS,
                    storage=StorageType.FILE,
                    num_replicas=self.place.replicas,
                    duplicate_window=_DEDUPE_S,
                    allow_direct=True,
                    deny_delete=True,
                )
            ),
            lambda: self.jetstream.stream_info(name),
        )
        return name

    def subject(self, flow: str) -> str:
        """Where a flow's journal is written."""
        return f"{self.place.name}.journal.{flow}"

    async def bucket(self, name: str, *, forget_after_s: float | None = None) -> KeyValue:
        """A bucket of the store, which is made if it is not there.

        Args:
            name: without the store's.
            forget_after_s: values that old are gone; they are kept in memory.

        Raises:
            StoreError: it cannot be made.
        """
        if name in self._buckets:
            return self._buckets[name]
        full = f"{self.place.name}-{name}"
        storage = StorageType.FILE if forget_after_s is None else StorageType.MEMORY
        config = KeyValueConfig(
            bucket=full,
            history=1,
            ttl=forget_after_s,
            storage=storage,
            replicas=self.place.replicas,
            direct=True,
        )
        bucket = await self._made(
            lambda: self.jetstream.create_key_value(config), lambda: self.jetstream.key_value(full)
        )
        self._buckets[name] = bucket
        return bucket

    async def _made(
        self, make: Callable[[], Awaitable[Value]], find: Callable[[], Awaitable[Value]]
    ) -> Value:
        """Find something, or make it; several processes may do so at once."""
        try:
            try:
                return await find()
            except nats.js.errors.NotFoundError:
                try:
                    return await make()
                except nats.js.errors.BadRequestError:  # made by another meanwhile, with other replicas
                    return await find()
        except ERRORS as error:
            raise failure_of(error, self.place) from error


def _check_version(client: Client, place: Place) -> None:
    text = str(client.connected_server_version)
    numbers = tuple(int(number) for number in re.findall(r"\d+", text)[:2])
    if numbers < LEAST_VERSION:
        least = ".".join(map(str, LEAST_VERSION))
        raise StoreError(f"NATS at {place.shown} is {text}; headrace needs {least} or newer", code="HR403")


async def _quiet(error: Exception) -> None:
    """The client would log each failed attempt to connect; who waits for an answer tells of it."""
