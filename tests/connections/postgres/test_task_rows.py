"""Rows of tasks in PostgreSQL: where the table is, who may use it, answers that are lost, limits of time."""

import re
from itertools import count
from urllib.parse import quote

import psycopg
import pytest

from headrace.connections.postgres import PostgresPool, PostgresTarget
from headrace.errors import InfrastructureError, PermanentError
from headrace.sdk.transaction import Statement, TaskRow
from support.proxy import proxied

ROW = TaskRow("run1.task", '{"said": "ä 🦕"}'.encode())
INSERT = "insert into t values ($1)"
_numbers = count(1)


@pytest.fixture
async def connect():
    """Open pools that are closed at the end."""
    pools = []

    def make(url, **options):
        pools.append(PostgresPool(PostgresTarget.parse(url), **options))
        return pools[-1]

    yield make
    for pool in pools:
        await pool.close()


@pytest.fixture
def run(postgres_url):
    """Run statements as the superuser; gives the rows of the last."""

    def run_all(*statements):
        with psycopg.connect(postgres_url, autocommit=True) as connection:
            for sql in statements:
                cursor = connection.execute(sql)
            return cursor.fetchall() if cursor.description else []

    run_all("create table t (id int)")
    return run_all


@pytest.fixture
def user(postgres_server, postgres_url, run):
    """A user with no more rights than a table to write into; gives name and URL."""
    name = f"app {next(_numbers)}"
    run(f'create role "{name}" login', f'grant select, insert on t to "{name}"')
    yield name, postgres_server.url(PostgresTarget.parse(postgres_url).database, name)
    run(f'drop owned by "{name}" cascade', f'drop role "{name}"')


def with_options(url, **options):
    """The URL with settings of the session."""
    return f"{url}&options={quote(' '.join(f'-c {name}={value}' for name, value in options.items()))}"


async def write(pool, row=ROW, *before):
    transaction = await pool.begin()
    for sql in before:
        await transaction.execute(Statement(sql))
    await transaction.execute(Statement(INSERT, [1]))
    return await transaction.commit(row)


# ---- answers that are lost


async def test_rule_16_a_commit_whose_answer_is_lost_is_settled_by_reading_the_row(
    connect, run, postgres_url
):
    async with proxied(postgres_url) as proxy:
        pool = PostgresPool(proxy.target)
        await write(pool, TaskRow("run1.first", b"{}"))
        transaction = await pool.begin()
        await transaction.execute(Statement(INSERT, [2]))
        proxy.cut = True
        with pytest.raises(InfrastructureError, match="was lost"):
            await transaction.commit(ROW)
        await pool.close()
    assert await connect(postgres_url).find_task(ROW.task_id) == ROW.outcome
    assert run("select id from t order by id") == [(1,), (2,)]


async def test_rule_16_a_connection_lost_before_the_commit_leaves_neither_row_nor_writes(
    connect, run, postgres_url
):
    pool = connect(postgres_url)
    transaction = await pool.begin()
    await transaction.execute(Statement(INSERT, [1]))
    run("select pg_terminate_backend(pid, 5000) from pg_stat_activity where state = 'idle in transaction'")
    with pytest.raises(InfrastructureError):
        await transaction.commit(ROW)
    assert await pool.find_task(ROW.task_id) is None
    assert run("select id from t") == []


# ---- what else fails at a commit


async def test_rule_12_a_broken_constraint_of_the_users_own_is_no_second_delivery(connect, run, postgres_url):
    run("alter table t add unique (id) deferrable initially deferred")
    pool = connect(postgres_url)
    with pytest.raises(PermanentError, match='unique constraint "t_id_key"') as caught:
        await write(pool, ROW, "insert into t values (1)")
    assert caught.value.code == "23505"
    assert await pool.find_task(ROW.task_id) is None


@pytest.mark.parametrize("level", ["read committed", "repeatable read", "serializable"])
async def test_rule_12_a_late_commit_fails_at_every_level_of_isolation(connect, run, postgres_url, level):
    url = with_options(postgres_url, default_transaction_isolation=level.replace(" ", "\\ "))
    pool = connect(url)
    late = await pool.begin()
    assert (await late.execute(Statement("show transaction_isolation"))).rows == [
        {"transaction_isolation": level}
    ]
    await late.execute(Statement(INSERT, [2]))
    await write(connect(url))
    with pytest.raises(InfrastructureError):
        await late.commit(ROW)
    assert run("select id from t") == [(1,)]


async def test_a_failed_transaction_cannot_be_committed_with_a_row(connect, run, postgres_url):
    pool = connect(postgres_url)
    transaction = await pool.begin()
    with pytest.raises(PermanentError):
        await transaction.execute(Statement("select 1/0"))
    with pytest.raises(PermanentError, match="rolled it back instead of committing"):
        await transaction.commit(ROW)
    assert await pool.find_task(ROW.task_id) is None


# ---- where the table is


async def test_rule_11_a_search_path_that_the_user_sets_does_not_move_the_table(connect, run, postgres_url):
    run("create schema other", "create table other.t (id int)")
    pool = connect(postgres_url)
    await write(pool, ROW, "set local search_path = other")
    await write(pool, TaskRow("run1.b", b"{}"), "set search_path = ''", "set search_path = other")
    assert run("select count(*) from public.headrace_tasks") == [(2,)]
    assert run("select to_regclass('other.headrace_tasks')") == [(None,)]
    assert await connect(postgres_url).find_task(ROW.task_id) == ROW.outcome


async def test_rule_11_the_table_lies_in_the_schema_of_the_connections(connect, run, postgres_url):
    run('create schema "My ""ä"""')
    url = with_options(postgres_url, search_path='"My\\ ""ä""",public')
    await write(connect(url))
    assert run('select task_id from "My ""ä""".headrace_tasks') == [(ROW.task_id,)]
    assert await connect(url).find_task(ROW.task_id) == ROW.outcome
    assert await connect(postgres_url).find_task(ROW.task_id) is None


async def test_rule_11_a_table_that_is_in_use_stays_so_when_a_schema_is_put_before_its_own(
    connect, run, postgres_url
):
    await write(connect(postgres_url))
    run("create schema postgres")  # the search_path begins with the user's name
    pool = connect(postgres_url)
    assert await pool.find_task(ROW.task_id) == ROW.outcome
    await write(pool, TaskRow("run1.b", b"{}"))
    assert run("select count(*) from public.headrace_tasks") == [(2,)]


async def test_rule_11_a_table_that_cannot_be_used_does_not_hide_one_that_can(connect, run, postgres_url):
    await write(connect(postgres_url))
    run("create schema a", "create view a.headrace_tasks as select 1")
    assert (
        await connect(with_options(postgres_url, search_path="a,public")).find_task(ROW.task_id)
        == ROW.outcome
    )


@pytest.mark.parametrize("encoding", ["LATIN1", "SQL_ASCII", "UTF8"])
async def test_rule_11_an_outcome_comes_back_whatever_the_encoding_of_the_database(
    connect, postgres_server, encoding
):
    name = f"in_{encoding.lower()}"
    with psycopg.connect(postgres_server.url(), autocommit=True) as connection:
        connection.execute(f"create database {name} template template0 encoding '{encoding}' locale 'C'")
    url = postgres_server.url(name)
    pool = connect(url)
    await pool.execute(Statement("create table t (id int)"))
    await write(pool)
    assert await pool.find_task(ROW.task_id) == ROW.outcome
    await pool.close()
    with psycopg.connect(postgres_server.url(), autocommit=True) as connection:
        connection.execute(f"drop database {name} with (force)")


async def test_rows_are_found_by_the_order_of_their_bytes_in_a_table_made_by_hand(connect, run, postgres_url):
    # In a language's order `.` and `/` count last, so that a run's rows are not together. Not every machine has one.
    ((other,),) = run(
        "select coalesce(min(collname), 'default') from pg_collation where collname ~ '^[a-z]{2}_'"
    )
    run(f'create table headrace_tasks (task_id varchar(99) collate "{other}" primary key, outcome bytea)')
    pool = connect(postgres_url)
    for task_id in ("a.1", "A.1", "a1", "ab.1", "a.z"):
        await write(pool, TaskRow(task_id, b"{}"))
    assert await pool.forget_tasks(["a"]) == 2
    assert run('select task_id from headrace_tasks order by task_id collate "C"') == [
        ("A.1",),
        ("a1",),
        ("ab.1",),
    ]


async def test_rule_12_rows_of_a_run_are_removed_by_the_index(connect, run, postgres_url):
    pool = connect(postgres_url)
    await write(pool)
    run(
        "insert into headrace_tasks select 'r' || n || '.' || n, '' from generate_series(1, 20000) n",
        "analyze",
    )
    plan = run(
        "explain delete from headrace_tasks where task_id collate \"C\" >= 'r7.' and task_id collate \"C\" < 'r7/'"
    )
    assert any("headrace_tasks_pkey" in line for (line,) in plan)


async def test_rule_16_a_table_that_goes_away_fails_the_commit_and_is_looked_for_again(
    connect, run, postgres_url
):
    pool = connect(with_options(postgres_url, search_path="a,b,public"))
    run("create schema a")
    await write(pool)
    transaction = await pool.begin()
    await transaction.execute(Statement("insert into t values (2)"))
    run("alter schema a rename to b")
    with pytest.raises(InfrastructureError, match="`headrace_tasks` is gone"):
        await transaction.commit(TaskRow("run1.b", b"{}"))
    assert run("select id from t") == [(1,)]
    assert await pool.find_task(ROW.task_id) == ROW.outcome
    assert await write(pool, TaskRow("run1.b", b"{}")) is True
    assert run("select count(*) from b.headrace_tasks") == [(2,)]


# ---- who may use it


def statements_of(error):
    assert error.code == "HR326"
    return [line.strip() for line in str(error).splitlines()[1:]]


async def test_rule_16_no_right_to_create_the_table_is_an_error_with_the_ddl(connect, run, user):
    name, url = user
    pool = connect(url)
    with pytest.raises(PermanentError) as caught:
        await write(pool)
    assert re.match(
        rf"each commit is noted in `headrace_tasks`, which is not there, and `\"{name}\"` cannot make it "
        r"\(permission denied for schema public\); have someone run:\n  CREATE TABLE public\.headrace_tasks \(",
        str(caught.value),
    )
    assert await pool.find_task(ROW.task_id) is None
    run(*statements_of(caught.value))
    assert await write(pool) is True
    assert await pool.find_task(ROW.task_id) == ROW.outcome
    assert await pool.forget_tasks(["run1"]) == 1


async def test_rule_16_a_table_that_is_there_needs_no_right_to_create_it(connect, run, user, postgres_url):
    name, url = user
    await write(connect(postgres_url))
    run(f'grant select, insert on headrace_tasks to "{name}"')
    pool = connect(url)
    assert await pool.find_task(ROW.task_id) == ROW.outcome
    assert await write(pool, TaskRow("run1.b", b"{}")) is True


async def test_rule_16_no_right_to_use_the_table_is_an_error_with_the_grant(connect, run, user, postgres_url):
    name, url = user
    await write(connect(postgres_url))
    pool = connect(url)
    for work in (write(pool), pool.find_task("x")):
        with pytest.raises(PermanentError) as caught:
            await work
        statements = [f'GRANT SELECT, INSERT, DELETE ON public.headrace_tasks TO "{name}";']
        assert statements_of(caught.value) == statements
    run(*statements)
    assert await write(pool, TaskRow("run1.b", b"{}")) is True
    run(f'revoke insert, delete on headrace_tasks from "{name}"')
    for work in (write(pool, TaskRow("run1.c", b"{}")), pool.forget_tasks(["run1"])):
        with pytest.raises(PermanentError) as caught:
            await work
        assert statements_of(caught.value) == statements


async def test_rule_16_a_search_path_without_a_schema_is_an_error_with_the_ddl(connect, run, user):
    name, url = user
    run(f"alter role \"{name}\" set search_path = ''", f'grant usage on schema public to "{name}"')
    with pytest.raises(PermanentError, match="has no schema to make it in") as caught:
        await (await connect(url).begin()).rollback()
    run(*statements_of(caught.value))
    transaction = await connect(url).begin()
    await transaction.execute(Statement("insert into public.t values (1)"))
    await transaction.commit(ROW)
    assert run(f'select task_id from "{name}".headrace_tasks') == [(ROW.task_id,)]


async def test_rule_16_a_view_of_that_name_is_refused(connect, run, postgres_url):
    run("create view headrace_tasks as select 'a' as task_id")
    pool = connect(postgres_url)
    with pytest.raises(PermanentError, match="is something else") as caught:
        await write(pool)
    run(*statements_of(caught.value))
    assert await write(pool) is True


async def test_a_server_that_takes_no_writes_says_so(connect, run, postgres_url):
    pool = connect(with_options(postgres_url, default_transaction_read_only="on"))
    with pytest.raises(PermanentError, match="in a read-only transaction") as caught:
        await write(pool)
    assert caught.value.code == "25006"


# ---- limits of time


async def limits(pool):
    sql = "select current_setting('transaction_timeout') a, current_setting('idle_in_transaction_session_timeout') b"
    return [*(await pool.execute(Statement(sql))).rows[0].values()]


async def test_rule_12_the_server_ends_transactions_of_tasks(connect, postgres_url):
    assert await limits(connect(postgres_url)) == ["1h", "10min"]
    assert await limits(connect(postgres_url, time_limits=False)) == ["0", "0"]


async def test_rule_12_limits_that_somebody_has_set_stay(connect, run, postgres_url):
    database = PostgresTarget.parse(postgres_url).database
    run(f"alter database {database} set transaction_timeout = '7min'")
    assert await limits(connect(postgres_url)) == ["7min", "10min"]
    url = with_options(postgres_url, transaction_timeout="2h", idle_in_transaction_session_timeout="5s")
    assert await limits(connect(url)) == ["2h", "5s"]


async def test_rule_12_a_transaction_that_lies_idle_is_ended_by_the_server_and_the_error_says_the_cure(
    connect, run, postgres_url
):
    pool = connect(with_options(postgres_url, idle_in_transaction_session_timeout=50))
    transaction = await pool.begin()
    pid = (await transaction.execute(Statement("select pg_backend_pid() as pid"))).rows[0]["pid"]
    while run(f"select 1 from pg_stat_activity where pid = {pid}"):
        pass
    with pytest.raises(InfrastructureError, match="put slow requests and delays before it") as caught:
        await transaction.commit(ROW)
    assert caught.value.code == "25P03"
    assert await pool.find_task(ROW.task_id) is None


async def test_rule_12_an_idle_transaction_that_the_loop_saw_end_says_why(connect, run, postgres_url):
    pool = connect(with_options(postgres_url, idle_in_transaction_session_timeout=50))
    transaction = await pool.begin()
    await transaction.execute(Statement(INSERT, [1]))
    while not transaction._session.broken:
        await pool.execute(Statement("select 1"))
    with pytest.raises(
        InfrastructureError, match="after its first write the task did something else"
    ) as caught:
        await transaction.execute(Statement(INSERT, [2]))
    assert caught.value.code == "25P03"
    await transaction.rollback()


async def test_rule_12_a_transaction_that_takes_too_long_is_ended_and_the_error_says_the_cure(
    connect, run, postgres_url
):
    pool = connect(with_options(postgres_url, transaction_timeout=50))
    transaction = await pool.begin()
    with pytest.raises(InfrastructureError, match="give it less to do") as caught:
        await transaction.execute(Statement("select pg_sleep(30)"))
    assert caught.value.code == "25P04"
    await transaction.rollback()
