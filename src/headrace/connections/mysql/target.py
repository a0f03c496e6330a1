"""Where a MySQL server is and who connects."""

import ssl
from collections.abc import Hashable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from headrace.errors import UsageError

__all__ = ["CONNECT_TIMEOUT_S", "PORT", "MysqlTarget"]

PORT = 3306
CONNECT_TIMEOUT_S = 10.0
"""How long a connection may take to come about."""

_OPTIONS = ("ssl-mode", "ssl-ca")


@dataclass(frozen=True, slots=True)
class MysqlTarget:
    """What a connection needs to know.

    Attributes:
        host: a name, an address, or the path of a Unix socket (begins with `/`).
        ssl_mode: in libpq's words, from `disable` to `verify-full`; does not apply to a Unix socket.
        ssl_ca: the file of the authority that the server's certificate is checked against; else the system's.
    """

    host: str = "localhost"
    port: int = PORT
    database: str = ""
    user: str = "root"
    password: str = field(default="", repr=False)
    ssl_mode: str = "prefer"
    ssl_ca: str = ""

    @classmethod
    def parse(cls, url: str) -> "MysqlTarget":
        """Read a URL: `mysql://user:password@host:3306/database?ssl-mode=require&ssl-ca=/path`.

        Raises:
            UsageError: it is none; the message does not show the URL, which may hold a password.
        """
        try:
            parts = urlsplit(url)
            port = parts.port or PORT
            options = dict(parse_qsl(parts.query, keep_blank_values=True, strict_parsing=bool(parts.query)))
        except ValueError as error:
            raise UsageError(
                "the database URL cannot be read; write it like "
                "`mysql://user:password@host:3306/database` and percent-encode special characters"
            ) from error
        if unknown := [name for name in options if name not in _OPTIONS]:
            raise UsageError(f"`{unknown[0]}` is no option of a MySQL URL; there are {', '.join(_OPTIONS)}")
        return cls(
            host=unquote(parts.hostname or "localhost"),
            port=port,
            database=unquote(parts.path.removeprefix("/")),
            user=unquote(parts.username or "root"),
            password=unquote(parts.password or ""),
            ssl_mode=options.get("ssl-mode", "prefer"),
            ssl_ca=options.get("ssl-ca", ""),
        )

    def __post_init__(self) -> None:
        if self.ssl_mode not in ("disable", "prefer", "require", "verify-ca", "verify-full"):
            raise UsageError(f"`{self.ssl_mode}` is no TLS mode of MySQL; `prefer` and `verify-full` are two")

    @property
    def key(self) -> Hashable:
        """What makes two targets the same place for one pool; no secret."""
        return ("mysql", self.host, self.port, self.database, self.user, self.ssl_mode, self.ssl_ca)

    @property
    def address(self) -> str:
        """The place for messages: `host:port`, or the socket."""
        return self.host if self.host.startswith("/") else f"{self.host}:{self.port}"

    def arguments(self) -> dict[str, Any]:
        """What PyMySQL's connection is given.

        Raises:
            OSError: the file of the authority cannot be read.
        """
        place = (
            {"unix_socket": self.host, "ssl_disabled": True}
            if self.host.startswith("/")
            else {"host": self.host, "port": self.port, **self._tls()}
        )
        return {
            **place,
            "user": self.user,
            "password": self.password,
            "database": self.database or None,
            "connect_timeout": CONNECT_TIMEOUT_S,
        }

    def _tls(self) -> dict[str, Any]:
        if self.ssl_mode in ("disable", "prefer"):  # PyMySQL itself uses TLS where the server has it
            return {"ssl_disabled": self.ssl_mode == "disable"}
        context = ssl.create_default_context(cafile=self.ssl_ca or None)
        context.check_hostname = self.ssl_mode == "verify-full"
        if self.ssl_mode == "require":
            context.verify_mode = ssl.CERT_NONE
        return {"ssl": context}
