"""Where a JetStream store is: `nats://host:4222,host2:4222/name?replicas=3`."""

from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

import msgspec

from headrace.errors import UsageError

__all__ = ["Place"]

_NAME = "headrace"
_OPTIONS = "`replicas` (1, 3 or 5) and `credentials` (a file)"


class Place(msgspec.Struct, frozen=True):
    """Where a store is.

    Attributes:
        servers: a URL each.
        name: of the store: several share a server. Begins the names of its streams and buckets.
        replicas: how many servers keep each stream, of streams that are made.
        credentials: a file as `nsc` makes it.
        user, password, token: who we are, if one is asked for that; never shown.
    """

    servers: tuple[str, ...]
    name: str = _NAME
    replicas: int = 1
    credentials: str | None = None
    user: str | None = None
    password: str | None = None
    token: str | None = None

    def __repr__(self) -> str:
        return f"Place({self.shown!r}, {self.name!r}, replicas={self.replicas})"

    @classmethod
    def read(cls, url: str) -> "Place":
        """Read a URL.

        Raises:
            UsageError: it is none of a NATS server.
        """
        parts, servers = _parse(url)
        if not servers or parts.scheme not in ("nats", "tls"):
            raise UsageError(
                "the URL of a JetStream store is `nats://host:4222/name`, or `tls://…`; of several servers "
                "`nats://one:4222,two:4222`; in a password write `/` as `%2F`, `@` as `%40`"
            )
        options = dict(parse_qsl(parts.query, keep_blank_values=True))
        replicas, credentials = _replicas(options.pop("replicas", "1")), options.pop("credentials", None)
        if options:
            raise UsageError(f"a JetStream store has no option `{next(iter(options))}`; there are {_OPTIONS}")
        name = unquote(parts.path.strip("/")) or _NAME
        if not name.replace("-", "").replace("_", "").isalnum() or not name.isascii():
            raise UsageError(f"`{name}` cannot name a store: take letters, digits, `-` and `_`")
        user, password, token = _who(parts.netloc.rpartition("@")[0])
        return cls(servers, name, replicas, credentials, user, password, token)

    @property
    def shown(self) -> str:
        """For people: without user and password."""
        return ",".join(server.rpartition("@")[2].rpartition("/")[2] for server in self.servers)


def _parse(url: str) -> tuple[SplitResult, tuple[str, ...]]:
    """A URL, and its servers; none if it is no URL: the error that says so would show a password."""
    try:
        parts = urlsplit(url)
        hosts = "" if "@" in parts.path else parts.netloc.rpartition("@")[2]
        servers = tuple(_server(parts.scheme, host) for host in hosts.split(",") if host)
    except ValueError:
        return urlsplit(""), ()
    return parts, servers


def _server(scheme: str, host: str) -> str:
    """The URL of one server.

    Raises:
        ValueError: it has no host, or a port that is none.
    """
    parts = urlsplit(f"{scheme}://{host}")
    if not parts.hostname or parts.port == 0:
        raise ValueError
    return f"{scheme}://{host}"


def _who(text: str) -> tuple[str | None, str | None, str | None]:
    """User and password, or a token: what stands alone."""
    first, colon, second = text.partition(":")
    if colon:
        return unquote(first), unquote(second), None
    return None, None, unquote(first) or None


def _replicas(text: str) -> int:
    if text not in ("1", "3", "5"):
        raise UsageError(f"`replicas` is 1, 3 or 5, not `{text}`")
    return int(text)
