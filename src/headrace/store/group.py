"""The one primitive of fan-out: a group of tasks whose end is announced once (rule 7). Pure."""

from dataclasses import dataclass, field, replace

from headrace.store.records import MAX_ERRORS, ErrorFate, ErrorRecord, NewGroup, TaskRecord
from headrace.values import Json

__all__ = ["GroupState"]


@dataclass(slots=True)
class GroupState:
    """A group's open tasks, and what its members came to.

    Attributes:
        open: tasks and nested groups that have not finished, by id; setting one twice changes nothing.
        failed_items: items of the emissions below which anything failed, by port and number.
    """

    group: NewGroup
    open: set[str] = field(default_factory=set)
    failed_items: dict[tuple[str, int], int] = field(default_factory=dict)
    errors: list[Json] = field(default_factory=list)
    error_count: int = 0

    def note(self, task: TaskRecord, errors: list[ErrorRecord]) -> None:
        """Record the errors that were raised in a member's task."""
        if task.group is None:
            return
        for error in errors:
            if error.fate is ErrorFate.RETRIED:
                continue
            self.error_count += 1
            self.failed_items[task.group.port, task.group.key] = task.group.items
            if len(self.errors) < MAX_ERRORS:
                self.errors.append(
                    {
                        "error": error.message,
                        "batchNum": task.group.number,
                        "handled": error.fate is ErrorFate.HANDLED,
                    }
                )

    def finished(self) -> TaskRecord:
        """The task that announces the end; to be called once, when nothing is open any more."""
        done = self.group.done
        message = done.message if isinstance(done.message, dict) else {}
        processed = self.group.total_items - sum(self.failed_items.values())
        final: Json = {
            **message,
            "processed": max(processed, 0),
            "failed": self.error_count,
            "errors": self.errors,
        }
        return replace(done, message=final, base=final)
