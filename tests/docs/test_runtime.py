"""docs/runtime.md: the tests that it names exist, its limits and schedules are those of the code."""

import ast
import re
from datetime import UTC, datetime
from functools import cache
from http import HTTPStatus

import pytest
from tests.docs.page import ROOT, codes, read, rows

from headrace.components.common import iterator
from headrace.components.common.async_ import AsyncSettings
from headrace.components.common.cron import Cron, CronSettings
from headrace.components.common.iterator import IteratorSettings
from headrace.components.database.settings import ConnectorSettings
from headrace.components.database.table import _MAX_PARAMETERS
from headrace.components.http.exchange import _MAX_CONNECTIONS, ExchangeSettings
from headrace.components.http.paging.ahead import _MOST
from headrace.components.http.paging.settings import PagesSettings
from headrace.connections.budget import LONGEST_PAUSE_S
from headrace.connections.budget.concurrency import _START
from headrace.connections.http.connection import MAX_HEADER_BYTES, MAX_HEADERS
from headrace.connections.pool import WAIT_S
from headrace.connections.postgres.place import COLUMNS
from headrace.connections.postgres.session import TRANSACTION_LIMITS
from headrace.connections.postgres.target import CONNECT_TIMEOUT_S
from headrace.connections.sqlite.connection import BUSY_TIMEOUT_S
from headrace.engine.retry import _LONGEST_WAIT_S, INFRASTRUCTURE
from headrace.engine.trigger import _LATE_S
from headrace.flow.model import DEFAULT_CONCURRENCY, Flow, Retry
from headrace.sdk import Catchup, Overlap
from headrace.source import Source
from headrace.store import ErrorFate, RunStatus
from headrace.store.firing import MAX_OPEN
from headrace.store.memory import _KEPT_RUNS, MAX_MESSAGE_BYTES
from headrace.store.records import MAX_ERRORS
from support.faults import FAULTS
from support.flows import run_flow

PAGE = "runtime.md"
NOTED = (PAGE, "cluster.md", "durability.md", "pages.md")
CHANGES = [row for row in rows(PAGE, 3) if re.fullmatch(r"`[\d */]+`", row[0])]


@cache
def named_in(path: str) -> set[str]:
    text = (ROOT / "tests" / path).read_text(encoding="utf-8")
    return set(re.findall(r"^(?:async )?def (test_\w+)", text, re.MULTILINE))


@pytest.mark.parametrize("page", NOTED)
def test_every_claim_has_its_note_and_every_note_a_test_that_exists(page):
    claims, _, tests = read(page).partition("## The tests")
    notes = re.findall(r"^\[\^(\d+)\]: `([\w/]+\.py)::(\w+)`$", tests, re.MULTILINE)
    assert set(re.findall(r"\[\^(\d+)\]", claims)) == {number for number, _, _ in notes}
    assert len(notes) > 12
    assert len({number for number, _, _ in notes}) == len(notes)
    assert [(path, name) for _, path, name in notes if name not in named_in(path)] == []


@pytest.mark.parametrize("row", CHANGES, ids=lambda row: f"{row[0]} {row[1][:14]}")
def test_cron_at_a_change_of_clocks(row):
    times = row[2].split(", ")
    first = datetime.fromisoformat(f"2026-{times[0].replace(' ', 'T')}:00+00:00")
    schedule = Cron(CronSettings(schedule=codes(row[0])[0], timezone="Europe/Oslo")).schedule
    at_ns = int(first.timestamp() - 1) * 10**9
    fired = []
    for _ in times:
        at_ns = schedule.next_after(at_ns, 0)
        fired.append(datetime.fromtimestamp(at_ns / 1e9, UTC).strftime("%m-%d %H:%M"))
    assert fired == times


def test_the_answers_of_a_server_are_those_of_the_code():
    told = {(int(row[0]), *codes(row[1])) for row in rows(PAGE, 3) if row[0].isdecimal()}
    found = {(202,), (400, "bad_request")}  # the latter: what aiohttp cannot read, with its own status
    for path in sorted((ROOT / "src/headrace").glob("co*/http/**/*.py")):
        for call in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(call, ast.Call) and isinstance(call.func, ast.Name):
                found |= set(_answer(call.func.id, call.args))
    assert told == found


def _answer(function, arguments):
    """Status and code of a call that makes an error's answer."""
    if function in ("Refusal", "error_reply") and all(
        isinstance(a, (ast.Attribute, ast.Constant)) for a in arguments[:2]
    ):
        yield HTTPStatus[arguments[0].attr].value, arguments[1].value
    if function == "_unavailable":
        yield 503, arguments[0].value


def test_fates_overlap_and_catchup_are_those_of_the_code():
    told = [
        codes(row[0])[0] for row in rows(PAGE, 2) if codes(row[0]) and not codes(row[0])[0][-1:].isspace()
    ]
    enums = [member.value for enum in (ErrorFate, Overlap, Catchup) for member in enum]
    assert [name for name in told if name not in ("overlap", "catchup")] == enums
    assert _LATE_S == 5
    assert f"less than {MAX_OPEN} runs" in read(PAGE)


def test_the_limits_are_those_of_the_code():
    flow, retry = Flow("f", "v", Source("f", ""), {}, ()), Retry()
    client, connector = ExchangeSettings(), ConnectorSettings(host="h")
    told = {row[0]: row[1] for row in rows(PAGE, 3)}
    expected = {
        "tasks of one run at once": f"{DEFAULT_CONCURRENCY}, or what a `pages` node has",
        "open tasks of a run above which loops wait": f"{flow.max_queued:,}",
        "attempts of a task": retry.max_attempts,
        "delay before the second attempt": f"{retry.initial_delay_s:g} s",
        "factor of the delay": f"{retry.backoff:g}",
        "longest delay": f"{retry.max_delay_s:g} s",
        "attempts of a task when a database fails": f"{INFRASTRUCTURE.max_attempts}, from "
        f"{INFRASTRUCTURE.initial_delay_s:g} s to {INFRASTRUCTURE.max_delay_s:g} s apart: a quarter of an hour of waiting",
        "tasks of an `async` node at once": AsyncSettings().max_concurrency,
        "batches of an iterator at once": IteratorSettings().concurrency,
        "pages of a `pages` node at once": PagesSettings.model_fields["concurrency"].default,
        "pages that are fetched ahead": f"{PagesSettings.model_fields['prefetch'].default}, and {_MOST} in all",
        "errors listed whole, of a run and in `done`": f"{MAX_ERRORS:,}; the others are counted",
        "a message over a boundary edge": f"{MAX_MESSAGE_BYTES >> 20} MiB as JSON",
        "ended runs that are remembered": f"{_KEPT_RUNS:,}",
        "one HTTP request, from connecting to the last byte": f"{client.timeout:g} s",
        "repetitions by the HTTP client": client.retry_count,
        "longest Retry-After that is waited for within a task": f"{LONGEST_PAUSE_S:g} s, or ten times "
        "`retryDelay`; then the task waits",
        "longest Retry-After that a task waits for": f"{_LONGEST_WAIT_S / 86400:g} day",
        "requests of a node, and to an API, at once": f"{client.max_concurrency}, from {_START} on",
        "longest pause of an API that is waited for within a task": f"{LONGEST_PAUSE_S:g} s",
        "connections of all HTTP nodes at once": f"{_MAX_CONNECTIONS:,}",
        "body of an answer, decompressed": f"{client.max_response_bytes >> 20} MiB",
        "headers of an answer, and bytes of one": f"{MAX_HEADERS}; {MAX_HEADER_BYTES >> 10} KiB",
        "connections to a database": connector.max_open_conns,
        "wait for a connection": f"{WAIT_S:g} s",
        "wait for a lock": f"{BUSY_TIMEOUT_S:g} s",
        "a task's transaction in PostgreSQL, from its first write": TRANSACTION_LIMITS["transaction_timeout"],
        "the same, with nothing sent": TRANSACTION_LIMITS["idle_in_transaction_session_timeout"],
        "connecting to a database": f"{CONNECT_TIMEOUT_S:g} s",
        "values of one statement of `upsert` or `insert`": f"{_MAX_PARAMETERS:,}; more rows make more statements",
    }
    assert {what: told[what] for what in expected} == {what: str(value) for what, value in expected.items()}
    assert iterator._MAX_ERRORS == MAX_ERRORS


def test_the_table_of_what_goes_wrong_with_a_request_is_that_of_the_tests():
    answers = {True: "yes", False: "no"}
    expected = {}
    for fault in FAULTS:
        code = "`HTTP` and the status" if fault.code.startswith("HTTP") else fault.code
        told = [answers[fault.temporary], code, answers[fault.post]]
        assert expected.setdefault(fault.row, told) == told, fault.name
    table = [row for row in rows(PAGE, 4)[1:] if row[1] in answers.values()]
    assert table == [[row, *told] for row, told in expected.items()]


def test_the_table_of_tasks_is_that_of_the_code():
    shown = re.search(r"CREATE TABLE public\.headrace_tasks (\(.*?\));", read(PAGE), re.DOTALL)[1]
    assert " ".join(shown.split()).replace("( ", "(").replace(" )", ")") == COLUMNS


async def test_a_batch_of_a_durable_iterator_that_fails_for_good_is_a_dead_letter():
    run, seen = await run_flow(
        """
        nodes:
          start: {component: common-module/signal}
          each: {component: common-module/iterator, settings: {durable: true}, input: {array: "{{$.payload}}"}}
          work: {component: test-module/fail, settings: {when: bad}}
          end: {component: test-module/probe}
        edges:
          - start -> each
          - each:item -> work
          - each:done -> end
        """,
        ["good", "bad", "good"],
    )
    assert (run.status, run.dead_letters) == (RunStatus.FAILED, 1)
    assert [(done["processed"], done["failed"]) for done in seen["end"]] == [(2, 1)]


async def test_a_failure_on_an_edge_goes_to_no_error_port():
    run, seen = await run_flow(
        """
        nodes:
          start: {component: common-module/signal}
          work: {component: test-module/probe}
          next: {component: test-module/probe}
          failed: {component: test-module/probe}
        edges:
          - start -> work
          - from: work:out
            to: next
            data: {page: "{{$.page + 1}}"}
          - work:error -> failed
          - next:error -> failed
        """,
        1,
    )
    assert [(error.code, error.node) for error in run.errors] == [("HR220", "work")]
    assert (seen["failed"], run.status) == ([], RunStatus.FAILED)
