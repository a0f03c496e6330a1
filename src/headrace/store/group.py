"""The one primitive of fan-out: a group of tasks whose end is announced once (rule 7). Pure."""

import msgspec
from msgspec.structs import replace

from headrace.sdk.watermark import Watermark, higher
from headrace.store.records import MAX_ERRORS, ErrorFate, GroupMember, NewGroup, Outcome, TaskRecord
from headrace.values import Json

__all__ = ["GroupNote", "GroupState"]


class GroupNote(msgspec.Struct, frozen=True):
    """What one member of a group came to, and the errors below it.

    Attributes:
        errors: those of them that `done` lists, as it lists them.
        tally: what the member counted.
        watermark: how far the member has come.
    """

    member: GroupMember
    error_count: int
    errors: list[Json]
    tally: dict[str, int] = msgspec.field(default_factory=dict)
    watermark: Watermark | None = None


class GroupState(msgspec.Struct):
    """A group's open tasks, and what its members came to.

    Attributes:
        open: tasks and nested groups that have not finished, by id; setting one twice changes nothing.
        failed_items: items of the emissions below which anything failed, by member, port and number.
        notes: how many notes were taken, which numbers them.
        tally: what the members counted, together.
        watermarks: the highest of each member that told one, by its number.
    """

    group: NewGroup
    open: set[str] = msgspec.field(default_factory=set)
    failed_items: dict[tuple[int, str, int], int] = msgspec.field(default_factory=dict)
    errors: list[Json] = msgspec.field(default_factory=list)
    error_count: int = 0
    notes: int = 0
    tally: dict[str, int] = msgspec.field(default_factory=dict)
    watermarks: dict[int, Watermark] = msgspec.field(default_factory=dict)

    def note(self, task: TaskRecord, outcome: Outcome) -> GroupNote | None:
        """Record what a member's task counted, and its errors; None if there is nothing to record."""
        member = task.group
        errors = [error for error in outcome.errors if error.fate is not ErrorFate.RETRIED]
        if member is None or not (errors or outcome.tally or outcome.watermark):
            return None
        listed: list[Json] = [
            {"error": e.message, "batchNum": member.number, "handled": e.fate is ErrorFate.HANDLED}
            for e in errors[: self._room]
        ]
        count = len(errors) + outcome.further_errors
        return self._noted(GroupNote(member, count, listed, outcome.tally, outcome.watermark))

    def include(self, inner: "GroupState") -> GroupNote | None:
        """Record what failed in a fan-out below a member, which has finished; None if nothing did."""
        member = inner.group.done.group
        if member is None or not inner.error_count:
            return None
        listed: list[Json] = [
            {**error, "batchNum": member.number}
            for error in inner.errors[: self._room]
            if isinstance(error, dict)
        ]
        return self._noted(GroupNote(member, inner.error_count, listed))

    def apply(self, note: GroupNote) -> None:
        """Take over what was noted."""
        self.notes += 1
        self.error_count += note.error_count
        self.errors += note.errors
        member = note.member
        for name, count in note.tally.items():
            self.tally[name] = self.tally.get(name, 0) + count
        if (reached := higher(self.watermarks.get(member.number), note.watermark)) is not None:
            self.watermarks[member.number] = reached
        if note.error_count:
            self.failed_items[member.number, member.port, member.key] = member.items

    def _noted(self, note: GroupNote) -> GroupNote:
        self.apply(note)
        return note

    @property
    def _room(self) -> int:
        return MAX_ERRORS - len(self.errors)

    def _failed(self) -> int:
        """How many items failed: the ports of one member carry the same items, alone or together."""
        members: dict[int, dict[str, int]] = {}
        for (number, port, _), items in self.failed_items.items():
            ports = members.setdefault(number, {})
            ports[port] = ports.get(port, 0) + items
        return sum(max(ports.values()) for ports in members.values())

    def finished(self) -> TaskRecord:
        """The task that announces the end; to be called once, when nothing is open any more."""
        done = self.group.done
        if not done.is_output:
            resume: Json = {"group": self.group.id, "at": {"ended": self._ended()}}
            return replace(done, resume=resume)
        message = done.message if isinstance(done.message, dict) else {}
        processed = self.group.total_items - self._failed()
        final: Json = {
            **message,
            "processed": max(processed, 0),
            "failed": self.error_count,
            "errors": self.errors,
        }
        return replace(done, message=final, base=final)

    def _ended(self) -> dict[str, Json]:
        """What the node is told; `watermark` is the highest before the first gap."""
        gap = min((number for number, _, _ in self.failed_items), default=None)
        reached = None
        for number, watermark in self.watermarks.items():
            if gap is None or number < gap:
                reached = higher(reached, watermark)
        return {
            "tally": dict(self.tally),
            "failed": self.error_count,
            "errors": self.errors,
            "watermark": None if reached is None else reached.json,
            "hasGap": gap is not None,
        }
