"""Where a JetStream store is: `nats://host:4222,host2:4222/name?replicas=3`."""

from urllib.parse import parse_qsl, unquote, urlsplit

import msgspec

from headrace.errors import UsageError

__all__ = ["Place"]

_NAME = "headrace"
_OPTIONS = "`replicas` (1, 3 or 5) and `credentials` (a file)"


class Place(msgspec.Struct, frozen=True):
    """Where a store is.

    Attributes:
        servers: a URL each, with user and password where they are given.
        name: of the store: several share a server. Begins the names of its streams and buckets.
        replicas: how many servers keep each stream, of streams that are made.
        credentials: a file as `nsc` makes it.
    """

    servers: tuple[str, ...]
    name: str = _NAME
    replicas: int = 1
    credentials: str | None = None

    @classmethod
    def read(cls, url: str) -> "Place":
        """Read a URL.

        Raises:
            UsageError: it is none of a NATS server.
        """
        parts = urlsplit(url)
        if parts.scheme not in ("nats", "tls") or not parts.netloc:
            raise UsageError("the URL of a JetStream store is `nats://host:4222`, or `tls://…`")
        who, _, hosts = parts.netloc.rpartition("@")
        prefix = f"{parts.scheme}://{who}@" if who else f"{parts.scheme}://"
        options = dict(parse_qsl(parts.query, keep_blank_values=True))
        replicas, credentials = _replicas(options.pop("replicas", "1")), options.pop("credentials", None)
        if options:
            raise UsageError(f"a JetStream store has no option `{next(iter(options))}`; there are {_OPTIONS}")
        name = unquote(parts.path.strip("/")) or _NAME
        if not name.replace("-", "").replace("_", "").isalnum() or not name.isascii():
            raise UsageError(f"`{name}` cannot name a store: take letters, digits, `-` and `_`")
        return cls(tuple(prefix + host for host in hosts.split(",") if host), name, replicas, credentials)

    @property
    def shown(self) -> str:
        """For people: without user and password."""
        return ",".join(server.rpartition("@")[2].rpartition("/")[2] for server in self.servers)


def _replicas(text: str) -> int:
    if text not in ("1", "3", "5"):
        raise UsageError(f"`replicas` is 1, 3 or 5, not `{text}`")
    return int(text)
