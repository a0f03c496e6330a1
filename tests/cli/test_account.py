"""Sentences about runs and errors, and how numbers and times are written."""

import pytest

from headrace.cli.account import ended_line, error_line
from headrace.cli.plain import progress_text, telling_lines
from headrace.cli.watch import Ended, Raised, Started
from headrace.cli.wording import clock_time, plural, span_of_time
from headrace.monitor.meter import Snapshot
from headrace.store import ErrorFate, ErrorRecord, RunRecord, RunStatus


def error(**changes: object) -> ErrorRecord:
    facts = {
        "at_ns": 0,
        "code": "HTTP 503",
        "message": "GET /users answered 503",
        "node": "api",
        "place": "flow.yaml:3:5",
        "excerpt": "",
        "attempt": 1,
        "fate": ErrorFate.RETRIED,
    }
    return ErrorRecord(**{**facts, **changes})


def run(**changes: object) -> RunRecord:
    facts = {
        "id": "0123456789abcdef",
        "flow": "sync",
        "version": "v",
        "trigger": "tick",
        "scheduled_at_ns": 0,
        "started_at_ns": 1_000_000_000,
        "ended_at_ns": 4_200_000_000,
        "vars": {},
        "status": RunStatus.SUCCEEDED,
    }
    return RunRecord(**{**facts, **changes})


def test_the_last_line_of_a_good_run_counts_what_it_did() -> None:
    counters = {"iterate.items": 20000, "api.requests": 200, "a.rows_written": 19999, "b.rows_written": 1}
    done = run(counters=counters, error_count=2, retries=1)
    assert ended_line(done, 200) == (
        "succeeded in 3.2 s: 20,000 items, 200 pages, 20,000 rows written, 1 task tried again, 2 errors handled"
    )


def test_requests_that_are_no_pages_are_requests() -> None:
    assert ended_line(run(counters={"api.requests": 1}), 0) == "succeeded in 3.2 s: 1 request"


def test_pages_that_are_counted_stand_beside_their_requests() -> None:
    counters = {"pages.items": 20, "pages.pages": 2, "pages.requests": 3}
    assert ended_line(run(counters=counters), 3) == "succeeded in 3.2 s: 20 items, 2 pages, 3 requests"


def test_the_last_line_of_a_bad_run_counts_errors_and_dead_letters() -> None:
    failed = run(status=RunStatus.FAILED, error_count=3, dead_letters=1)
    assert ended_line(failed, 0) == "failed in 3.2 s: 3 errors, 1 dead letter"


def test_an_error_is_one_line_with_its_data_and_its_fate() -> None:
    raised = error(message="GET /users\nanswered 503", attempt=2, context={"page": 7, "url": "/users"})
    assert error_line(raised) == (
        "flow.yaml:3:5: HTTP 503 api: GET /users answered 503 (tried again, page 7, attempt 2)"
    )


def test_what_a_server_says_cannot_steer_the_terminal() -> None:
    assert "\x1b" not in error_line(error(message="\x1b[2J\x1b]0;title\x07 gone"))


def test_a_deadly_error_is_shown_whole() -> None:
    raised = error(fate=ErrorFate.DEAD, message="one\ntwo", excerpt="  x: 1\n     ^")
    assert error_line(raised) == "flow.yaml:3:5: HTTP 503 api: one\ntwo (given up)\n  x: 1\n     ^"


def test_of_many_errors_at_once_the_first_and_the_deadly_are_shown() -> None:
    deadly = Raised("r", error(fate=ErrorFate.DEAD))
    events = [Started(run()), *[Raised("r", error())] * 50, deadly, Ended(run(), 0)]
    lines = [line.text for line in telling_lines(events)]
    assert (len(lines), lines[21:]) == (
        24,
        [error_line(deadly.error), "… and 30 further errors", "succeeded in 3.2 s"],
    )


def test_progress_is_one_line() -> None:
    snapshot = Snapshot(5.0, (), done=1200, total=5000, pages=12, batches=120, rate=410.4, left_s=9.3)
    assert progress_text(snapshot) == ("1,200 of 5,000 items (24%), 12 pages, 120 batches, 410/s, 0:09 left")


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.0354, "35 ms"),
        (0.9996, "1.0 s"),
        (3.21, "3.2 s"),
        (59.96, "1 min 0 s"),
        (303, "5 min 3 s"),
        (7800, "2 h 10 min"),
    ],
)
def test_a_span_of_time_is_read_at_a_glance(seconds: float, text: str) -> None:
    assert span_of_time(seconds) == text


def test_clock_times_and_plurals() -> None:
    assert [clock_time(9.2), clock_time(750), clock_time(3905)] == ["0:09", "12:30", "1:05:05"]
    assert [plural(1, "batch", "batches"), plural(2000, "batch", "batches")] == ["1 batch", "2,000 batches"]
