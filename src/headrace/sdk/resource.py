"""Things that nodes share and that live as long as a flow: connection pools, HTTP sessions."""

from collections.abc import Awaitable, Callable, Hashable
from pathlib import Path
from typing import NamedTuple, Protocol, TypeVar

from headrace.sdk.clock import Clock

__all__ = ["DEFAULT_ADDRESS", "Address", "Closable", "Resources"]


class Address(NamedTuple):
    """Where a process listens; port 0 is any that is free."""

    host: str
    port: int

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}"


DEFAULT_ADDRESS = Address("127.0.0.1", 8090)
"""Where a process listens that was told nothing else: for callers on the same machine alone."""


class Closable(Protocol):
    """Something that is closed when its last user is gone."""

    async def close(self) -> None:
        """Close it; safe to call twice."""


Resource = TypeVar("Resource", bound=Closable)


class Resources(Protocol):
    """Where nodes get what they share."""

    @property
    def home(self) -> Path:
        """The home folder of headrace (`HEADRACE_HOME`)."""
        ...

    @property
    def clock(self) -> Clock:
        """The time."""
        ...

    @property
    def address(self) -> Address:
        """Where this process listens, if a node of it listens at all."""
        ...

    async def acquire(self, key: Hashable, make: Callable[[], Awaitable[Resource]]) -> Resource:
        """The resource under `key`, made at its first use; closed in reverse order when all flows stop.

        Two callers at the same time get the same one; an error of `make` is raised to both.
        """
        ...
