"""Things that nodes share and that live as long as a flow: connection pools, HTTP sessions."""

from collections.abc import Awaitable, Callable, Hashable
from pathlib import Path
from typing import Protocol, TypeVar

from headrace.sdk.clock import Clock

__all__ = ["Closable", "Resources"]


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

    async def acquire(self, key: Hashable, make: Callable[[], Awaitable[Resource]]) -> Resource:
        """The resource under `key`, made at its first use; closed in reverse order when all flows stop.

        Two callers at the same time get the same one; an error of `make` is raised to both.
        """
        ...
