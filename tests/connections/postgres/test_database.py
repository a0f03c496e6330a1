"""Statements, transactions and the pool on a real server."""

import asyncio
import base64
import socket

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from headrace.connections.postgres import PostgresPool, PostgresTarget
from headrace.errors import InfrastructureError, InternalError, PermanentError, UsageError
from headrace.sdk.transaction import Result, Statement


@pytest.fixture
async def pool(postgres_url):
    pool = PostgresPool(PostgresTarget.parse(postgres_url), max_size=4, wait_s=2)
    yield pool
    await pool.close()


async def rows(pool, sql, *parameters):
    return (await pool.execute(Statement(sql, parameters))).rows


async def value(pool, sql, *parameters):
    ((only,),) = [list(row.values()) for row in await rows(pool, sql, *parameters)]
    return only


READINGS = {
    "true": True,
    "2::int2": 2,
    "9223372036854775807": 2**63 - 1,
    "12.00::numeric": 12,
    "-0.5::numeric": -0.5,
    "1e30::numeric": 10**30,
    "'NaN'::numeric": "NaN",
    "1.5::float8": 1.5,
    "'-Infinity'::float8": "-Infinity",
    "null::text": None,
    "'x'::char(3)": "x  ",
    """'{"a":[1,null]}'::jsonb""": {"a": [1, None]},
    "'null'::json": None,
    "'2026-01-02 03:04:05.5+02'::timestamptz": "2026-01-02T01:04:05.5Z",
    "'infinity'::timestamptz": "infinity",
    "'0044-03-15 00:00:00+00 BC'::timestamptz": "0044-03-15 00:00:00+00 BC",
    "'2026-01-02 03:04:05'::timestamp": "2026-01-02T03:04:05",
    "'2026-01-02'::date": "2026-01-02",
    "'03:04'::time": "03:04:00",
    "'1 day 2 hours'::interval": "1 day 02:00:00",
    "'0d1b6f5e-5b3c-4f0e-9d43-111111111111'::uuid": "0d1b6f5e-5b3c-4f0e-9d43-111111111111",
    "'\\x0001ff'::bytea": base64.b64encode(b"\x00\x01\xff").decode(),
    "array[1,null,3]": [1, None, 3],
    "array[[1,2],[3,4]]": [[1, 2], [3, 4]],
    "array['a,b','c\"d','e\\f','NULL',null,'']": ["a,b", 'c"d', "e\\f", "NULL", None, ""],
    "'{}'::text[]": [],
    "'[0:1]={7,8}'::int[]": [7, 8],
    """array['{"a":"x,y"}'::jsonb]""": [{"a": "x,y"}],
    "array['2026-01-02T00:00:00Z'::timestamptz]": ["2026-01-02T00:00:00Z"],
    "row(1,'a')::text": "(1,a)",
    "'10.0.0.1'::inet": "10.0.0.1",
    "int4range(1,5)": "[1,5)",
}


async def test_every_type_is_read_as_its_json_value(pool):
    sql = "select " + ", ".join(f"{text} as c{i}" for i, text in enumerate(READINGS))
    (row,) = await rows(pool, sql)
    assert dict(zip(READINGS, row.values(), strict=True)) == READINGS


async def test_values_bind_by_the_type_of_their_parameter(pool):
    await pool.execute(Statement("create type mood as enum ('sad', 'happy')"))
    await pool.execute(Statement("create domain label as text check (value <> '')"))
    await pool.execute(
        Statement(
            "create table t (i int, n numeric, f float8, b bool, j jsonb, t timestamptz, d date, u uuid,"
            " m mood, l label, a text[], ms mood[], ls label[], x bytea)"
        )
    )
    given = [
        5.0, 2**90, 1e-7, True, {"a": 1}, "2026-01-02T03:04:05.123456Z", "2026-01-02",
        "0d1b6f5e-5b3c-4f0e-9d43-111111111111", "happy", "ä", ["x", None], ["sad", "happy"], ["p", "q"], "AQI=",
    ]  # fmt: skip
    holders = ", ".join(f"${n}" for n in range(1, 15))
    result = await pool.execute(Statement(f"insert into t values ({holders}) returning *", given))
    assert result == Result(
        [
            dict(
                zip(
                    ["i", "n", "f", "b", "j", "t", "d", "u", "m", "l", "a", "ms", "ls", "x"],
                    given,
                    strict=True,
                )
            )
        ],
        1,
        "INSERT",
    )


async def test_an_open_parameter_takes_the_type_of_its_value(pool):
    for item in (1, 2**70, 1.5, True, "x"):
        assert await value(pool, "select jsonb_build_array($1)", item) == [item]


async def test_an_open_parameter_in_a_transaction_leaves_it_whole(pool):
    await pool.execute(Statement("create table t (id int)"))
    transaction = await pool.begin()
    await transaction.execute(Statement("insert into t values (1)"))
    result = await transaction.execute(Statement("select jsonb_build_array($1) as x", [2]))
    await transaction.commit()
    assert result.rows == [{"x": [2]}]
    assert await value(pool, "select count(*) from t") == 1


json_texts = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]))
json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**20), 10**20) | json_texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(json_texts, inner, max_size=3),
    max_leaves=8,
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    texts=st.lists(st.none() | json_texts),
    values=st.lists(st.dictionaries(json_texts, json_values, max_size=3) | st.lists(json_values, max_size=3)),
    numbers=st.lists(st.none() | st.integers(-(2**63), 2**63 - 1)),
    floats=st.lists(st.floats(allow_nan=False, allow_infinity=False)),
)
def test_arrays_come_back_as_they_went_in(postgres_server, texts, values, numbers, floats):
    async def round_trip():
        pool = PostgresPool(PostgresTarget.parse(postgres_server.url()))
        try:
            return await rows(
                pool, "select $1::text[] a, $2::jsonb[] b, $3::int8[] c, $4::float8[] d", texts, values, numbers, floats
            )  # fmt: skip
        finally:
            await pool.close()

    assert asyncio.run(round_trip()) == [{"a": texts, "b": values, "c": numbers, "d": floats}]


async def test_the_result_tells_command_and_rows(pool):
    assert await pool.execute(Statement("create table t (id int, x text)")) == Result([], 0, "CREATE TABLE")
    inserted = await pool.execute(
        Statement("insert into t values ($1, $2)", rows=[[1, "a"], [2, "b"], [3, None]])
    )
    assert inserted == Result([], 3, "INSERT")
    assert await pool.execute(Statement("update t set x = 'z' where id > 1")) == Result([], 2, "UPDATE")
    assert await pool.execute(Statement("insert into t values ($1)", rows=[])) == Result()


async def test_rows_of_one_statement_commit_together_or_not_at_all(pool):
    await pool.execute(Statement("create table t (id int primary key)"))
    with pytest.raises(PermanentError):
        await pool.execute(Statement("insert into t values ($1)", rows=[[1], [2], [1]]))
    assert await value(pool, "select count(*) from t") == 0


FAILURES = {
    "select * fro t": (
        "42601",
        'syntax error at or near "fro" (line 1, column 10 of the SQL)\n  select * fro t\n           ^',
    ),
    "select\n  nope\nfrom t": (
        "42703",
        'column "nope" does not exist (line 2, column 3 of the SQL)\n    nope\n    ^',
    ),
    "insert into t values (1), (1)": (
        "23505",
        'duplicate key value violates unique constraint "t_pkey"; Key (id)=(1) already exists.',
    ),
    "select 1; select 2": (
        "42601",
        "one query takes one statement; give each statement a node of its own, or use `setup`",
    ),
    "select 1 as a, 2 as a": ("HR324", "two columns are named `a`; name one of them with AS"),
    "select 1/0": ("22012", "division by zero"),
}


@pytest.mark.parametrize("sql", FAILURES)
async def test_a_wrong_statement_is_a_permanent_error_in_plain_words(pool, sql):
    await pool.execute(Statement("create table t (id int primary key)"))
    with pytest.raises(PermanentError) as caught:
        await pool.execute(Statement(sql))
    assert (caught.value.code, str(caught.value)) == FAILURES[sql]
    assert await value(pool, "select 1") == 1


async def test_the_facts_of_a_broken_constraint_are_told(pool):
    await pool.execute(Statement("create table t (id int primary key)"))
    with pytest.raises(PermanentError) as caught:
        await pool.execute(Statement("insert into t values (1), (1)"))
    assert caught.value.detail == {
        "sqlstate": "23505", "schema": "public", "table": "t", "constraint": "t_pkey",
    }  # fmt: skip


async def test_copy_is_refused_and_its_connection_replaced(pool):
    await pool.execute(Statement("create table t (id int)"))
    for sql in ("copy t from stdin", "copy t to stdout"):
        with pytest.raises(PermanentError, match="COPY from or to the client does not run here"):
            await pool.execute(Statement(sql))
    assert await value(pool, "select 1") == 1


async def test_marks_keep_and_undo(pool):
    await pool.execute(Statement("create table t (id int primary key)"))
    insert = "insert into t values ($1)"
    transaction = await pool.begin()
    transaction.mark("a")
    await transaction.execute(Statement(insert, [1]))
    transaction.mark("b")
    await transaction.execute(Statement(insert, [2]))
    transaction.undo("b")
    transaction.release("a")
    transaction.mark("c")
    with pytest.raises(PermanentError):
        await transaction.execute(Statement(insert, [1]))
    transaction.undo("c")
    transaction.mark("d")
    with pytest.raises(PermanentError):
        await transaction.execute(Statement("insert into nowhere values ($1)", [1]))
    transaction.undo("d")
    await transaction.execute(Statement(insert, [3]))
    transaction.mark("unused")
    transaction.undo("unused")
    await transaction.commit()
    assert await rows(pool, "select id from t order by id") == [{"id": 1}, {"id": 3}]


async def test_a_value_that_cannot_be_bound_leaves_marks_as_they_were(pool):
    await pool.execute(Statement("create table t (x text)"))
    transaction = await pool.begin()
    await transaction.execute(Statement("insert into t values ($1)", ["a"]))
    transaction.mark("m")
    with pytest.raises(PermanentError, match="NUL"):
        await transaction.execute(Statement("insert into t values ($1)", ["\0"]))
    transaction.undo("m")
    await transaction.commit()
    assert await rows(pool, "select x from t") == [{"x": "a"}]


async def test_a_failed_transaction_cannot_be_committed_by_mistake(pool):
    await pool.execute(Statement("create table t (id int primary key)"))
    transaction = await pool.begin()
    await transaction.execute(Statement("insert into t values (1)"))
    with pytest.raises(PermanentError):
        await transaction.execute(Statement("insert into t values (1)"))
    with pytest.raises(PermanentError, match="rolled it back instead of committing"):
        await transaction.commit()
    assert await value(pool, "select count(*) from t") == 0


async def test_a_deferred_constraint_fails_the_commit(pool):
    await pool.execute(Statement("create table t (id int unique deferrable initially deferred)"))
    transaction = await pool.begin()
    await transaction.execute(Statement("insert into t values (1), (1)"))
    with pytest.raises(PermanentError, match="duplicate key"):
        await transaction.commit()
    assert await value(pool, "select count(*) from t") == 0


async def test_rollback_takes_everything_back_and_may_be_repeated(pool):
    await pool.execute(Statement("create table t (id int)"))
    transaction = await pool.begin()
    await transaction.execute(Statement("insert into t values (1)"))
    await transaction.rollback()
    await transaction.rollback()
    with pytest.raises(InternalError):
        await transaction.execute(Statement("select 1"))
    assert await value(pool, "select count(*) from t") == 0


async def test_a_changed_table_does_not_break_prepared_statements(pool):
    await pool.execute(Statement("create table t (id int)"))
    select = "select * from t"
    assert await rows(pool, select) == []
    await pool.execute(Statement("alter table t add x int"))
    await pool.execute(Statement("insert into t values (1, 2)"))
    assert await rows(pool, select) == [{"id": 1, "x": 2}]


async def test_a_changed_table_has_a_transaction_repeated(pool):
    await pool.execute(Statement("create table t (id int)"))
    await rows(pool, "select * from t")
    await pool.execute(Statement("alter table t add x int"))
    transaction = await pool.begin()
    with pytest.raises(InfrastructureError, match="a table changed"):
        await transaction.execute(Statement("select * from t"))
    await transaction.rollback()
    again = await pool.begin()
    assert (await again.execute(Statement("select * from t"))).rows == []
    await again.commit()


async def test_deallocated_statements_are_prepared_again(pool):
    assert await value(pool, "select 1") == 1
    await pool.execute(Statement("deallocate all"))
    assert await value(pool, "select 1") == 1


async def test_more_statements_than_stay_prepared(pool):
    for number in (*range(120), *range(120)):
        assert await value(pool, f"select {number}") == number
    assert await value(pool, "select count(*) from pg_prepared_statements") <= 101


async def test_a_changed_setting_does_not_reach_the_next_task(pool):
    await pool.execute(Statement("set timezone to 'Asia/Tokyo'"))
    assert await value(pool, "show timezone") == "UTC"


async def test_rule_15_the_session_is_set_up_with_a_limit_for_locks(pool):
    assert await rows(
        pool, "select current_setting('application_name') a, current_setting('lock_timeout') b,"
        " current_setting('TimeZone') c, current_setting('client_encoding') d"
    ) == [{"a": "headrace", "b": "30s", "c": "UTC", "d": "UTF8"}]  # fmt: skip


async def test_rule_15_a_lock_that_does_not_come_is_infrastructure(pool):
    await pool.execute(Statement("create table t (id int)"))
    holder = await pool.begin()
    await holder.execute(Statement("lock table t"))
    waiter = await pool.begin()
    await waiter.execute(Statement("set local lock_timeout = '20ms'"))
    with pytest.raises(InfrastructureError) as caught:
        await waiter.execute(Statement("select * from t"))
    assert caught.value.code == "55P03"
    await waiter.rollback()
    await holder.rollback()


async def test_a_killed_connection_is_infrastructure_and_replaced(pool):
    transaction = await pool.begin()
    pid = (await transaction.execute(Statement("select pg_backend_pid() as pid"))).rows[0]["pid"]
    await pool.execute(Statement("select pg_terminate_backend($1)", [pid]))
    with pytest.raises(InfrastructureError):
        await transaction.execute(Statement("select 1"))
    with pytest.raises(InfrastructureError):
        await transaction.commit()
    assert await value(pool, "select 1") == 1


async def test_a_connection_killed_in_the_middle_of_a_statement_tells_why(pool):
    transaction = await pool.begin()
    pid = (await transaction.execute(Statement("select pg_backend_pid() as pid"))).rows[0]["pid"]
    sleeping = asyncio.ensure_future(transaction.execute(Statement("select pg_sleep(30)")))
    while await value(pool, "select state from pg_stat_activity where pid = $1", pid) != "active":
        pass
    await pool.execute(Statement("select pg_terminate_backend($1)", [pid]))
    with pytest.raises(InfrastructureError) as caught:
        await sleeping
    assert (caught.value.code, str(caught.value)) == (
        "57P01", "terminating connection due to administrator command",
    )  # fmt: skip
    await transaction.rollback()


async def test_an_idle_connection_that_was_killed_is_not_handed_out(pool, postgres_url):
    pid = await value(pool, "select pg_backend_pid()")
    with psycopg.connect(postgres_url, autocommit=True) as other:
        other.execute("select pg_terminate_backend(%s, 5000)", [pid])
    assert await value(pool, "select 1") == 1


async def test_a_cancelled_statement_stops_on_the_server(pool):
    transaction = await pool.begin()
    pid = (await transaction.execute(Statement("select pg_backend_pid() as pid"))).rows[0]["pid"]
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.05):
            await transaction.execute(Statement("select pg_sleep(30)"))
    await transaction.rollback()
    deadline = asyncio.get_running_loop().time() + 5
    while await rows(pool, "select 1 as x from pg_stat_activity where pid = $1", pid):
        assert asyncio.get_running_loop().time() < deadline
    assert await value(pool, "select 1") == 1


async def test_rule_15_waiting_for_a_connection_has_a_limit_and_is_temporary(postgres_url):
    pool = PostgresPool(PostgresTarget.parse(postgres_url), max_size=1, wait_s=0.02)
    transaction = await pool.begin()
    with pytest.raises(
        InfrastructureError, match=r"no connection to PostgreSQL `test_\d+` at .* came free"
    ) as caught:
        await pool.execute(Statement("select 1"))
    assert caught.value.retryable
    await transaction.rollback()
    assert await value(pool, "select 1") == 1
    await pool.close()


async def test_parallel_work_shares_a_few_connections(pool):
    await pool.execute(Statement("create table t (id int primary key)"))

    async def work(number):
        transaction = await pool.begin()
        await transaction.execute(Statement("insert into t values ($1)", [number]))
        await transaction.commit()

    async with asyncio.TaskGroup() as group:
        for number in range(40):
            group.create_task(work(number))
    assert await value(pool, "select count(*) from t") == 40
    assert await value(pool, "select count(*) from pg_stat_activity where datname = current_database()") <= 5


async def test_a_large_statement_and_a_large_result_pass(pool):
    texts = ["x" * 1000] * 5000
    assert await value(pool, "select count(*) from unnest($1::text[])", texts) == 5000
    assert len(await rows(pool, "select repeat('y', 1000) as y from generate_series(1, 20000)")) == 20000


async def test_many_rows_in_one_pipeline_pass(pool):
    await pool.execute(Statement("create table t (id int, x text)"))
    given = [[number, "z" * 500] for number in range(5000)]
    assert (
        await pool.execute(Statement("insert into t values ($1, $2) returning id", rows=given))
    ).row_count == 5000


async def test_nobody_at_the_port_is_infrastructure():
    pool = PostgresPool(PostgresTarget("127.0.0.1", 1, password="s3cret-word"))
    with pytest.raises(InfrastructureError) as caught:
        await pool.execute(Statement("select 1"))
    assert str(caught.value) == (
        "PostgreSQL at 127.0.0.1:1 refuses connections; is it running, and is that its port?"
    )


async def test_a_socket_that_is_not_there_is_told_with_who_may_have_to_be_started():
    pool = PostgresPool(PostgresTarget("/nowhere"))
    with pytest.raises(InfrastructureError) as caught:
        await pool.execute(Statement("select 1"))
    assert str(caught.value) == (
        "PostgreSQL at /nowhere/.s.PGSQL.5432 refuses connections; is it running? "
        "`headrace postgres start` starts the embedded one"
    )


async def test_an_unknown_host_is_infrastructure():
    with pytest.raises(InfrastructureError, match=r"the database host `nowhere\.invalid` cannot be found"):
        await PostgresPool(PostgresTarget("nowhere.invalid")).begin()


async def test_a_database_that_is_not_there_is_permanent(postgres_server):
    with pytest.raises(PermanentError, match=r'does not let `postgres` in: .*database "nope" does not exist'):
        await PostgresPool(PostgresTarget.parse(postgres_server.url("nope"))).begin()


async def test_a_server_that_never_answers_is_given_up():
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        target = PostgresTarget("127.0.0.1", port, options=(("connect_timeout", "0.05"),))
        with pytest.raises(InfrastructureError, match=r"did not answer within 0\.05 s"):
            await PostgresPool(target).begin()


def test_a_url_is_read_by_libpqs_rules():
    target = PostgresTarget.parse(
        "postgresql://me:p%40ss@db.example.com:6432/app?sslmode=require&connect_timeout=5"
    )
    assert target == PostgresTarget(
        "db.example.com", 6432, "app", "me", "p@ss", "require", (("connect_timeout", "5"),)
    )
    assert "p@ss" not in repr(target)
    assert "p@ss" not in repr(target.key)


def test_a_broken_url_does_not_show_its_password():
    with pytest.raises(UsageError) as caught:
        PostgresTarget.parse("postgresql://me:hunter2@[broken/app")
    assert "hunter2" not in str(caught.value)


def test_an_unknown_ssl_mode_is_refused():
    with pytest.raises(UsageError, match="sslMode `on` is none of disable, allow, prefer"):
        PostgresTarget(ssl_mode="on")
