"""database-module/connector."""

from collections.abc import Sequence
from typing import Literal

from pydantic import Field

from headrace.components.database.driver import SharedDatabase, open_database, set_up
from headrace.components.database.settings import ConnectorSettings
from headrace.components.database.upsert import upsert_statements
from headrace.connections.sql import classify
from headrace.sdk import (
    Arrival,
    Component,
    Context,
    Input,
    Json,
    JsonValue,
    Message,
    MessageModel,
    Output,
    PermanentError,
    Resources,
    Result,
    Statement,
    component,
    parse_message,
)
from headrace.sdk.shape import ANY, Shape, array_of, object_of, of

__all__ = ["Connector"]


class ConnectorQuery(MessageModel):
    """What the connector does."""

    query: str = ""
    """One SQL statement; parameters are `$1`, `$2`, …"""
    parameters: list[JsonValue] = Field(default_factory=list)
    """For `$1` and on; `executeMany`: a list of them for each execution."""
    operation: Literal["query", "execute", "executeMany", "upsert"] = "query"
    """`execute` leaves the rows out of the result; `executeMany` runs once a row; `upsert` needs no SQL."""
    rows: list[JsonValue] = Field(default_factory=list)
    """`executeMany`: lists of parameters; `upsert`: objects by column."""
    table: str = ""
    """`upsert`: the table, with or without its schema."""
    key: str | list[str] = Field(default_factory=list)
    """`upsert`: the column or columns of a unique constraint."""


def _result_shape(arrival: Arrival) -> Shape:
    rows = object_of(rest=ANY)
    if arrival.sample is not None:
        rows = arrival.sample.only("array").items or ANY
    return arrival.object({"rows": array_of(rows), "rowCount": of("number"), "command": of("text")})


@component(
    "database-module/connector",
    summary="Runs SQL for each message and adds the result to it.",
    settings=ConnectorSettings,
    inputs=(Input("query", "`{query, parameters, operation, rows, table, key}`", ConnectorQuery),),
    outputs=(
        Output(
            "result",
            "the base value plus `result {rows, rowCount, command}`",
            adds="result",
            emits=_result_shape,
        ),
        Output("error", "the base value plus `error` and `errorDetail`", error=True),
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
            await set_up(self._database, sql, resources)

    async def handle(self, message: Message, context: Context) -> None:
        """Run the statement and pass the result on."""
        request = parse_message(ConnectorQuery, message)
        result = await self._run(_statements(request), context)
        if request.operation != "query":
            result.rows = []
        rows: list[Json] = list(result.rows)
        await context.add_result(
            "result", {"rows": rows, "rowCount": result.row_count, "command": result.command}
        )

    async def _run(self, statements: Sequence[Statement], context: Context) -> Result:
        database = self._database
        is_read = all(classify(statement.sql) == "read" for statement in statements)
        alone = self.settings.transaction == "statement"
        if alone or (is_read and not context.has_transaction(database.key)):
            results = [await database.execute(statement) for statement in statements]
        else:
            async with context.transaction(database) as transaction:
                results = [await transaction.execute(statement) for statement in statements]
        count = sum(result.row_count for result in results)
        context.count("rows_read" if is_read else "rows_written", count)
        if not results:
            return Result(command="UPSERT")
        return results[0] if len(results) == 1 else Result(row_count=count, command=results[0].command)


def _statements(request: ConnectorQuery) -> list[Statement]:
    if request.operation == "upsert":
        return upsert_statements(request.table, request.key, request.rows)
    if not request.query.strip():
        raise PermanentError("`query` is empty", code="HR301")
    if classify(request.query) == "control":
        raise PermanentError(
            "BEGIN, COMMIT, SAVEPOINT and the like are headrace's: each task's writes are one transaction",
            code="HR317",
        )
    if request.operation == "executeMany":
        rows = request.rows or request.parameters
        return [Statement(request.query, rows=[_row(row) for row in rows])] if rows else []
    return [Statement(request.query, request.parameters)]


def _row(row: Json) -> list[Json]:
    if not isinstance(row, list):
        raise PermanentError("`executeMany` takes a list of parameters for each execution", code="HR301")
    return row
