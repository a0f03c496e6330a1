"""Which processes execute a flow, and which of its tasks each. Part of a replica."""

import msgspec

from headrace.store.journal.event import Batch, Followed, Joined

__all__ = ["Author", "Claims", "Member"]

_FORGOTTEN_NS = 3_600 * 10**9
"""An author of whom nothing was heard for an hour writes nothing any more: it gives up far sooner."""


class Member(msgspec.Struct, frozen=True):
    """A process that executes tasks of the flow: see `event.Joined`."""

    host: str
    pid: int


class Following(msgspec.Struct, frozen=True):
    """A member fires the flow's triggers by themselves: see `event.Followed`.

    Attributes:
        sequence: of the event.
    """

    version: str
    changed_ns: int
    sequence: int


class Author(msgspec.Struct):
    """Which batches of an author are in the journal.

    Attributes:
        settled: all up to this one, or they never will be.
        seen: the others.
        heard_ns: when the last was written.
    """

    settled: int = 0
    seen: set[int] = msgspec.field(default_factory=set)
    heard_ns: int = 0


class Claims(msgspec.Struct):
    """Members, and what they execute.

    Attributes:
        members: by id, the earliest first.
        following: those that fire the flow's triggers by themselves.
        holder: who executes a task, by its id.
        held: the other way round: by member, the tasks with their runs.
        executing: how many tasks of a run are executed.
        authors: who has written into the journal, for a while.
        alive_ns: for how long there was a member, up to `alive_at_ns`.
    """

    members: dict[str, Member] = msgspec.field(default_factory=dict)
    following: dict[str, Following] = msgspec.field(default_factory=dict)
    holder: dict[str, str] = msgspec.field(default_factory=dict)
    held: dict[str, dict[str, str]] = msgspec.field(default_factory=dict)
    executing: dict[str, int] = msgspec.field(default_factory=dict)
    authors: dict[str, Author] = msgspec.field(default_factory=dict)
    alive_ns: int = 0
    alive_at_ns: int = 0

    def is_new(self, batch: Batch, at_ns: int) -> bool:
        """Note a batch, and the time; false if it was in the journal before."""
        if self.members:
            self.alive_ns += max(at_ns - self.alive_at_ns, 0)
        self.alive_at_ns = max(at_ns, self.alive_at_ns)
        author = self.authors.get(batch.author)
        if author is None:
            self._forget_authors(at_ns)
            author = self.authors[batch.author] = Author()
        author.heard_ns = at_ns
        if batch.number <= author.settled or batch.number in author.seen:
            return False
        author.settled = max(author.settled, batch.settled)
        author.seen.add(batch.number)
        author.seen = {number for number in author.seen if number > author.settled}
        return True

    def _forget_authors(self, at_ns: int) -> None:
        silent = [
            id_
            for id_, author in self.authors.items()
            if id_ not in self.members and author.heard_ns < at_ns - _FORGOTTEN_NS
        ]
        for id_ in silent:
            del self.authors[id_]

    def join(self, author: str, event: Joined) -> None:
        """A member is there; once more changes nothing."""
        self.members.setdefault(author, Member(event.host, event.pid))
        self.held.setdefault(author, {})

    def follow(self, author: str, event: Followed, sequence: int) -> None:
        """A member fires the flow's triggers by themselves, or no more."""
        self.following.pop(author, None)
        if event.version and author in self.members:
            self.following[author] = Following(event.version, event.changed_ns, sequence)

    @property
    def version(self) -> str | None:
        """The version whose triggers fire by themselves: of those that there are, that of the latest file."""
        latest = max(self.following.values(), key=lambda each: (each.changed_ns, each.sequence), default=None)
        return None if latest is None else latest.version

    def leave(self, member: str) -> dict[str, str]:
        """A member is gone; gives the tasks that it held, with their runs."""
        self.members.pop(member, None)
        self.following.pop(member, None)
        held = self.held.pop(member, {})
        for task_id, run_id in held.items():
            del self.holder[task_id]
            self._count(run_id, -1)
        return held

    def claim(self, member: str, run_id: str, task_id: str, concurrency: int | None = None) -> bool:
        """Let a member execute a task, unless another does, or too many of the run are executed."""
        if member not in self.members:
            return False
        if (holder := self.holder.get(task_id)) is not None:
            return holder == member
        if concurrency is not None and self.executing.get(run_id, 0) >= concurrency:
            return False
        self.holder[task_id] = member
        self.held[member][task_id] = run_id
        self._count(run_id, 1)
        return True

    def release(self, task_id: str) -> None:
        """Nobody executes a task any more."""
        holder = self.holder.pop(task_id, None)
        if holder is not None:
            self._count(self.held[holder].pop(task_id), -1)

    def decides(self, author: str, task_id: str) -> bool:
        """Whether what an author says of a task counts: another who executes it has not seen it yet."""
        return self.holder.get(task_id, author) == author

    def _count(self, run_id: str, change: int) -> None:
        count = self.executing.get(run_id, 0) + change
        if count:
            self.executing[run_id] = count
        else:
            del self.executing[run_id]
