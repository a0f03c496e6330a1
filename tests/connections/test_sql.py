"""Telling reads, writes and transaction control apart."""

import pytest

from headrace.connections.sql import classify, leading_word, parameter_numbers


@pytest.mark.parametrize(
    "sql",
    [
        "select 1",
        "  -- first\n/* a /* nested */ comment */ SELECT * FROM t",
        "((select 1) union all (select 2))",
        "values (1), (2)",
        "table t",
        "show search_path",
        "with a as (select 1) select * from a",
        "select 'delete from t; for update'",
        "select $$ insert $$, $tag$ update $tag$, E'it\\'s delete', \"update\" from t",
        "select * from t where a = $1;",
        "select substring(a for 3) from t",
    ],
)
def test_statements_that_only_look_are_reads(sql):
    assert classify(sql) == "read"


@pytest.mark.parametrize(
    "sql",
    [
        "insert into t values (1)",
        "select * from t for update",
        "select * from t for no key update skip locked",
        "select * from t for share",
        "select * from t for key share",
        "select * into u from t",
        "with gone as (delete from t returning *) select * from gone",
        "with a as (select 1) insert into t select * from a",
        "explain analyze delete from t",
        "call work()",
        "do $$ begin end $$",
        "create table t (id int)",
        "set search_path to a",
        "select 1; select 2",
        "select 1; drop table t",
        "",
        "-- nothing",
        "+ select 1",
    ],
)
def test_everything_else_and_everything_unsure_is_a_write(sql):
    assert classify(sql) == "write"


@pytest.mark.parametrize(
    "sql",
    [
        "begin",
        "START TRANSACTION",
        "/* now */ commit",
        "end",
        "rollback to a",
        "abort",
        "savepoint a",
        "release savepoint a",
        "prepare transaction 'x'",
        "commit prepared 'x'",
        "set transaction isolation level serializable",
    ],
)
def test_transaction_control_is_recognised(sql):
    assert classify(sql) == "control"


def test_prepare_alone_is_no_transaction_control():
    assert classify("prepare p as select 1") == "write"


def test_the_leading_word_skips_comments_and_parentheses():
    assert leading_word("/* x */ (select 1)") == "SELECT"
    assert leading_word("-- only a comment") == ""


def test_parameters_in_literals_and_comments_do_not_count():
    assert parameter_numbers("select $2, '$3', \"$4\", $1 -- $5\n, ?7") == {1, 2, 7}
