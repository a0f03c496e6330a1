"""What a flow has to tell, from how its runs have ended."""

import pytest

from headrace.monitor.streak import news, notice_id
from headrace.store import Notice, NoticeKind, RunRecord, RunStatus


def runs(ends: str, first: int = 1) -> list[RunRecord]:
    """Runs that have ended one after the other: `F` failed, `S` succeeded."""
    return [
        RunRecord(
            id=f"r{number}", flow="f", version="v", trigger="t", scheduled_at_ns=0, started_at_ns=0, vars={},
            status=RunStatus.FAILED if end == "F" else RunStatus.SUCCEEDED, ended_at_ns=number,
        )
        for number, end in enumerate(ends, start=first)
    ]  # fmt: skip


def told(ends: str, after: int, last: Notice | None = None) -> list[tuple[str, str, int]]:
    return [(kind.value, run.id, failures) for kind, run, failures in news(runs(ends), last, after)]


def last(kind: NoticeKind, at_ns: int) -> Notice:
    return Notice("n", "f", kind, at_ns)


@pytest.mark.parametrize(
    ("ends", "after", "expected"),
    [
        ("", 1, []),
        ("SSS", 1, []),
        ("FF", 3, []),
        ("FFF", 3, [("failure", "r3", 3)]),
        ("FFFFF", 3, [("failure", "r3", 3)]),
        ("SFFF", 3, [("failure", "r4", 3)]),
        ("FFSFF", 3, []),
        ("F", 1, [("failure", "r1", 1)]),
        # What was long ago is no news for who has just added a hook.
        ("FFFS", 3, []),
        ("FFFSSFFF", 3, [("failure", "r8", 3)]),
    ],
)
def test_where_nothing_was_told_how_things_stand_is_news(ends, after, expected):
    assert told(ends, after) == expected


@pytest.mark.parametrize(
    ("ends", "kind", "at_ns", "after", "expected"),
    [
        ("FFFF", NoticeKind.FAILURE, 3, 3, []),
        ("FFFFS", NoticeKind.FAILURE, 3, 3, [("recovery", "r5", 4)]),
        ("FFFSS", NoticeKind.FAILURE, 3, 3, [("recovery", "r4", 3)]),
        ("FFFSS", NoticeKind.RECOVERY, 4, 3, []),
        ("FFFSFF", NoticeKind.RECOVERY, 4, 3, []),
        ("FFFSFFF", NoticeKind.RECOVERY, 4, 3, [("failure", "r7", 3)]),
        # Several ends at once, as after a time in which nobody looked: none is passed over.
        (
            "FSFS",
            NoticeKind.FAILURE,
            1,
            1,
            [("recovery", "r2", 1), ("failure", "r3", 1), ("recovery", "r4", 1)],
        ),
    ],
)
def test_only_what_came_after_what_was_told_is_news(ends, kind, at_ns, after, expected):
    assert told(ends, after, last(kind, at_ns)) == expected


def test_an_id_is_that_of_an_end_of_a_run():
    (first,), (second,) = runs("F"), runs("F", first=2)
    assert notice_id(NoticeKind.FAILURE, first) == notice_id(NoticeKind.FAILURE, first)
    assert notice_id(NoticeKind.FAILURE, first) != notice_id(NoticeKind.RECOVERY, first)
    assert notice_id(NoticeKind.FAILURE, first) != notice_id(NoticeKind.FAILURE, second)
    again = runs("F", first=1)[0]
    again.ended_at_ns = 99  # tried again, it has failed once more
    assert notice_id(NoticeKind.FAILURE, again) != notice_id(NoticeKind.FAILURE, first)
