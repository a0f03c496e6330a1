"""Settings of the database connector."""

from typing import Literal, Self

from pydantic import Field, SecretStr, field_validator, model_validator

from headrace.sdk import Settings

__all__ = ["ConnectorSettings"]


_SCHEMES = {
    "postgres": "postgres",
    "postgresql": "postgres",
    "sqlite": "sqlite",
    "mysql": "mysql",
    "mariadb": "mysql",
}


def _driver_of(url: str) -> str | None:
    """The driver that a URL's scheme names; None where it names none of ours, or there is no URL."""
    scheme = url.partition("://")[0] if "://" in url else ""
    return _SCHEMES.get(scheme)


class ConnectorSettings(Settings):
    """Settings of the database connector."""

    driver: Literal["postgres", "sqlite", "mysql"] = "postgres"
    """Which kind of database; where there is a `url`, it says so itself. `mysql` is MariaDB, too."""
    host: str = ""
    """Name or address of the server, the folder of its Unix socket, or `embedded`: a server of headrace's."""
    port: int = Field(5432, ge=1, le=65535)
    """Port of the server; of MySQL 3306 if none is given."""
    database: str = ""
    """Name of the database; for SQLite the path of the file."""
    username: str = ""
    """Who connects."""
    password: SecretStr = SecretStr("")
    """The password, from a secret."""
    ssl_mode: Literal["disable", "allow", "prefer", "require", "verify-ca", "verify-full"] = "prefer"
    """As in libpq; does not apply to Unix sockets. MySQL has no `allow`."""
    url: SecretStr = SecretStr("")
    """Instead of the rest: `postgresql://user:password@host:5432/database`, `mysql://…`, `sqlite:///path`."""
    max_open_conns: int = Field(10, ge=1, le=1000)
    """Connections at most; of the nodes that share a database the largest number counts."""
    transaction: Literal["task", "statement"] = "task"
    """`task`: all writes of a task commit together, with it; `statement`: each by itself, at least once,
    which MySQL needs."""
    setup: list[str] = Field(default_factory=list)
    """Statements run once when the flow starts, such as `CREATE TABLE IF NOT EXISTS …`."""

    @field_validator("setup", mode="before", json_schema_input_type=str | list[str])
    @classmethod
    def _as_list(cls, value: object) -> object:
        return [value] if isinstance(value, str) else value

    @property
    def dialect(self) -> str:
        """Which kind of database: what the URL says, else `driver`."""
        return _driver_of(self.url.get_secret_value()) or self.driver

    @model_validator(mode="after")
    def _commits_as_it_can(self) -> Self:
        if self.dialect == "mysql" and self.transaction != "statement":
            raise ValueError(
                "`transaction: statement` is required for MySQL: each statement commits by itself, "
                "at least once"
            )
        return self

    @model_validator(mode="after")
    def _says_where(self) -> Self:
        if self.url.get_secret_value():
            if "driver" in self.model_fields_set and self.driver != self.dialect:
                raise ValueError(
                    f"`driver` is `{self.driver}`, but the `url` is one of {self.dialect}; leave `driver` out"
                )
            return self
        if self.driver == "sqlite":
            if not self.database:
                raise ValueError("`database`, the path of the file, is required for SQLite (or give `url`)")
        elif not self.host:
            raise ValueError("`host` is required by database-module/connector (or give `url`)")
        return self
