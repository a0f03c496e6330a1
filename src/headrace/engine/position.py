"""Where a message is within a task, and what edges make of what is sent from there."""

from __future__ import annotations

from typing import TypeAlias

from headrace.engine.branch import Branch
from headrace.engine.execution import Execution
from headrace.engine.program import Target, Unit
from headrace.errors import ExpressionError
from headrace.sdk import RunInfo
from headrace.store import GroupMember, TaskRecord
from headrace.values import Message

__all__ = ["CameFrom", "Position"]


class Position:
    """One message at one node.

    Attributes:
        came_from: the position that emitted, with the emission's number and the edge: the path that made
            this work, from which ids of tasks derive (rule 3).
        visit: what the execution's probe made of this message at this node; None if it is not told of it.
    """

    __slots__ = ("_emissions", "base", "branch", "came_from", "execution", "message", "unit", "visit")

    def __init__(
        self,
        execution: Execution,
        unit: Unit,
        branch: Branch,
        base: Message,
        message: Message,
        came_from: CameFrom | None,
    ) -> None:
        self.execution = execution
        self.unit = unit
        self.branch = branch
        self.base = base
        self.message = message
        self.came_from = came_from
        self.visit: object = None
        self._emissions = 0

    @property
    def node(self) -> str:
        """The node's name."""
        return self.unit.node.name

    @property
    def run(self) -> RunInfo:
        """What the task may know of its run."""
        return self.execution.run_info

    def path(self) -> str:
        """The way from the task's beginning to here: nodes, ports, numbers of emissions, edges."""
        steps = []
        position: Position = self
        while position.came_from is not None:
            above, port, key, index = position.came_from
            steps.append(f"{above.node}:{port}.{key}>{index}")
            position = above
        return "/".join(reversed(steps))

    def shape(self, target: Target, message: Message) -> tuple[Message, Message]:
        """The base value and the message that an edge makes of what is emitted.

        Raises:
            Raised: the edge's template has no value; the failure is the sender's, with the edge's place.
        """
        execution = self.execution
        try:
            if target.data is not None:
                return message, target.data.evaluate(message, execution.environment)
            if target.add is not None:
                members = message if isinstance(message, dict) else {}
                added = target.add.evaluate(message, execution.environment)
                laid = {**members, **added} if isinstance(added, dict) else message
                return laid, laid
        except ExpressionError as error:
            raise execution.raised(error, self.unit.node, target.edge.span, message) from error
        return message, message

    def new_task(
        self,
        target: Target,
        base: Message,
        message: Message,
        came_from: CameFrom,
        group: GroupMember | None = None,
        tracks: str = "",
    ) -> TaskRecord:
        """The task that delivers a message over a boundary edge."""
        task = self.execution.task
        _, port, key, index = came_from
        path = f"{self.path()}/{self.node}:{port}.{key}>{index}"
        return TaskRecord(
            id=self.execution.derived_id(path),
            run_id=task.run_id,
            node=target.unit.name,
            port=target.port,
            message=message,
            base=base,
            lane=None if target.closes_loop else self.unit.lane,
            closes_loop=target.closes_loop,
            group=group if group is not None else task.group,
            tracks=tracks,
        )


CameFrom: TypeAlias = tuple[Position, str, int, int]
