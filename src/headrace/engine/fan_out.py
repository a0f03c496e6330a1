"""Splitting work over tasks that are members of a group, and being told of its end."""

from headrace.engine.failure import Raised
from headrace.engine.identity import derived_id
from headrace.engine.position import Position
from headrace.sdk.watermark import Watermark, higher
from headrace.store import GroupMember, NewGroup, TaskRecord
from headrace.values import Json, Message

__all__ = ["FanOut"]


class FanOut:
    """See `headrace.sdk.FanOut`. Its id derives from the task that began it, also in further tasks."""

    def __init__(self, position: Position, end: str) -> None:
        """Begin a group, or go on with the one that this task is a further task of.

        Args:
            end: the output that is told of its end; empty for the node itself.
        """
        self._position = position
        self._tracked = ""
        resume = position.execution.task.resume if position.came_from is None else None
        begun = resume.get("group") if isinstance(resume, dict) else None
        self._is_new = not isinstance(begun, str)
        if isinstance(begun, str):
            self.id = begun
        else:
            self.id = position.execution.derived_id(f"{position.path()}/{position.node}:{end}")

    def announce(self, port: str, done: dict[str, Json], items: int) -> None:
        """Have a message sent at an output when all members have finished."""
        if not self._is_new:
            return
        position = self._position
        announcement = TaskRecord(
            id=f"{self.id}.done",
            run_id=position.run.id,
            node=position.node,
            port=port,
            message=done,
            base=done,
            is_output=True,
            group=position.execution.task.group,
        )
        self._begin(announcement, items)

    def tell_node(self) -> None:
        """Have the node handed its message when all members have finished."""
        if not self._is_new:
            return
        group = self._position.execution.task.group
        self._begin(self._delivery(f"{self.id}.done", group, lane=None, resume=None), 0)

    def _begin(self, last: TaskRecord, items: int) -> None:
        self._position.branch.outcome.groups.append(NewGroup(self.id, last, items))

    def add(self, port: str, message: Message, key: int, items: int, member: int) -> None:
        """See `headrace.sdk.FanOut`."""
        position = self._position
        membership = GroupMember(self.id, member, port, key, items)
        targets = position.unit.targets.get(port)
        if targets is None:
            return
        if position.execution.probe is not None:
            position.execution.probe.emitted(position.node, port, message)
        try:
            shapes = [position.shape(target, message) for target in targets]
        except Raised:
            # That is this member's failure, not the fan-out's: a task that emits it fails, and keeps it.
            position.branch.outcome.tasks.append(self._emitting(port, message, membership))
            return
        # Items and batches are the same items: those of the first port are counted.
        self._tracked = self._tracked or port
        tracks = position.node if port == self._tracked else ""
        for target, (base, shaped) in zip(targets, shapes, strict=True):
            target.crossed += 1
            position.execution.crossed[target] += 1
            came_from = (position, port, key, target.edge.index)
            position.branch.outcome.tasks.append(
                position.new_task(target, base, shaped, came_from, membership, tracks)
            )
            tracks = ""  # of several edges, the first

    def _emitting(self, port: str, message: Message, membership: GroupMember) -> TaskRecord:
        return TaskRecord(
            id=derived_id(self._position.run.id, f"{self.id}/{port}.{membership.key}"),
            run_id=self._position.run.id,
            node=self._position.node,
            port=port,
            message=message,
            base=message,
            is_output=True,
            group=membership,
        )

    def go_on(self, resume: Json, member: int = 0) -> None:
        """See `headrace.sdk.FanOut`."""
        position = self._position
        id_ = derived_id(position.run.id, f"{self.id}/{resume!r}")
        position.branch.outcome.tasks.append(
            self._delivery(
                id_,
                GroupMember(self.id, member, "", 0, 0),
                lane=position.unit.lane,
                resume={"group": self.id, "at": resume},
            )
        )

    def tally(self, counts: dict[str, int], watermark: Watermark | None = None) -> None:
        """See `headrace.sdk.FanOut`."""
        outcome = self._position.branch.outcome
        for name, count in counts.items():
            outcome.tally[name] = outcome.tally.get(name, 0) + count
        outcome.watermark = higher(outcome.watermark, watermark)

    def _delivery(self, id_: str, group: GroupMember | None, *, lane: str | None, resume: Json) -> TaskRecord:
        """A task that hands the node its message once more."""
        position = self._position
        message = position.base if position.unit.input is not None else position.message
        return TaskRecord(
            id=id_,
            run_id=position.run.id,
            node=position.node,
            port=position.unit.first_input,
            message=message,
            base=message,
            lane=lane,
            group=group,
            resume=resume,
        )
