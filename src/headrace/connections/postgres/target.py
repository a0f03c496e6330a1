"""Where a PostgreSQL server is and who connects."""

from collections.abc import Hashable
from dataclasses import dataclass, field

import psycopg
from psycopg import pq

from headrace.errors import UsageError

__all__ = ["SSL_MODES", "PostgresTarget"]

SSL_MODES = ("disable", "allow", "prefer", "require", "verify-ca", "verify-full")
"""libpq's words, from the weakest to the strongest."""

CONNECT_TIMEOUT_S = 10.0
"""How long a connection may take to come about; `connect_timeout` in a URL says otherwise."""

_OWN = {"host", "port", "dbname", "user", "password", "sslmode"}
_SECRET = {"sslpassword", "oauth_client_secret", "scram_client_key", "scram_server_key"}


@dataclass(frozen=True, slots=True)
class PostgresTarget:
    """What a connection needs to know.

    Attributes:
        host: a name, an address, or the folder of a Unix socket (begins with `/`).
        ssl_mode: one of `SSL_MODES`; does not apply to a Unix socket, as in libpq.
        options: further libpq settings (`sslrootcert`, `channel_binding`, …), by name.
    """

    host: str = "localhost"
    port: int = 5432
    database: str = "postgres"
    user: str = "postgres"
    password: str = field(default="", repr=False)
    ssl_mode: str = "prefer"
    options: tuple[tuple[str, str], ...] = field(default=(), repr=False)

    def __post_init__(self) -> None:
        if self.ssl_mode not in SSL_MODES:
            raise UsageError(f"sslMode `{self.ssl_mode}` is none of {', '.join(SSL_MODES)}")
        values = [self.host, self.database, self.user, self.password, *(text for _, text in self.options)]
        if any("\0" in value for value in values):
            raise UsageError("a PostgreSQL connection setting holds a NUL character")

    @classmethod
    def parse(cls, url: str) -> "PostgresTarget":
        """Read a URL (`postgresql://user:password@host:5432/database?sslmode=require`) by libpq's rules.

        Raises:
            UsageError: it is none; the message does not show the URL, which may hold a password.
        """
        if not url.startswith(("postgres://", "postgresql://")):
            raise UsageError("the database URL must begin with `postgresql://`")
        try:
            parsed = pq.Conninfo.parse(url.encode())
        except psycopg.Error as error:
            # libpq's own text quotes parts of the URL, possibly the password.
            raise UsageError(
                "the database URL cannot be read; write it like "
                "`postgresql://user:password@host:5432/database` and percent-encode special characters"
            ) from error
        given = {option.keyword.decode(): option.val.decode() for option in parsed if option.val is not None}
        port = given.get("port", "5432")
        if not port.isdecimal():
            raise UsageError("the port in the database URL must be a number")
        if not given.get("connect_timeout", "0").isdecimal():
            raise UsageError("`connect_timeout` in the database URL must be a number of seconds")
        user = given.get("user", "postgres")
        return cls(
            host=given.get("host", "localhost"),
            port=int(port),
            database=given.get("dbname", user),
            user=user,
            password=given.get("password", ""),
            ssl_mode=given.get("sslmode", "prefer"),
            options=tuple(sorted(item for item in given.items() if item[0] not in _OWN)),
        )

    @property
    def key(self) -> Hashable:
        """What makes two targets the same place for one pool; no secret."""
        options = tuple(option for option in self.options if option[0] not in _SECRET)
        return ("postgres", self.host, self.port, self.database, self.user, self.ssl_mode, options)

    @property
    def address(self) -> str:
        """The place for messages: `host:port`, or the socket."""
        if self.host.startswith("/"):
            return f"{self.host}/.s.PGSQL.{self.port}"
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    @property
    def connect_timeout_s(self) -> float:
        """How long a connection may take to come about, in seconds; libpq leaves that to us."""
        given = float(dict(self.options).get("connect_timeout", 0))
        return given if given > 0 else CONNECT_TIMEOUT_S

    def conninfo(self, addresses: tuple[str, ...] = ()) -> bytes:
        """Libpq's connection string.

        Args:
            addresses: what `host` resolved to, so that libpq does not block on the name service.
        """
        count = max(len(addresses), 1)
        settings = {
            "application_name": "headrace",
            "gssencmode": "disable",  # else libpq asks for a Kerberos ticket first
            **{name: value for name, value in self.options if name != "connect_timeout"},
            "host": ",".join([self.host] * count),
            "hostaddr": ",".join(addresses),
            "port": str(self.port),
            "dbname": self.database,
            "user": self.user,
            "password": self.password,
            "sslmode": self.ssl_mode,
            "client_encoding": "UTF8",
        }
        return " ".join(f"{name}={_quoted(value)}" for name, value in settings.items() if value).encode()


def _quoted(value: str) -> str:
    escaped = value.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"
