"""The connection to NATS, and the streams and buckets of a store."""

import asyncio
import contextlib
import logging
import re
import ssl
import time
from collections.abc import Awaitable, Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any, TypeVar

import nats
import nats.errors
import nats.js.errors
from nats.aio.client import Client
from nats.js import JetStreamContext
from nats.js.api import KeyValueConfig, RetentionPolicy, StorageType, StreamConfig
from nats.js.kv import KeyValue

from headrace.errors import NoStoreError, StoreError, UsageError
from headrace.store.jetstream.failure import ERRORS, HAS_NO_JETSTREAM, failure_of, is_away
from headrace.store.jetstream.place import Place

__all__ = ["CONNECT_S", "LEAST_VERSION", "Connection", "heed"]

_log = logging.getLogger(__name__)

LEAST_VERSION = (2, 11)
"""Of the server: the first that gives many messages without a consumer (ADR-31)."""

_IN_CREDENTIALS = ("BEGIN NATS USER JWT", "BEGIN USER NKEY SEED")
_PING_S = 5
_SILENT_PINGS = 2
"""A connection is dead that does not answer so many: a cut is noticed within fifteen seconds."""
_MIB = 2**20
CONNECT_S = 10.0
_ANSWER_S = 3.0
"""A question that was put while its answerer died is put again."""
_PAUSE_S = 0.25
_CLOSE_S = 5.0
"""A line that was cut takes nothing: then what is still to be sent is not."""
_HEEDED_S = 0.1
"""A task that was cancelled so long ago and goes on has swallowed that."""
_DEDUPE_S = 1.0
"""What is written twice is found by its number; JetStream need not look."""

Value = TypeVar("Value")


def heed() -> None:
    """Raise a cancellation that has been swallowed: the client's `wait_for` may do so (CPython issue 86296).

    Raises:
        CancelledError: somebody has cancelled the task that calls.
    """
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError


async def _cut_off(*tasks: "asyncio.Task[Any]") -> None:
    """Cancel tasks until they have ended, however often the client swallows that: see `heed`."""
    left = {task for task in tasks if not task.done()}
    while left:
        for task in left:
            task.cancel()
        _, left = await asyncio.wait(left, timeout=_HEEDED_S)


def _is_news(record: logging.LogRecord) -> bool:
    """Not what event loops remark where a connection with TLS ends: the client's streams know of none."""
    return "eof_received() has no effect" not in record.msg


class Connection:
    """A connection, which comes back by itself when it is lost."""

    def __init__(self, place: Place, client: Client, patience_s: float) -> None:
        self.place = place
        self._patience_s = patience_s
        self.client = client
        self.jetstream: JetStreamContext = client.jetstream(timeout=_ANSWER_S)
        self._buckets: dict[str, KeyValue] = {}
        self._heard: Exception | None = None
        self._refused = asyncio.Event()
        self._was_there = self._is_closing = False

    @classmethod
    async def open(cls, place: Place, patience_s: float, connect_s: float = CONNECT_S) -> "Connection":
        """Connect, and check that the server will do.

        Args:
            place: where it is.
            patience_s: how long NATS may be away once it was there.
            connect_s: how long it may be away now.

        Raises:
            StoreError: nobody is there, we are refused, it is too old, or has no JetStream.
        """
        _check_credentials(place)
        logging.getLogger("asyncio").addFilter(_is_news)
        client = Client()
        connection = cls(place, client, connect_s)
        try:
            await connection._connect(connect_s)
            _check_version(client, place)
            connection._check_encryption()
            await connection.patiently(connection._find_jetstream)
        except ERRORS as error:
            await connection.close()
            connection._check_encryption()
            raise failure_of(connection._heard or error, place) from error
        except BaseException:
            await connection.close()
            raise
        connection._patience_s, connection._was_there = patience_s, True
        return connection

    async def _connect(self, connect_s: float) -> None:
        """Connect: the client itself would try for ever, also where it is refused."""
        connecting = asyncio.create_task(self._try_to_connect())
        refused = asyncio.create_task(self._refused.wait())
        try:
            await asyncio.wait({connecting, refused}, timeout=connect_s, return_when=asyncio.FIRST_COMPLETED)
            if not connecting.done():
                raise self._heard or TimeoutError
            await connecting
        finally:
            await _cut_off(connecting, refused)

    async def _try_to_connect(self) -> None:
        await self.client.connect(
            list(self.place.servers),
            name=f"headrace {self.place.name}",
            max_reconnect_attempts=-1,
            reconnect_time_wait=1,
            connect_timeout=5,
            ping_interval=_PING_S,
            max_outstanding_pings=_SILENT_PINGS,
            user_credentials=self.place.credentials,
            user=self.place.user,
            password=None if self.place.password is None else self._password,
            token=None if self.place.token is None else self._token,
            error_cb=self._hear,
            disconnected_cb=self._tell_lost,
            reconnected_cb=self._tell_back,
        )

    def _password(self) -> str:
        return self._if_encrypted(self.place.password or "")

    def _token(self) -> str:
        return self._if_encrypted(self.place.token or "")

    def _if_encrypted(self, secret: str) -> str:
        """What is told to the server, once it is known that nobody else hears it, if that is asked for."""
        return secret if self._is_as_encrypted_as_asked else ""

    @property
    def _is_as_encrypted_as_asked(self) -> bool:
        wants = any(server.startswith("tls://") for server in self.place.servers)
        return not wants or bool(self.client._server_info.get("tls_required"))  # noqa: SLF001 - nothing else tells

    def _check_encryption(self) -> None:
        if not self._is_as_encrypted_as_asked:
            raise StoreError(
                f"NATS at {self.place.shown} does not speak TLS, which `tls://` asks for", code="HR403"
            )

    async def _hear(self, error: Exception) -> None:
        """The client tries again, for ever; who waits for an answer tells of what it met."""
        if "Authorization" in str(error):
            error = nats.errors.AuthorizationError()
        if isinstance(error, (nats.errors.AuthorizationError, ssl.SSLError)):
            self._heard = error
            self._refused.set()

    async def _tell_lost(self) -> None:
        if self._was_there and not self._is_closing:
            _log.warning("NATS at %s is away; what is to be decided waits", self.place.shown)

    async def _tell_back(self) -> None:
        _log.info("NATS at %s is back", self.place.shown)

    async def _find_jetstream(self) -> None:
        """Look whether the server keeps streams for us; one that has just begun may not know yet.

        Raises:
            StoreError: it does not.
        """
        try:
            await self.jetstream.account_info()
        except nats.js.errors.APIError as error:
            if error.err_code not in HAS_NO_JETSTREAM:
                raise
            raise failure_of(error, self.place) from error

    @property
    def most_bytes(self) -> int:
        """Of a message."""
        return self.client.max_payload

    async def extent(self, flow: str) -> tuple[int, int]:
        """The first place in a flow's journal, and the last; where it is empty the first is one beyond.

        Raises:
            StoreError: NATS is away for too long.
        """
        info = await self.patiently(lambda: self.jetstream.stream_info(self._stream_of(flow)))
        return info.state.first_seq, info.state.last_seq

    async def begin_after(self, flow: str, sequence: int) -> None:
        """Let a flow's journal begin after a place, which need not be there; may be repeated.

        Raises:
            StoreError: NATS is away for too long.
        """
        name = self._stream_of(flow)
        await self.patiently(lambda: self.jetstream.purge_stream(name, seq=sequence + 1))

    async def close(self) -> None:
        """Close it, after what can still be sent."""
        self._is_closing = True
        with contextlib.suppress(*ERRORS):  # else the server is gone, and nothing is left to close
            try:
                async with asyncio.timeout(_CLOSE_S):
                    await self.client.close()
            except TimeoutError:
                self._give_up_unsent()
        if (connecting_again := self.client._reconnection_task) is not None:  # noqa: SLF001 - it may not have heeded
            await _cut_off(connecting_again)

    def _give_up_unsent(self) -> None:
        """Close the socket with what is in its buffer, which the client has no way to do."""
        writer = getattr(self.client._transport, "_io_writer", None)  # noqa: SLF001 - see above
        if writer is not None:
            writer.transport.abort()

    async def patiently(self, ask: Callable[[], Awaitable[Value]]) -> Value:
        """Ask, and again while NATS is away: its servers may be electing who answers.

        Args:
            ask: what may be asked twice.

        Raises:
            StoreError: it is away for too long, or refuses.
        """
        deadline_s = time.monotonic() + self._patience_s
        while True:
            try:
                answer = await ask()
            except ERRORS as error:
                heed()
                if not is_away(error) or time.monotonic() > deadline_s:
                    raise failure_of(error, self.place) from error
            else:
                heed()
                return answer
            await asyncio.sleep(_PAUSE_S)

    async def stream(self, flow: str) -> str:
        """The name of the stream of a flow's journal, which is made if it is not there.

        Raises:
            StoreError: it cannot be made.
        """
        name = self._stream_of(flow)
        await self._made(
            lambda: self.jetstream.add_stream(
                StreamConfig(
                    name=name,
                    subjects=[self.subject(flow)],
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

    def _stream_of(self, flow: str) -> str:
        return f"{self.place.name}-{flow}"

    def subject(self, flow: str) -> str:
        """Where a flow's journal is written."""
        return f"{self.place.name}.journal.{flow}"

    async def check_is_there(self) -> None:
        """See that there is a store: one that is only looked into is not made.

        Raises:
            NoStoreError: there is none.
            StoreError: NATS is away.
        """
        try:
            await self.patiently(lambda: self.jetstream.key_value(f"{self.place.name}-history"))
        except StoreError as error:
            if not isinstance(error.__cause__, nats.js.errors.NotFoundError):
                raise
            raise NoStoreError(
                f"there is no store `{self.place.name}` on NATS at {self.place.shown}; the path of the URL "
                "names it, and who executes flows makes it"
            ) from error

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

        async def find_or_make() -> Value:
            try:
                return await find()
            except nats.js.errors.NotFoundError:
                try:
                    return await make()
                except nats.js.errors.BadRequestError:  # made by another meanwhile, with other replicas
                    return await find()

        return await self.patiently(find_or_make)


def _check_version(client: Client, place: Place) -> None:
    numbers = tuple(map(int, re.findall(r"\d+", str(client.connected_server_version))))
    if numbers[:2] < LEAST_VERSION:
        found, least = ".".join(map(str, numbers[:3])), ".".join(map(str, LEAST_VERSION))
        raise StoreError(
            f"NATS at {place.shown} is {found}; headrace needs {least} or newer: upgrade the server",
            code="HR403",
        )


def _check_credentials(place: Place) -> None:
    """See that the file is one, and that the library is there that signs with it.

    Raises:
        UsageError: it is not.
    """
    if place.credentials is None:
        return
    if find_spec("nkeys") is None:
        raise UsageError("`?credentials=…` needs: pip install 'headrace[cluster]'")
    try:
        text = Path(place.credentials).read_text(encoding="ascii")
    except OSError as error:
        raise UsageError(
            f"the credentials of NATS, {place.credentials}, cannot be read: {(error.strerror or '').lower()}"
        ) from error
    except UnicodeError:
        text = ""
    if not all(begin in text for begin in _IN_CREDENTIALS):
        raise UsageError(f"{place.credentials} is no file of credentials, as `nsc generate creds` makes them")
