"""How a run went, as the API sends it and the store keeps it. Times are seconds since the run began."""

import heapq
from collections.abc import Iterable, Mapping
from itertools import zip_longest
from typing import Annotated, Any, Literal, TypeAlias

import msgspec

from headrace.engine import Step
from headrace.values import Json

__all__ = [
    "MOST_SLOWEST",
    "MOST_SPANS",
    "RESULTS",
    "NodeProfile",
    "Profile",
    "Result",
    "Sample",
    "Steps",
    "TaskSpan",
    "decode_profile",
    "encode_profile",
    "joined",
]

MOST_SPANS = 500
MOST_SLOWEST = 10

Result: TypeAlias = Literal["running", "done", "retried", "dead", "dropped"]
"""Dropped: its run was cancelled, or its process stopped; what it did is rolled back."""

RESULTS: Mapping[Step, Result] = {
    Step.DECIDED: "done",
    Step.RETRIED: "retried",
    Step.BURIED: "dead",
    Step.DROPPED: "dropped",
    Step.LEFT: "dropped",
}
"""Of the steps with which an attempt ends."""


class TaskSpan(msgspec.Struct, rename="camel"):
    """One attempt of a task, as it was executed.

    Attributes:
        attempt: from 1.
        seconds: how long it took; of one that is running, so far.
        context: facts of its message that tell which data it was: `page`, `batchNum`; masked.
    """

    task: str
    node: str
    port: str
    attempt: int
    began_seconds: float
    seconds: float = 0.0
    result: Result = "running"
    context: dict[str, Any] = msgspec.field(default_factory=dict)


class NodeProfile(msgspec.Struct, rename="camel"):
    """One node in a run.

    Attributes:
        received: messages that entered.
        failed: those at which it failed itself.
        timed: how many were timed.
        seconds: the own time of those, without that of the nodes below.
    """

    received: int = 0
    failed: int = 0
    timed: int = 0
    seconds: float = 0.0

    def add(self, other: "NodeProfile") -> None:
        """Count in what it did besides."""
        self.received += other.received
        self.failed += other.failed
        self.timed += other.timed
        self.seconds += other.seconds


class Steps(msgspec.Struct, rename="camel"):
    """The time of a run in equal steps: how long each is, and how many tasks were done in each."""

    seconds: Annotated[float, msgspec.Meta(gt=0)]
    tasks: list[int] = msgspec.field(default_factory=list)

    def double(self) -> None:
        """Make of every two steps one."""
        self.seconds *= 2
        pairs = zip_longest(self.tasks[::2], self.tasks[1::2], fillvalue=0)
        self.tasks = [first + second for first, second in pairs]

    def add(self, other: "Steps") -> None:
        """Count in what was done besides; `other` is of no use from then on."""
        while other.seconds < self.seconds:
            other.double()
        while self.seconds < other.seconds:
            self.double()
        self.tasks = [a + b for a, b in zip_longest(self.tasks, other.tasks, fillvalue=0)]


class Profile(msgspec.Struct, rename="camel"):
    """What is remembered of how a run went.

    Attributes:
        tasks: the latest, in the order of their beginning.
        earlier: how many were executed before those.
        slowest: the slowest first.
        nodes: by name.
    """

    tasks: list[TaskSpan]
    earlier: int
    slowest: list[TaskSpan]
    nodes: dict[str, NodeProfile]
    steps: Steps

    def settle(self) -> None:
        """Nothing is running any more: what was, its process left behind."""
        for span in (*self.tasks, *self.slowest):
            if span.result == "running":
                span.result = "dropped"


class Sample(msgspec.Struct, frozen=True, rename="camel"):
    """A message that entered a node, or left it.

    Attributes:
        at: RFC 3339, UTC.
        run: its id.
        message: masked, and cut where it is long.
    """

    at: str
    run: str
    direction: Literal["in", "out"]
    port: str
    message: Json
    is_cut: bool


def joined(parts: Iterable[Profile]) -> Profile | None:
    """How a run went that several processes executed, by what each remembers; None if that is nothing.

    The parts are of no use from then on.
    """
    whole: Profile | None = None
    for part in parts:
        if whole is None:
            whole = part
            continue
        whole.earlier += part.earlier
        whole.tasks += part.tasks
        whole.slowest += part.slowest
        for name, node in part.nodes.items():
            whole.nodes.setdefault(name, NodeProfile()).add(node)
        whole.steps.add(part.steps)
    if whole is not None:
        whole.earlier += max(len(whole.tasks) - MOST_SPANS, 0)
        whole.tasks = sorted(whole.tasks, key=lambda span: span.began_seconds)[-MOST_SPANS:]
        whole.slowest = heapq.nlargest(MOST_SLOWEST, whole.slowest, key=lambda span: span.seconds)
    return whole


def encode_profile(profile: Profile) -> bytes:
    """A profile as JSON."""
    return msgspec.json.encode(profile)


def decode_profile(encoded: bytes) -> Profile:
    """A profile that was kept.

    Raises:
        ValueError: it is damaged.
    """
    try:
        return msgspec.json.decode(encoded, type=Profile)
    except msgspec.MsgspecError as error:
        raise ValueError(f"the profile cannot be read: {error}") from error
