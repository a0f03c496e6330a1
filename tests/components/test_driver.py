"""Pools are shared by what they connect to (rule 15); batches are written in the order of their key (rule 16)."""

from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from pydantic import ValidationError

from headrace.components.database.connector import Connector
from headrace.components.database.driver import open_database
from headrace.components.database.settings import ConnectorSettings
from headrace.components.database.table import upsert_batch
from headrace.engine.resources import SharedResources
from headrace.sdk import Statement, SystemClock
from headrace.store import RunStatus
from support.flows import run_flow


@pytest.fixture
async def resources():
    async with AsyncExitStack() as closing:
        yield SharedResources(Path("/nonexistent"), SystemClock(), closing)


def settings(**changes):
    return ConnectorSettings.model_validate({"host": "db", "username": "u", "database": "d", **changes})


async def test_rule_15_nodes_that_connect_to_one_place_share_a_pool_and_the_largest_number_counts(resources):
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
async def test_rule_15_another_place_or_user_has_a_pool_of_its_own(resources, changes):
    assert await open_database(settings(), resources) is not await open_database(
        settings(**changes), resources
    )


async def test_rule_15_statements_outside_the_tasks_transaction_have_a_pool_of_their_own(resources):
    apart = await open_database(settings(transaction="statement"), resources)
    assert await open_database(settings(), resources) is not apart
    assert await open_database(settings(transaction="statement"), resources) is apart


@pytest.mark.parametrize(("transaction", "limit"), [("task", "1h"), ("statement", "0")])
async def test_rule_15_statements_outside_the_tasks_transaction_have_no_limit_of_time(
    resources, postgres_url, transaction, limit
):
    given = ConnectorSettings.model_validate({"url": postgres_url, "transaction": transaction})
    database = await open_database(given, resources)
    shown = await database.execute(Statement("show transaction_timeout"))
    assert shown.rows == [{"transaction_timeout": limit}]


async def test_rule_15_the_key_of_a_pool_holds_no_secret(resources):
    url = "postgresql://u:{0}@db/d?sslpassword={0}&application_name=shown"
    keys = {
        (await open_database(ConnectorSettings.model_validate({"url": url.format(secret)}), resources)).key
        for secret in ("hunter22", "swordfish")
    }
    assert len(keys) == 1
    assert "hunter22" not in str(keys)
    assert "shown" in str(keys)


async def test_rule_15_a_task_holds_one_connection_of_a_pool(postgres_url):
    """It reads, writes and reads with a pool of one, in two branches at once; the next task gets it then."""
    run, seen = await run_flow(
        f"""
        defaults:
          database-module/connector: {{url: "{postgres_url}", maxOpenConns: 1, setup: "CREATE TABLE t (id int)"}}
        nodes:
          start: {{component: common-module/signal}}
          each: {{component: common-module/iterator, settings: {{concurrency: 4}}, input: {{array: [1, 2, 3, 4]}}}}
          before: {{component: database-module/connector, input: {{query: SELECT count(*) FROM t}}}}
          write: {{component: database-module/connector, input: {{query: INSERT INTO t VALUES (1)}}}}
          after: {{component: database-module/connector, input: {{query: SELECT count(*) AS n FROM t}}}}
          later: {{component: common-module/async}}
          again: {{component: database-module/connector, input: {{query: SELECT count(*) AS n FROM t}}}}
          end: {{component: test-module/probe}}
        edges:
          - each:item -> before -> write -> after
          - start -> each
          - each:done -> later -> again -> end
        """
    )
    assert (run.status, run.retries, run.error_count) == (RunStatus.SUCCEEDED, 0, 0)
    assert seen["end"][0]["result"]["rows"] == [{"n": 4}]


async def test_rule_11_a_connector_says_which_database_commits_with_its_tasks(resources):
    """The engine looks there for what has committed; with `transaction: statement` there is none."""
    for transaction in ("task", "statement"):
        connector = Connector(settings(transaction=transaction))
        assert connector.database is None
        await connector.open(resources)
        shared = await open_database(settings(), resources)
        assert connector.database is (shared if transaction == "task" else None)


def test_an_upsert_sorts_its_rows_by_key_so_that_parallel_batches_lock_in_one_order():
    rows = [{"id": 3, "n": "c"}, {"id": 1, "n": "a"}, {"id": 2, "n": "b"}]
    (statement,) = upsert_batch("t", "id", [], rows).statements()
    (reverse,) = upsert_batch("t", "id", [], rows[::-1]).statements()
    assert statement == reverse
    assert list(map(list, statement.rows)) == [[1, "a"], [2, "b"], [3, "c"]]


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
