"""From settings to a pool that nodes share. Drivers are loaded by name: each is an optional extra."""

import importlib
import importlib.util
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import unquote, urlsplit

from headrace.components.database.settings import ConnectorSettings
from headrace.errors import UsageError
from headrace.sdk import Database, PermanentError, Resources, Statement

__all__ = ["SharedDatabase", "open_database", "set_up"]


class SharedDatabase(Database, Protocol):
    """A database that nodes share."""

    def grow(self, max_size: int) -> None:
        """Allow more connections; the largest number counts."""

    async def close(self) -> None:
        """Close all connections."""


async def open_database(settings: ConnectorSettings, resources: Resources) -> SharedDatabase:
    """The pool for these settings, shared with all nodes that connect to the same place.

    Raises:
        PermanentError: a package is not installed.
        ComponentError | UsageError: the embedded server does not start; the settings are contradictory.
    """
    if settings.dialect == "sqlite":
        return await _open_sqlite(settings, resources)
    if settings.dialect == "mysql":
        return await _open_mysql(settings, resources)
    return await _open_postgres(settings, resources)


class _Done:
    """That a statement of `setup` was run."""

    async def close(self) -> None:
        """Nothing is open."""


async def set_up(database: SharedDatabase, sql: str, resources: Resources) -> None:
    """Run a statement once a start and database, however many nodes name it.

    Raises:
        ComponentError: as `Database.execute`.
    """

    async def run() -> _Done:
        await database.execute(Statement(sql))
        return _Done()

    await resources.acquire(("setup", database.key, sql), run)


async def _open_sqlite(settings: ConnectorSettings, resources: Resources) -> SharedDatabase:
    module = importlib.import_module("headrace.connections.sqlite")
    database = module.SqliteDatabase(_sqlite_path(settings), max_size=settings.max_open_conns)
    return await _share(database, settings, resources)


def _sqlite_path(settings: ConnectorSettings) -> str:
    """`sqlite:///relative.db` and `sqlite:////absolute.db`, as SQLAlchemy has it; else `database`.

    Raises:
        UsageError: the URL is another database's, or the file's folder is not there: waiting cannot help.
    """
    url = settings.url.get_secret_value()
    if url and not url.startswith("sqlite:///"):
        raise UsageError("the `url` of the driver `sqlite` must begin with `sqlite:///`")
    path = unquote(urlsplit(url).path).removeprefix("/") if url else settings.database
    folder = Path(path).expanduser().absolute().parent
    if not folder.is_dir():
        raise UsageError(f"the folder `{folder}` of the SQLite file is not there; make it first")
    return path


async def _open_postgres(settings: ConnectorSettings, resources: Resources) -> SharedDatabase:
    _require("psycopg", "postgres")
    module = importlib.import_module("headrace.connections.postgres")
    if settings.host == "embedded":
        target = await _embedded_target(settings, resources, module)
    elif url := settings.url.get_secret_value():
        target = module.PostgresTarget.parse(url)
    else:
        target = module.PostgresTarget(
            host=settings.host,
            port=settings.port,
            database=settings.database or settings.username or "postgres",
            user=settings.username or "postgres",
            password=settings.password.get_secret_value(),
            ssl_mode=settings.ssl_mode,
        )
    commits_tasks = settings.transaction == "task"
    pool = module.PostgresPool(target, max_size=settings.max_open_conns, time_limits=commits_tasks)
    return await _share(pool, settings, resources)


async def _open_mysql(settings: ConnectorSettings, resources: Resources) -> SharedDatabase:
    _require("pymysql", "mysql")
    module = importlib.import_module("headrace.connections.mysql")
    if url := settings.url.get_secret_value():
        target = module.MysqlTarget.parse(url)
    else:
        target = module.MysqlTarget(
            host=settings.host,
            port=settings.port if "port" in settings.model_fields_set else 3306,
            database=settings.database,
            user=settings.username or "root",
            password=settings.password.get_secret_value(),
            ssl_mode=settings.ssl_mode,
        )
    return await _share(module.MysqlDatabase(target, max_size=settings.max_open_conns), settings, resources)


def _require(package: str, driver: str) -> None:
    """Refuse a driver whose package is not installed.

    Raises:
        PermanentError: it is not.
    """
    if importlib.util.find_spec(package) is None:
        raise PermanentError(
            f"the driver `{driver}` needs a package: pip install 'headrace[{driver}]'", code="HR318"
        )


async def _embedded_target(settings: ConnectorSettings, resources: Resources, module: Any) -> Any:  # noqa: ANN401 - the module is loaded by name
    embedded = importlib.import_module("headrace.connections.embedded")
    user = settings.username or "headrace"
    database = settings.database or "headrace"

    async def start() -> Any:  # noqa: ANN401 - likewise
        return await embedded.SharedServer.start(resources.home)

    server = await resources.acquire(("embedded", str(resources.home)), start)
    await server.ensure(database, user)
    return module.PostgresTarget(host=server.socket_folder, port=server.port, database=database, user=user)


async def _share(
    database: SharedDatabase, settings: ConnectorSettings, resources: Resources
) -> SharedDatabase:
    """One pool for all nodes with the same target; `transaction: statement` has one of its own (rule 15)."""

    async def make() -> SharedDatabase:
        return database

    shared = await resources.acquire((settings.transaction, database.key), make)
    shared.grow(settings.max_open_conns)
    return shared
