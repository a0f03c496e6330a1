"""A connection with its prepared statements: a statement in, a result out.

Statements are prepared once per connection, at their first use, with one more round trip that brings
the types of parameters and columns. From then on a statement costs one round trip, together with the
commands (`BEGIN`, savepoints) that wait for it.
"""

from collections import OrderedDict
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import islice

import msgspec
from psycopg import pq
from psycopg.pq.abc import PGresult

from headrace.connections.name import quoted_table
from headrace.connections.postgres.binding import bind, guess_type
from headrace.connections.postgres.column import Decoder, decoder_of
from headrace.connections.postgres.failure import StalePlan, failure_of, is_undetermined
from headrace.connections.postgres.insert import MOST_NOTED, TABLE_QUERY, Table, result_of, statement_of
from headrace.connections.postgres.sqltype import CATALOG_QUERY, KNOWN, SqlType, resolve
from headrace.connections.postgres.target import PostgresTarget
from headrace.connections.postgres.wire import Wire
from headrace.connections.result import refuse_twins
from headrace.errors import InfrastructureError, PermanentError, StatementError
from headrace.sdk.transaction import Insert, Result, Statement
from headrace.values import Json

__all__ = ["FAILED", "PREPARED_STATEMENTS", "TRANSACTION_LIMITS", "PostgresSession"]

PREPARED_STATEMENTS = 100
"""How many statements a connection keeps prepared: a flow has dozens, and each costs the server memory."""

FAILED = (pq.ExecStatus.FATAL_ERROR, pq.ExecStatus.BAD_RESPONSE)
"""The states of results that stand for an error."""

TRANSACTION_LIMITS = {"transaction_timeout": "1 h", "idle_in_transaction_session_timeout": "10 min"}
"""Ends of a task's transaction, set by the server itself, which sees what its client no longer does; far
below the day after which rows of tasks are removed (rule 12). PostgreSQL has the first since version 17."""

# Commands after which the connection is no longer as a pool hands it out.
_ALTERING = frozenset(
    {"SET", "RESET", "LISTEN", "DISCARD ALL", "DEALLOCATE", "DEALLOCATE ALL", "PREPARE", "LOAD"}
)

_SETUP = b"""select set_config('TimeZone', 'UTC', false), set_config('DateStyle', 'ISO', false),
    set_config('IntervalStyle', 'postgres', false), set_config('bytea_output', 'hex', false),
    set_config('extra_float_digits', '3', false), set_config('lock_timeout', '30s', false)"""

_LIMITS = ", ".join(  # where nobody has set another; an unknown setting is null
    f"case current_setting('{name}', true) when '0' then set_config('{name}', '{limit}', false) end"
    for name, limit in TRANSACTION_LIMITS.items()
).encode()


class _Prepared(msgspec.Struct, frozen=True):
    name: bytes
    types: tuple[SqlType, ...]
    columns: tuple[tuple[str, Decoder], ...]


class _Posted(msgspec.Struct, frozen=True):
    """A statement that was sent: how many commands went before it, and how often it runs."""

    sql: str
    before: int
    count: int
    prepared: _Prepared
    insert: Insert | None


class PostgresSession:
    """A connection that runs statements; used by one task at a time.

    Attributes:
        posted: statements whose results were not waited for.
        altered: a statement changed its settings, so that it must not serve another task.
        deferral: the commands that check deferred constraints; none where the database has no such
            constraints, None until that is known.
        generation: which generation of a pool's connections it belongs to; the pool sets and reads it.
    """

    def __init__(self, wire: Wire) -> None:
        self._wire = wire
        self._prepared: OrderedDict[tuple[str, tuple[int, ...]], _Prepared] = OrderedDict()
        self._guesses: set[str] = set()
        self._discarded: list[bytes] = []
        self._catalog: dict[int, tuple[str, str, int, int, str]] = {}
        self._tables: dict[str, Table] = {}
        self._doubts_tables = False
        self._count = 0
        self.posted: list[_Posted] = []
        self.altered = False
        self.deferral: tuple[str, ...] | None = None
        self.generation = 0

    @classmethod
    async def open(cls, target: PostgresTarget, *, time_limits: bool) -> "PostgresSession":
        """Connect and set what headrace relies on: UTC, ISO dates, a lock timeout of 30 s.

        Args:
            time_limits: set `TRANSACTION_LIMITS` where the server has none.

        Raises:
            As `Wire.connect`.
        """
        wire = await Wire.connect(target)
        session = cls(wire)
        try:
            wire.send_command(b"%b, %b" % (_SETUP, _LIMITS) if time_limits else _SETUP)
            _check(await wire.sync())
        except BaseException:
            wire.close()
            raise
        return session

    @property
    def broken(self) -> bool:
        """Whether the connection is lost."""
        return self._wire.broken

    @property
    def loss(self) -> Exception:
        """Why the connection is lost, as far as the server said."""
        return self._wire.farewell or InfrastructureError("the connection of the transaction is lost")

    @property
    def is_idle(self) -> bool:
        """Whether it is in no transaction."""
        return self._wire.is_idle

    @property
    def notes_all(self) -> bool:
        """Whether the transaction's note (`insert.NOTED`) tells the results of all that was posted."""
        posted = self.posted
        return len(posted) <= MOST_NOTED and all(
            each.insert is not None and each.insert.keys for each in posted
        )

    @property
    def is_reusable(self) -> bool:
        """Whether it may go back to its pool: whole, unaltered, and in no transaction."""
        return not self._wire.broken and not self.altered and self._wire.is_idle

    def check(self) -> bool:
        """Whether it is still whole, as far as can be told without a round trip."""
        return self._wire.check()

    def close(self) -> None:
        """Close it at once; safe to call twice."""
        self._wire.close()

    async def command(self, commands: Sequence[str]) -> str:
        """Run commands without parameters in one round trip; gives the last one's tag.

        Raises:
            PermanentError | InfrastructureError: the first that failed; those after it did not run.
        """
        for sql in commands:
            self._wire.send_command(sql.encode())
        results = await self._wire.sync()
        _check(results)
        return _kind(results[-1].command_status or b"")

    async def conclude(
        self, commands: Sequence[str], *queries: tuple[bytes, Sequence[str | bytes]]
    ) -> tuple[list[Result], list[PGresult]]:
        """Run the last commands and statements of a transaction and COMMIT in one go, after what was posted.

        Returns:
            What `settle` gives, and a result for each of the others, COMMIT's last; one may be a failure.

        Raises:
            As `settle`; nothing was committed.
        """
        for sql in commands:
            self._wire.send_command(sql.encode())
        for statement, values in queries:
            self._wire.send_binary(statement, values)
        self._wire.send_binary(b"COMMIT", ())
        results = iter(await self._wire.sync(commits=True))
        settled = self._settled(results)
        return settled, list(results)

    async def commit(self, commands: Sequence[str]) -> tuple[list[Result], str]:
        """Run the last commands and COMMIT, after what was posted; gives its results and COMMIT's tag.

        Raises:
            As `conclude`, or of the COMMIT.
        """
        settled, results = await self.conclude(commands)
        _check(results)
        return settled, (results[-1].command_status or b"").decode()

    async def ask(self, *queries: tuple[bytes, Sequence[str | bytes]]) -> list[PGresult]:
        """Run statements with their values in one round trip, as `Wire.send_binary` has it.

        Returns:
            A result for each; one may be a failure, and those after it did not run.

        Raises:
            InfrastructureError: the connection is lost.
        """
        for sql, values in queries:
            self._wire.send_binary(sql, values)
        return await self._wire.sync()

    async def execute(self, statement: Statement | Insert, pending: list[str]) -> Result:
        """Run a statement after the commands in `pending`, which is emptied as soon as they are sent.

        Raises:
            PermanentError | InfrastructureError: as `sdk.transaction.Transaction.execute`.
            StalePlan: the prepared statement does not fit any more; it is forgotten.
        """
        if isinstance(statement, Insert):
            return await self._insert(statement, pending)
        rows = _executions(statement)
        if not rows:
            return Result()
        prepared = await self._prepare(statement.sql, rows[0], pending)
        self._queue(statement.sql, rows, prepared, pending)
        (result,) = await self.settle()
        return result

    def post(self, statement: Statement | Insert, pending: list[str]) -> bool:
        """Send a statement after the commands in `pending`, and do not wait; `settle` gives its result.

        Returns:
            Whether it was sent: not where the server has to be asked something before.

        Raises:
            PermanentError: values that cannot be bound, names that cannot be.
            InfrastructureError: the connection is lost.
        """
        insert = None
        if isinstance(statement, Insert):
            insert = statement
            table = self._tables.get(insert.table) if _needs_table(insert) else Table()
            if table is None or self._doubts_tables:
                return False
            statement = statement_of(insert, table, self._wire.server_version)
        rows = _executions(statement)
        prepared = self._prepared.get((statement.sql, ()))
        if prepared is None or not rows:
            return False
        self._prepared.move_to_end((statement.sql, ()))
        self._queue(statement.sql, rows, prepared, pending, insert)
        self._wire.send_queued()
        return True

    async def settle(self) -> list[Result]:
        """The results of what was posted, in order.

        Raises:
            As `execute`, of the first that failed.
        """
        if not self.posted:
            return []
        last = self.posted[-1].sql
        results = iter(await self._wire.sync())
        settled = self._settled(results)
        _check(list(results), last)  # outside of a transaction one more may tell of the commit
        return settled

    def _settled(self, results: Iterator[PGresult]) -> list[Result]:
        """The results of what was posted, from those that came for it."""
        posted, self.posted = self.posted, []
        settled = []
        for each in posted:
            own = list(islice(results, each.before + each.count))
            try:
                _check(own, each.sql)
            except StalePlan:
                self._forget()
                raise
            except PermanentError:
                self._doubts_tables |= each.insert is not None
                raise
            result = self._result(own[each.before :], each.prepared)
            settled.append(result if each.insert is None else result_of(each.insert, result))
        return settled

    async def discard(self) -> None:
        """Wait for what was posted, whatever came of it.

        Raises:
            InfrastructureError: the connection is lost.
        """
        if self.posted:
            self.posted.clear()
            await self._wire.sync()

    async def abort(self) -> None:
        """Cancel on the server what was posted, and close the connection, which rolls back."""
        self.posted.clear()
        await self._wire.abort()

    async def _insert(self, insert: Insert, pending: list[str]) -> Result:
        """Insert rows, several as arrays.

        After a failure the table is looked at again, since it may have changed; not within the same
        transaction, where the rows of a batch may be tried in many parts.
        """
        if self._doubts_tables and self._wire.is_idle:
            self._tables.clear()
            self._doubts_tables = False
        table = Table()
        if _needs_table(insert):
            table = await self._table(insert.table, pending)
        try:
            statement = statement_of(insert, table, self._wire.server_version)
            return result_of(insert, await self.execute(statement, pending))
        except (PermanentError, StalePlan):
            self._doubts_tables = True
            raise

    async def _table(self, name: str, pending: list[str]) -> Table:
        """See `TABLE_QUERY`; what waits goes first: it may be what undoes a failure."""
        found = self._tables.get(name)
        if found is not None:
            return found
        table = quoted_table(name)
        before = self._send(pending)
        self._wire.send_binary(TABLE_QUERY, [table])
        results = await self._wire.sync()
        _check(results[:before])
        try:
            _check(results)
        except PermanentError as error:  # too many dots in the name
            raise StatementError(error.message, code=error.code, detail=error.detail) from error
        if len(self._tables) >= PREPARED_STATEMENTS:
            self._tables.clear()
        get = results[-1].get_value
        rows = range(results[-1].ntuples)
        types = {(get(row, 1) or b"").decode(): (get(row, 2) or b"").decode() for row in rows}
        found = self._tables[name] = Table(all(get(row, 0) == b"\1" for row in rows), types)
        return found

    def _queue(
        self,
        sql: str,
        rows: Sequence[Sequence[Json]],
        prepared: _Prepared,
        pending: list[str],
        insert: Insert | None = None,
    ) -> None:
        """Queue the executions of a prepared statement, after the waiting commands; it counts as posted."""
        bound = [bind(row, prepared.types) for row in rows]
        before = self._send(pending)
        for values in bound:
            self._wire.send_execute(prepared.name, values)
        self.posted.append(_Posted(sql, before, len(bound), prepared, insert))

    def _send(self, pending: list[str]) -> int:
        """Queue the waiting commands; gives their number."""
        count = len(pending)
        for sql in pending:
            self._wire.send_command(sql.encode())
        pending.clear()
        return count

    def _result(self, results: list[PGresult], prepared: _Prepared) -> Result:
        tag = _kind(results[-1].command_status or b"")
        if tag in _ALTERING:
            self.altered = True
        if tag.startswith(("CREATE ", "ALTER ")):
            self.deferral = None
        rows: list[dict[str, Json]] = []
        columns = prepared.columns
        if columns:
            for result in results:
                get = result.get_value
                for index in range(result.ntuples):
                    row: dict[str, Json] = {}
                    for number, (name, decode) in enumerate(columns):
                        data = get(index, number)
                        row[name] = None if data is None else decode(data)
                    rows.append(row)
        count = sum(result.command_tuples or 0 for result in results)
        return Result(rows, count, tag)

    async def _prepare(self, sql: str, values: Sequence[Json], pending: list[str]) -> _Prepared:
        types = tuple(map(guess_type, values)) if sql in self._guesses else ()
        prepared = self._prepared.get((sql, types))
        if prepared is not None:
            self._prepared.move_to_end((sql, types))
            return prepared
        if "\0" in sql:
            raise PermanentError("the statement holds a NUL character (U+0000)", code="HR323")
        described = await self._describe(sql, types, pending)
        if described is None:
            self._guesses.add(sql)
            return await self._prepare(sql, values, pending)
        name, description = described
        oids = [description.param_type(number) for number in range(description.nparams)]
        fields = [
            ((description.fname(number) or b"").decode(), description.ftype(number))
            for number in range(description.nfields)
        ]
        await self._look_up({*oids, *(oid for _, oid in fields)})
        prepared = _Prepared(
            name,
            tuple(resolve(oid, self._catalog) for oid in oids),
            tuple((field, decoder_of(resolve(oid, self._catalog))) for field, oid in fields),
        )
        refuse_twins([field for field, _ in fields])
        self._prepared[(sql, types)] = prepared
        if len(self._prepared) > PREPARED_STATEMENTS:
            self._discarded.append(self._prepared.popitem(last=False)[1].name)
        return prepared

    async def _describe(
        self, sql: str, types: tuple[int, ...], pending: list[str]
    ) -> tuple[bytes, PGresult] | None:
        """Prepare a statement; None if the server cannot tell the types of its parameters.

        Within a transaction a savepoint lets it go on after that.
        """
        self._count += 1
        name = b"headrace_%d" % self._count
        wire = self._wire
        in_transaction = bool(pending) or not wire.is_idle
        before = self._send(pending)
        for old in self._discarded:
            wire.send_command(b"DEALLOCATE " + old)
        before += len(self._discarded)
        self._discarded.clear()
        if in_transaction:
            wire.send_command(b"SAVEPOINT headrace_prepare")
            before += 1
        wire.send_prepare(name, sql.encode(errors="surrogateescape"), types)
        if in_transaction:
            wire.send_command(b"RELEASE headrace_prepare")
        results = await wire.sync()
        _check(results[:before])
        if results[before].status in FAILED and not types and is_undetermined(results[before]):
            if in_transaction:
                wire.send_command(b"ROLLBACK TO headrace_prepare")
                wire.send_command(b"RELEASE headrace_prepare")
                _check(await wire.sync())
            return None
        try:
            _check(results, sql)
        except PermanentError as error:
            if types:
                raise  # they were guessed from the values
            raise StatementError(error.message, code=error.code, detail=error.detail) from error
        return name, results[before + 1]

    async def _look_up(self, oids: set[int]) -> None:
        """Ask the server about types that are not known yet."""
        unknown = [oid for oid in oids if oid not in KNOWN and oid not in self._catalog]
        if not unknown:
            return
        self._wire.send_command(CATALOG_QUERY, ["{{{}}}".format(",".join(map(str, unknown))).encode()])
        results = await self._wire.sync()
        _check(results)
        for index in range(results[0].ntuples):
            oid, kind, category, base, element, delimiter = (
                (results[0].get_value(index, number) or b"").decode() for number in range(6)
            )
            self._catalog[int(oid)] = (kind, category, int(base), int(element), delimiter)

    def _forget(self) -> None:
        """Drop what is prepared, in one go: a table changed, or a statement deallocated them."""
        self._prepared.clear()
        self._guesses.clear()
        self._catalog.clear()
        self._discarded = []
        self._count += 1
        self.altered = True


def _executions(statement: Statement) -> Sequence[Sequence[Json]]:
    """The parameters of each execution."""
    return [statement.parameters] if statement.rows is None else statement.rows


def _needs_table(insert: Insert) -> bool:
    """Whether the statement for it depends on what the table is."""
    return len(insert.rows) > 1 or bool(insert.keys)


def _check(results: Sequence[PGresult], sql: str = "") -> None:
    for result in results:
        if result.status in FAILED:
            raise failure_of(result, sql)


@lru_cache(maxsize=256)
def _kind(command_status: bytes) -> str:
    """The kind of a statement, from its command tag: of `INSERT 0 3` the first word."""
    words = command_status.decode().split(" ")
    while words and words[-1].isdecimal():
        words.pop()
    return " ".join(words)
