"""A database of MariaDB for each test."""

from collections.abc import Iterator

import pytest

from headrace.connections.mysql import MysqlDatabase, MysqlTarget
from support.mariadb import MariaDb


@pytest.fixture
def url(mariadb_server: MariaDb) -> Iterator[str]:
    with mariadb_server.fresh_database() as name:
        yield mariadb_server.url(name)


@pytest.fixture
async def database(url):
    database = MysqlDatabase(MysqlTarget.parse(url), max_size=3, wait_s=2)
    yield database
    await database.close()
