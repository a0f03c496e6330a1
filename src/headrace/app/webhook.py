"""Posts what hooks tell; HTTP is loaded when there is something to post."""

from collections.abc import Mapping
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from headrace.connections.http import HttpTransport

__all__ = ["Poster"]


class Poster:
    """Posts, with connections that are kept until it is closed."""

    def __init__(self) -> None:
        self._transport: HttpTransport | None = None

    async def post(self, url: str, headers: Mapping[str, str], body: bytes) -> int:
        """Post; gives the status of the answer.

        Raises:
            ComponentError: there was none.
        """
        if self._transport is None:
            self._transport = import_module("headrace.connections.http").HttpTransport()
        response = await self._transport.request("POST", url, headers=headers, body=body)
        return response.status

    async def close(self) -> None:
        """Let go of connections."""
        if self._transport is not None:
            await self._transport.close()
