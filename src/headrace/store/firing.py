"""What becomes of a trigger's record: it is activated, stopped, and each firing is decided (rule 22). Pure.

A store reads the record and the trigger's open runs, asks here, and makes the changed record and the run
durable in one step. It refuses the change if the record's `revision` is no longer the one that it read.
"""

import msgspec
from msgspec.structs import replace

from headrace.sdk.schedule import Overlap
from headrace.store.records import FireRequest, TriggerRecord

__all__ = ["MAX_OPEN", "Decision", "activate", "deactivate", "decide"]

MAX_OPEN = 100
"""Open runs of a trigger with `overlap: allow` above which missed firings wait to be made up for."""

_DAY_NS = 86_400 * 10**9


class Decision(msgspec.Struct, frozen=True):
    """What becomes of a firing.

    Attributes:
        trigger: the record as it is from now on; the same object if nothing changes.
        tick: the tick number of the run that is to be made, 0 on request; None: no run is made.
        reason: why no run is made: `overlap`, `queued`, `exhausted`, `waits` (nothing is decided yet),
            `duplicate` (decided before), `stopped` (the trigger is not active); else empty.
        superseded: runs that are to be cancelled for it (`overlap: cancel-running`).
    """

    trigger: TriggerRecord | None
    tick: int | None = None
    reason: str = ""
    superseded: tuple[str, ...] = ()


def activate(
    trigger: TriggerRecord | None, schedule: str, now_ns: int, *, emit_on_start: bool = False
) -> TriggerRecord:
    """The record with which a schedule is followed from now on; the same object if it goes on as before.

    Args:
        trigger: the stored record; None for a new trigger.
        schedule: `Schedule.identity`; another one than before starts a new grid at the last firing.
        now_ns: Unix nanoseconds.
        emit_on_start: this activation owes a firing of its own.
    """
    if trigger is None:
        return TriggerRecord(
            schedule=schedule,
            anchor_ns=now_ns,
            last_scheduled_ns=now_ns,
            since_ns=now_ns,
            owes_start=emit_on_start,
        )
    if not trigger.is_active:
        anchor_ns = _new_anchor(trigger, now_ns)
        return replace(
            trigger,
            schedule=schedule,
            anchor_ns=anchor_ns,
            last_scheduled_ns=anchor_ns,
            since_ns=anchor_ns,
            is_active=True,
            owes_start=emit_on_start,
            revision=trigger.revision + 1,
        )
    if trigger.schedule != schedule:
        return replace(
            trigger,
            schedule=schedule,
            anchor_ns=trigger.last_scheduled_ns,
            since_ns=max(now_ns, trigger.last_scheduled_ns),
            revision=trigger.revision + 1,
        )
    return trigger


def _new_anchor(trigger: TriggerRecord, now_ns: int) -> int:
    """Now; but after the last firing, so that no time fires twice where the clock was set back.

    If it was set back by more than a day, it had been wrong: nobody wants to wait until it is there again.
    """
    ahead_ns = trigger.last_scheduled_ns - now_ns
    return trigger.last_scheduled_ns + 1 if 0 <= ahead_ns <= _DAY_NS else now_ns


def deactivate(trigger: TriggerRecord) -> TriggerRecord:
    """The record of a stopped trigger: its tick numbers stay, what it owes and holds is dropped."""
    if not trigger.is_active:
        return trigger
    return replace(trigger, is_active=False, owes_start=False, queued_ns=None, revision=trigger.revision + 1)


def decide(trigger: TriggerRecord | None, request: FireRequest, running: tuple[str, ...]) -> Decision:
    """Decide a firing.

    Args:
        trigger: the stored record; None if there is none.
        request: the firing.
        running: ids of the trigger's open runs.
    """
    if request.on_request:
        return Decision(trigger, tick=0)
    if trigger is None or not trigger.is_active:
        return Decision(trigger, reason="stopped")
    if not _is_undecided(trigger, request):
        return Decision(trigger, reason="duplicate")
    if _has_to_wait(trigger, request, running):
        return Decision(trigger, reason="waits")
    decided = _decided(trigger, request)
    if request.max_firings and trigger.firings >= request.max_firings:
        return Decision(decided, reason="exhausted")
    if running and request.overlap is Overlap.SKIP:
        return Decision(decided, reason="overlap")
    if request.overlap is Overlap.QUEUE and decided.queued_ns is not None:
        return Decision(decided, reason="overlap")
    if running and request.overlap is Overlap.QUEUE:
        return Decision(replace(decided, queued_ns=request.scheduled_at_ns), reason="queued")
    superseded = running if request.overlap is Overlap.CANCEL_RUNNING else ()
    tick = trigger.firings + 1
    return Decision(replace(decided, firings=tick), tick, superseded=superseded)


def _is_undecided(trigger: TriggerRecord, request: FireRequest) -> bool:
    if request.queued:
        return request.scheduled_at_ns == trigger.queued_ns
    return request.scheduled_at_ns > trigger.last_scheduled_ns or _is_start(trigger, request)


def _is_start(trigger: TriggerRecord, request: FireRequest) -> bool:
    return trigger.owes_start and request.scheduled_at_ns == trigger.anchor_ns


def _has_to_wait(trigger: TriggerRecord, request: FireRequest, running: tuple[str, ...]) -> bool:
    if request.queued:
        return bool(running)
    if trigger.owes_start and not _is_start(trigger, request):
        return True
    if not request.waits:
        return False
    room = MAX_OPEN if request.overlap is Overlap.ALLOW else 1
    return trigger.queued_ns is not None or len(running) >= room


def _decided(trigger: TriggerRecord, request: FireRequest) -> TriggerRecord:
    """The record once the firing is decided, whether it makes a run or not."""
    return replace(
        trigger,
        last_scheduled_ns=max(trigger.last_scheduled_ns, request.scheduled_at_ns),
        owes_start=trigger.owes_start and not _is_start(trigger, request),
        queued_ns=None if request.queued else trigger.queued_ns,
        decided_at_ns=trigger.decided_at_ns if request.queued else request.fired_at_ns,
        revision=trigger.revision + 1,
    )
