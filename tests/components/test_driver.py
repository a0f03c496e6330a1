"""Pools are shared by what they connect to (rule 15); batches are written in the order of their key (rule 16)."""

from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from pydantic import ValidationError

from headrace.components.database.driver import open_database
from headrace.components.database.settings import ConnectorSettings
from headrace.components.database.upsert import upsert_batch
from headrace.engine.resources import SharedResources
from headrace.sdk import SystemClock


@pytest.fixture
async def resources():
    async with AsyncExitStack() as closing:
        yield SharedResources(Path("/nonexistent"), SystemClock(), closing)


def settings(**changes):
    return ConnectorSettings.model_validate({"host": "db", "username": "u", "database": "d", **changes})


async def test_nodes_that_connect_to_one_place_share_a_pool_and_the_largest_number_counts(resources):
    first = await open_database(settings(maxOpenConns=7), resources)
    second = await open_database(settings(maxOpenConns=3, password="other"), resources)
    assert first is second
    assert first.max_size == 7
    assert await open_database(settings(maxOpenConns=9), resources) is first
    assert first.max_size == 9


@pytest.mark.parametrize(
    "changes",
    [{"host": "other"}, {"port": 5433}, {"database": "e"}, {"username": "v"}, {"sslMode": "require"}],
)
async def test_another_place_or_user_has_a_pool_of_its_own(resources, changes):
    assert await open_database(settings(), resources) is not await open_database(
        settings(**changes), resources
    )


async def test_statements_outside_the_tasks_transaction_have_a_pool_of_their_own(resources):
    apart = await open_database(settings(transaction="statement"), resources)
    assert await open_database(settings(), resources) is not apart


def test_an_upsert_sorts_its_rows_by_key_so_that_parallel_batches_lock_in_one_order():
    rows = [{"id": 3, "n": "c"}, {"id": 1, "n": "a"}, {"id": 2, "n": "b"}]
    (statement,) = upsert_batch("t", "id", rows).statements()
    (reverse,) = upsert_batch("t", "id", rows[::-1]).statements()
    assert statement == reverse
    assert statement.parameters == [1, "a", 2, "b", 3, "c"]


@pytest.mark.parametrize("url", ["sqlite:///a.db", "postgresql://h/d", "postgres://h/d"])
def test_the_url_says_which_driver(url):
    expected = "sqlite" if url.startswith("sqlite") else "postgres"
    assert ConnectorSettings.model_validate({"url": url}).dialect == expected
    assert ConnectorSettings.model_validate({"url": url, "driver": expected}).dialect == expected


@pytest.mark.parametrize(
    ("driver", "url", "other"),
    [("postgres", "sqlite:///a.db", "sqlite"), ("sqlite", "postgresql://h/d", "postgres")],
)
def test_a_driver_that_is_not_the_urls_is_refused_before_anything_is_opened(driver, url, other):
    with pytest.raises(
        ValidationError, match=f"`driver` is `{driver}`, but the `url` is one of {other}; leave `driver` out"
    ):
        ConnectorSettings.model_validate({"driver": driver, "url": url})
