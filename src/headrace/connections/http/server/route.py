"""Which handler a request is for: methods and paths, whose parameters are whole segments, `/orders/{id}`."""

from collections.abc import Awaitable, Callable, Iterator
from typing import TypeAlias
from urllib.parse import unquote

import msgspec

from headrace.connections.http.server.incoming import IncomingRequest
from headrace.connections.http.server.reply import Reply
from headrace.errors import UsageError

__all__ = ["Found", "Handler", "Route", "Routes"]

Handler: TypeAlias = Callable[[IncomingRequest], Awaitable[Reply]]
Pattern: TypeAlias = tuple[str | None, ...]
"""The segments of a path; None for a parameter."""


class Route(msgspec.Struct, frozen=True):
    """Requests that somebody takes.

    Attributes:
        path: `/hooks/orders`, `/orders/{id}`.
        handle: answers them; a `Refusal` that it raises is the answer.
        owner: who takes them, for people.
    """

    methods: tuple[str, ...]
    path: str
    handle: Handler
    owner: str


class Found(msgspec.Struct, frozen=True):
    """What there is at a path.

    Attributes:
        routes: by method.
        params: the values of the path's parameters, by the route's names for them.
    """

    routes: dict[str, Route]
    segments: tuple[str, ...]

    def params(self, route: Route) -> dict[str, str]:
        """The values of a route's parameters."""
        names = route.path.split("/")
        return {
            name[1:-1]: value for name, value in zip(names, self.segments, strict=True) if _is_parameter(name)
        }

    @property
    def allowed(self) -> tuple[str, ...]:
        """The methods that are answered, besides OPTIONS."""
        methods = dict.fromkeys(self.routes)
        if "GET" in methods:
            methods["HEAD"] = None
        return tuple(methods)


class Routes(msgspec.Struct):
    """All routes of a process."""

    _by_pattern: dict[Pattern, dict[str, Route]] = msgspec.field(default_factory=dict)

    def __iter__(self) -> Iterator[Route]:
        return (route for routes in self._by_pattern.values() for route in routes.values())

    def add(self, route: Route) -> None:
        """Add a route.

        Raises:
            UsageError: somebody takes its method and path already.
        """
        pattern = tuple(None if _is_parameter(name) else name for name in route.path.split("/"))
        routes = self._by_pattern.setdefault(pattern, {})
        for method in route.methods:
            if method in routes:
                raise UsageError(
                    f"{route.owner} cannot take {method} {route.path}, which {routes[method].owner} takes"
                )
        routes.update(dict.fromkeys(route.methods, route))

    def remove(self, handle: Handler) -> None:
        """Remove the routes of a handler."""
        for pattern, routes in list(self._by_pattern.items()):
            left = {method: route for method, route in routes.items() if route.handle != handle}
            if left:
                self._by_pattern[pattern] = left
            else:
                del self._by_pattern[pattern]

    def find(self, raw_path: str) -> Found | None:
        """What there is at a path, as the request has it; of several patterns that which says most."""
        segments = tuple(unquote(part, errors="replace") for part in raw_path.split("/"))
        literal = self._by_pattern.get(segments)
        if literal is not None:
            return Found(literal, segments)
        for pattern in sorted(self._by_pattern, key=_generality):
            if len(pattern) == len(segments) and all(
                name == value or (name is None and value)
                for name, value in zip(pattern, segments, strict=True)
            ):
                return Found(self._by_pattern[pattern], segments)
        return None


def _is_parameter(segment: str) -> bool:
    return segment.startswith("{") and segment.endswith("}")


def _generality(pattern: Pattern) -> tuple[bool, ...]:
    """Orders patterns: those come first whose first parameter is further back."""
    return tuple(name is None for name in pattern)
