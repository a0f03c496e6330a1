"""database-module/connector."""

from collections.abc import Sequence
from functools import partial
from typing import Literal

import msgspec
from pydantic import Field

from headrace.components.database.batch import Batch
from headrace.components.database.driver import SharedDatabase, open_database, set_up
from headrace.components.database.isolation import write_good_rows
from headrace.components.database.many import many_batch
from headrace.components.database.settings import ConnectorSettings
from headrace.components.database.table import insert_batch, upsert_batch
from headrace.connections.sql import classify, leading_word
from headrace.sdk import (
    Arrival,
    Component,
    Context,
    Input,
    Insert,
    Json,
    JsonValue,
    Message,
    MessageModel,
    Output,
    PermanentError,
    Resources,
    Result,
    Statement,
    Transaction,
    Upserted,
    component,
    parse_message,
    with_error,
)
from headrace.sdk.shape import ANY, Member, Shape, array_of, join, object_of, of

__all__ = ["Connector"]

_MARK = "headrace_rows"
_INSERTS = ("upsert", "insert", "copy")


class ConnectorQuery(MessageModel):
    """What the connector does."""

    query: str = ""
    """One SQL statement; parameters are `$1`, `$2`, …"""
    parameters: list[JsonValue] = Field(default_factory=list)
    """For `$1` and on; `executeMany`: a list of them for each execution."""
    operation: Literal["query", "execute", "executeMany", "upsert", "insert", "copy"] = "query"
    """`execute` leaves the rows out of the result; `executeMany` runs once a row. Without SQL: `upsert`
    inserts rows and updates those that are there, `insert` adds them; `copy` is another name of it."""
    rows: list[JsonValue] = Field(default_factory=list)
    """`executeMany`: lists of parameters; `upsert`, `insert`: objects by column."""
    table: str = ""
    """`upsert`, `insert`: the table, with or without its schema."""
    columns: list[str] = Field(default_factory=list)
    """`upsert`, `insert`: the columns to write: other members of the rows are left out, a missing one is
    null. Without, all members are written, and each row must have the same."""
    key: str | list[str] = Field(default_factory=list)
    """`upsert`: the column or columns of a unique constraint. `executeMany`: parameters by which rows are
    sorted, such as `$1`, so that parallel batches do not deadlock; without, they run in the order given."""
    on_row_error: Literal["fail", "isolate"] = "fail"
    """Operations with `rows`: a bad row fails the whole batch. `isolate`: it goes to `error` by itself, with
    `row` and its `index`, and the good ones are written."""


def _result_shape(arrival: Arrival) -> Shape:
    rows = object_of(rest=ANY)
    if arrival.sample is not None:
        rows = arrival.sample.only("array").items or ANY
    members: dict[str, Shape | Member] = {
        "rows": array_of(rows),
        "rowCount": of("number"),
        "command": of("text"),
    }
    if not arrival.member("operation").is_null:
        members |= {name: Member(of("number"), optional=True) for name in Upserted.__struct_fields__}
    if _may_isolate(arrival):
        members["failed"] = Member(of("number"), optional=True)
    return arrival.object(members)


def _error_shape(arrival: Arrival) -> Shape:
    """The whole message failed, or one of its rows."""
    failed = with_error(arrival.base)
    if not _may_isolate(arrival):
        return failed
    row = arrival.member("rows").only("array").items or ANY
    return join(failed, with_error(arrival.base, {"row": Member(row), "index": Member(of("number"))}))


def _may_isolate(arrival: Arrival) -> bool:
    return not arrival.member("onRowError").is_null


@component(
    "database-module/connector",
    summary="Runs SQL for each message and adds the result to it.",
    settings=ConnectorSettings,
    inputs=(
        Input(
            "query", "`{query, parameters, operation, rows, table, columns, key, onRowError}`", ConnectorQuery
        ),
    ),
    outputs=(
        Output(
            "result",
            "the base value plus "
            "`result {rows, rowCount, command, inserted, updated, unchanged, failed}`; the "
            "counts with `upsert`, where the first two make `rowCount`, and `failed` with `isolate`",
            adds="result",
            emits=_result_shape,
        ),
        Output(
            "error",
            "the base value plus `error` and `errorDetail`; for a bad row also `row` and `index`",
            error=True,
            emits=_error_shape,
        ),
    ),
    chooses=False,
    samples="rows",
)
class Connector(Component):
    """All writes of a task go into one transaction, which commits with the task.

    Reads before the first write are outside of it, reads after it see what was written. A failing
    statement alone is undone where its failure is handled; lost connections, deadlocks and the like fail
    the whole task, which is tried again. Values bind by what the database expects: RFC 3339 text as
    time, JSON text or values as JSON, arrays as arrays.
    """

    settings: ConnectorSettings
    _database: SharedDatabase

    async def open(self, resources: Resources) -> None:
        """Share a pool with the nodes that connect to the same place, and run `setup`."""
        self._database = await open_database(self.settings, resources)
        if self.settings.transaction == "task":
            self.database = self._database
        for sql in self.settings.setup:
            _check_query(sql)
            await set_up(self._database, sql, resources)

    async def handle(self, message: Message, context: Context) -> None:
        """Run the statement and pass the result on."""
        request = parse_message(ConnectorQuery, message)
        isolates = request.on_row_error == "isolate"
        if request.operation == "executeMany" or request.operation in _INSERTS:
            batch = _batch(request)
            if isolates and context.is_wired("error"):
                await self._write_good_rows(batch, request, context)
            else:
                await self._run(batch.statements(), request, context)
            return
        if isolates:
            raise PermanentError("`onRowError: isolate` is for operations with `rows`", code="HR301")
        _check_query(request.query)
        await self._run([Statement(request.query, request.parameters)], request, context)

    def repeats(self, message: Message) -> bool:
        """What is written is rolled back with the task, unless it commits by itself.

        Where rows are isolated some are expected to fail.
        """
        isolates = isinstance(message, dict) and message.get("onRowError") == "isolate"
        return self.settings.transaction == "task" and not isolates

    async def _run(
        self, statements: Sequence[Statement | Insert], request: ConnectorQuery, context: Context
    ) -> None:
        is_read = all(map(_is_read, statements))

        async def show(results: list[Result]) -> None:
            await _send(_together(results, request), context)

        if self._is_apart(is_read, context):
            results = [await self._database.execute(statement) for statement in statements]
        elif not is_read and context.may_post("result"):
            await context.post(self._database, statements, show)
            return
        else:
            async with context.transaction(self._database) as transaction:
                results = [await transaction.execute(statement) for statement in statements]
        _count(results, is_read, context)
        await show(results)

    async def _write_good_rows(self, batch: Batch, request: ConnectorQuery, context: Context) -> None:
        """Write what can be written, then send each bad row to `error`, then the result."""
        is_read = bool(batch.rows) and _is_read(batch.statement(batch.rows[:1]))
        if self._is_apart(is_read, context):
            isolated = await write_good_rows(batch, self._database.execute)
        else:
            async with context.transaction(self._database) as transaction:
                isolated = await write_good_rows(batch, partial(_execute_marked, transaction))
        _count(isolated.results, is_read, context)
        for bad in isolated.bad:
            facts: dict[str, Json] = {"row": batch.given[bad.index], "index": bad.index}
            await context.reject(bad.error, facts, key=bad.index)
        await _send(_together(isolated.results, request), context, failed=len(isolated.bad))

    def _is_apart(self, is_read: bool, context: Context) -> bool:
        """Whether statements commit by themselves, outside of the task's transaction."""
        if self.settings.transaction == "statement":
            return True
        return is_read and not context.has_transaction(self._database.key)


def _batch(request: ConnectorQuery) -> Batch:
    if request.operation == "upsert":
        return upsert_batch(request.table, request.key, request.columns, request.rows)
    if request.operation in _INSERTS:
        if request.key:
            raise PermanentError(
                f"`{request.operation}` takes no `key`, it adds every row; `upsert` updates rows",
                code="HR301",
            )
        return insert_batch(request.operation, request.table, request.columns, request.rows)
    _check_query(request.query)
    return many_batch(request.query, request.key, request.rows or request.parameters)


def _is_read(statement: Statement | Insert) -> bool:
    return isinstance(statement, Statement) and classify(statement.sql) == "read"


def _check_query(sql: str) -> None:
    if not sql.strip():
        raise PermanentError("`query` is empty", code="HR301")
    if classify(sql) == "control":
        raise PermanentError(
            "BEGIN, COMMIT, SAVEPOINT and the like are headrace's: each task's writes are one transaction",
            code="HR317",
        )


async def _execute_marked(transaction: Transaction, statement: Statement | Insert) -> Result:
    """Run a statement that is undone if it fails, deferred constraints included."""
    transaction.mark(_MARK)
    try:
        result = await transaction.execute(statement)
        await transaction.check_deferred()
    except PermanentError:
        transaction.undo(_MARK)
        raise
    transaction.release(_MARK)
    return result


def _together(results: Sequence[Result], request: ConnectorQuery) -> Result:
    """One result for all statements of an operation; of one with rows there may be none."""
    if request.operation in ("query", "execute"):
        (result,) = results
        if request.operation == "execute":
            result.rows = []
        return result
    command = "INSERT" if request.operation in _INSERTS else leading_word(request.query)
    upserted = Upserted() if request.operation == "upsert" else None
    for result in results:
        if upserted is not None and result.upserted is not None:
            upserted += result.upserted
    return Result([], sum(result.row_count for result in results), command, upserted)


def _count(results: Sequence[Result], is_read: bool, context: Context) -> None:
    if is_read:
        context.count("rows_read", sum(result.row_count for result in results))
        return
    for result in results:
        for name, number in result.counters.items():
            context.count(name, number)


def _upserted(result: Result) -> dict[str, int]:
    """What became of the rows of an upsert, by the names that messages and counters have."""
    return {} if result.upserted is None else msgspec.structs.asdict(result.upserted)


async def _send(result: Result, context: Context, **more: Json) -> None:
    value: dict[str, Json] = {
        "rows": list(result.rows),
        "rowCount": result.row_count,
        "command": result.command,
        **_upserted(result),
        **more,
    }
    await context.add_result("result", value)
