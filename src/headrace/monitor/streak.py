"""What a flow has to tell others, from how its latest runs have ended. Pure."""

import hashlib
from collections.abc import Iterator, Sequence

from headrace.store import Notice, NoticeKind, RunRecord, RunStatus

__all__ = ["news", "notice_id"]


def news(
    ended: Sequence[RunRecord], last: Notice | None, after: int
) -> Iterator[tuple[NoticeKind, RunRecord, int]]:
    """What is new: its kind, the run that it is about, and how many runs had failed in a row.

    Args:
        ended: runs that have succeeded or failed, in the order of their ends.
        last: what was announced last. Where nothing ever was, only how things stand now is news.
        after: how many failed runs in a row are a failure of the flow.
    """
    if last is None:
        wells = [number for number, run in enumerate(ended) if run.status is RunStatus.SUCCEEDED]
        ended = ended[wells[-1] :] if wells else ended
    is_failing = last is not None and last.kind is NoticeKind.FAILURE
    failures = 0
    for run in ended:
        is_new = last is None or (run.ended_at_ns or 0) > last.at_ns
        if run.status is RunStatus.FAILED:
            failures += 1
            if is_new and failures >= after and not is_failing:
                is_failing = True
                yield NoticeKind.FAILURE, run, failures
            continue
        if is_new and is_failing:
            is_failing = False
            yield NoticeKind.RECOVERY, run, failures
        failures = 0


def notice_id(kind: NoticeKind, run: RunRecord) -> str:
    """The same each time for the same end of the same run; fit for the id of a run."""
    text = f"{kind.value} {run.id} {run.ended_at_ns}"
    return hashlib.sha256(text.encode()).hexdigest()[:16]
