"""The one primitive of fan-out: a group of tasks whose end is announced once (rule 7). Pure."""

from dataclasses import dataclass, field, replace

from headrace.store.records import MAX_ERRORS, ErrorFate, GroupMember, NewGroup, Outcome, TaskRecord
from headrace.values import Json

__all__ = ["GroupState"]


@dataclass(slots=True)
class GroupState:
    """A group's open tasks, and what its members came to.

    Attributes:
        open: tasks and nested groups that have not finished, by id; setting one twice changes nothing.
        failed_items: items of the emissions below which anything failed, by member, port and number.
    """

    group: NewGroup
    open: set[str] = field(default_factory=set)
    failed_items: dict[tuple[int, str, int], int] = field(default_factory=dict)
    errors: list[Json] = field(default_factory=list)
    error_count: int = 0

    def note(self, task: TaskRecord, outcome: Outcome) -> None:
        """Record the errors that were raised in a member's task."""
        if task.group is None:
            return
        self.error_count += outcome.further_errors
        for error in outcome.errors:
            if error.fate is ErrorFate.RETRIED:
                continue
            self.error_count += 1
            self._fail(task.group)
            if len(self.errors) < MAX_ERRORS:
                self.errors.append(
                    {
                        "error": error.message,
                        "batchNum": task.group.number,
                        "handled": error.fate is ErrorFate.HANDLED,
                    }
                )

    def include(self, inner: "GroupState") -> None:
        """Record what failed in a fan-out below a member, which has finished."""
        member = inner.group.done.group
        if member is None or not inner.error_count:
            return
        self.error_count += inner.error_count
        self._fail(member)
        room = MAX_ERRORS - len(self.errors)
        self.errors += [
            {**error, "batchNum": member.number} for error in inner.errors[:room] if isinstance(error, dict)
        ]

    def _fail(self, member: GroupMember) -> None:
        self.failed_items[member.number, member.port, member.key] = member.items

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
        message = done.message if isinstance(done.message, dict) else {}
        processed = self.group.total_items - self._failed()
        final: Json = {
            **message,
            "processed": max(processed, 0),
            "failed": self.error_count,
            "errors": self.errors,
        }
        return replace(done, message=final, base=final)
