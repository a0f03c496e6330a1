"""What processes say to each other outside the journals: heard at once or never."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

from nats.aio.msg import Msg

from headrace.store.jetstream.connection import Connection, heed
from headrace.store.jetstream.failure import ERRORS

__all__ = ["Sayings"]

_AUTHOR = "Headrace-Author"


class Sayings:
    """Messages that nobody keeps, to all processes of a store, also to the one that says them."""

    def __init__(self, connection: Connection, author: str) -> None:
        self._connection = connection
        self._author = author
        self._prefix = f"{connection.place.name}.sayings"

    async def say(self, subject: str, said: bytes) -> None:
        """Say something, if there is a connection."""
        client = self._connection.client
        if client.is_connected:
            with contextlib.suppress(*ERRORS):  # else it is lost with the connection
                await client.publish(f"{self._prefix}.{subject}", said, headers={_AUTHOR: self._author})
            heed()

    async def __call__(self, subject: str) -> AsyncIterator[tuple[str, bytes]]:
        """What is said on a subject from now on, and who says it."""
        heard: asyncio.Queue[tuple[str, bytes]] = asyncio.Queue()

        async def hear(message: Msg) -> None:
            author = (message.headers or {}).get(_AUTHOR)
            if author is not None:
                heard.put_nowait((author, message.data))

        subscription = await self._connection.client.subscribe(f"{self._prefix}.{subject}", cb=hear)
        try:
            heed()
            while True:
                yield await heard.get()
        finally:
            with contextlib.suppress(*ERRORS):  # else it went with its connection
                await subscription.unsubscribe()
