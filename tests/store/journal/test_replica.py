"""A journal comes to one state: however it is read, from wherever on, and whatever is in it twice."""

import random
from collections import Counter

import msgspec
import pytest

from headrace.errors import InternalError
from headrace.store import (
    Attempt,
    Caller,
    Committed,
    ErrorFate,
    GroupMember,
    NewGroup,
    Outcome,
    RunStatus,
    TaskRecord,
)
from headrace.store.encoding import encode_error, encode_outcome, encode_task
from headrace.store.journal import Batch, Replica, decode_batch, encode_batch
from headrace.store.journal import event as events
from headrace.store.journal.change import EndedRun
from headrace.store.journal.record import encode_ended
from headrace.store.journal.snapshot import decode_snapshot, encode_snapshot
from support.made import error

SECOND = 10**9


def raw(data):
    return msgspec.Raw(data)


class Journal:
    """Batches in their order, each applied to a replica at once."""

    def __init__(self):
        self.messages = []
        self.replica = Replica("test")
        self.numbers = Counter()
        self.now_ns = SECOND

    def write(self, author, *written, outcomes=None):
        """The results of some events."""
        self.numbers[author] += 1
        number = self.numbers[author]
        self.now_ns += SECOND
        batch = decode_batch(encode_batch(Batch(author, number, number - 1, list(written))))
        self.messages.append((batch, self.now_ns))
        applied = self.replica.apply(batch, len(self.messages), self.now_ns, outcomes)
        return [each.result for each in applied]

    def one(self, author, written, **options):
        (result,) = self.write(author, written, **options)
        return result

    def join(self, *authors):
        for author in authors:
            self.write(author, events.Joined("host", 1))

    def fire(self, author, run_id="r1", **given):
        fields = {
            "version": "v1",
            "trigger": "start",
            "port": "out",
            "run_id": run_id,
            "scheduled_at_ns": 1,
            "fired_at_ns": 1,
            "vars": {},
            "message": {"n": 1},
        }
        return self.one(author, events.Fired(**{**fields, **given}))

    def commit(self, author, task, **parts):
        outcome = Outcome(**parts)
        encoded = raw(encode_outcome(outcome, 2**20).record())
        return self.one(
            author, events.Committed(task.run_id, task.id, encoded, 5), outcomes={task.id: outcome}
        )

    def claim(self, author, task, concurrency=100):
        return self.one(author, events.Claimed(task.run_id, task.id, concurrency))


def task(name, run_id="r1", **options):
    return TaskRecord(f"{run_id}.{name}", run_id, "node", "in", {"name": name}, {"name": name}, **options)


@pytest.fixture
def journal():
    made = Journal()
    made.join("a", "b")
    return made


def test_of_two_that_fire_the_same_time_the_first_in_the_journal_does(journal):
    journal.one("a", events.Activated("start", "PT1S", 1))
    first = journal.fire("a", "r1", scheduled_at_ns=5, revision=1)
    second = journal.fire("b", "r2", scheduled_at_ns=5, revision=1)
    assert (first.run.id, second.run, second.reason) == ("r1", None, "stale")
    again = journal.fire("b", "r2", scheduled_at_ns=5, revision=2)
    assert (again.run, again.reason) == (None, "duplicate")


def test_a_task_is_executed_by_the_first_that_claims_it(journal):
    first = journal.fire("a").task
    assert journal.claim("b", first) is None
    journal.commit("a", first, tasks=[task("x"), task("y")])
    assert journal.replica.claims.holder == {"r1.x": "a"}  # who ends a task goes on with what it made
    assert journal.claim("b", task("y")) == Attempt()
    assert journal.claim("a", task("y")) is None
    assert journal.claim("nobody", task("x")) is None


def test_no_more_of_a_run_are_executed_than_may_be(journal):
    first = journal.fire("a").task
    journal.commit("a", first, tasks=[task("x"), task("y"), task("z")])
    assert journal.claim("b", task("y"), concurrency=2) == Attempt()
    assert journal.claim("b", task("z"), concurrency=2) is None
    journal.commit("a", task("x"))
    assert journal.claim("b", task("z"), concurrency=2) == Attempt()


def test_what_a_dead_member_executed_is_interrupted_and_done_by_another(journal):
    first = journal.fire("a").task
    journal.one("b", events.Lost("a"))
    assert journal.claim("b", first) == Attempt(interruptions=1, first=False)
    assert "a" not in journal.replica.claims.members


def test_who_was_taken_for_dead_decides_nothing_that_another_has_begun(journal):
    first = journal.fire("a").task
    journal.one("b", events.Lost("a"))
    journal.claim("b", first)
    assert journal.commit("a", first, tasks=[task("of a")]) == Committed()
    assert journal.one("a", events.Buried("r1", first.id, 1, raw(encode_error(error())), 5)) == Committed()
    committed = journal.commit("b", first, tasks=[task("of b")])
    assert [new.id for new in committed.tasks] == ["r1.of b"]


def test_who_was_taken_for_dead_may_end_what_nobody_has_begun_since(journal):
    first = journal.fire("a").task
    journal.one("b", events.Lost("a"))
    assert [new.id for new in journal.commit("a", first, tasks=[task("x")]).tasks] == ["r1.x"]


def test_what_a_member_leaves_is_no_interruption(journal):
    first = journal.fire("a").task
    journal.one("a", events.Left())
    assert journal.claim("b", first) == Attempt(first=False)


def test_the_version_of_the_latest_file_fires_while_somebody_has_it():
    journal = Journal()
    claims = journal.replica.claims
    journal.join("a", "b", "c")
    assert claims.version is None
    journal.write("a", events.Followed("v1", 10))
    journal.write("b", events.Followed("v2", 20))
    assert claims.version == "v2"
    journal.write("c", events.Followed("v1", 10))  # which was started again
    assert claims.version == "v2"
    assert decode_snapshot(encode_snapshot(journal.replica)).claims.version == "v2"
    journal.write("b", events.Followed("", 0))  # is being stopped
    assert claims.version == "v1"
    journal.write("b", events.Followed("v2", 20))
    journal.write("a", events.Lost("b"))
    assert claims.version == "v1"
    journal.write("b", events.Followed("v2", 20))  # who was struck off
    assert claims.version == "v1"


def test_of_two_versions_of_files_of_one_age_the_later_comer_fires():
    journal = Journal()
    journal.join("a", "b")
    journal.write("a", events.Followed("v1", 0))
    journal.write("b", events.Followed("v2", 0))
    assert journal.replica.claims.version == "v2"


def test_a_batch_that_is_written_twice_counts_once(journal):
    first = journal.fire("a").task
    due = Attempt(number=2, due_at_ns=9)
    journal.one("a", events.Retried("r1", first.id, due, 5, raw(encode_error(error(ErrorFate.RETRIED)))))
    batch, _ = journal.messages[-1]
    assert journal.replica.apply(batch, 99, journal.now_ns) == []
    assert journal.replica.ledger.runs["r1"].record.retries == 1


def test_a_batch_that_comes_after_a_later_one_counts(journal):
    late = Batch("a", 7, 1, [events.Switched("start", is_on=False)])
    early = Batch("a", 6, 1, [events.Switched("other", is_on=True)])
    for number, batch in enumerate((late, early, late, early)):
        journal.replica.apply(batch, 100 + number, journal.now_ns)
    assert journal.replica.switches == {"start": False, "other": True}


def test_the_tasks_of_a_cancelled_run_that_others_execute_are_decided_by_them(journal):
    first = journal.fire("a").task
    journal.commit("a", first, tasks=[task("x"), task("y"), task("z")])
    journal.claim("b", task("y"))
    cancelled = journal.one("a", events.Cancelled("r1", RunStatus.CANCELLED, [], 5))
    assert cancelled.ended is None
    assert set(journal.replica.ledger.runs["r1"].open) == {"r1.y"}
    ended = journal.one("b", events.Dropped("r1", "r1.y", 6))
    assert ended.ended.status is RunStatus.CANCELLED


def test_a_cancelled_task_of_a_dead_member_is_looked_after_by_another(journal):
    """It may have committed to its database before."""
    first = journal.fire("a").task
    journal.one("b", events.Cancelled("r1", RunStatus.CANCELLED, [], 5))
    journal.one("b", events.Lost("a"))
    assert journal.claim("b", first) == Attempt(interruptions=1, first=False)
    assert journal.commit("b", first, tasks=[task("x")]).ended.status is RunStatus.CANCELLED


def test_callers_whose_connection_a_dead_member_held_are_lost(journal):
    journal.fire("a", has_caller=True)
    journal.one("b", events.Lost("a"))
    assert journal.replica.ledger.runs["r1"].record.caller is Caller.LOST


def test_a_run_counts_the_time_in_which_there_was_a_member(journal):
    first = journal.fire("a").task
    journal.write("a", events.Left())
    journal.write("b", events.Left())
    journal.now_ns += 1000 * SECOND
    journal.write("c", events.Joined("host", 3))
    journal.claim("c", first)
    ended = journal.commit("c", first).ended
    assert ended.worked_ns == 4 * SECOND  # two writes before, and two after


def test_authors_who_write_no_more_are_forgotten_and_members_are_not(journal):
    journal.write("visitor", events.Switched("start", is_on=False))
    journal.now_ns += 7200 * SECOND
    journal.write("another", events.Switched("start", is_on=False))
    assert set(journal.replica.claims.authors) == {"a", "b", "another"}


class Play:
    """Members that do what they may and what they may not, at random."""

    MEMBERS = ("a", "b", "c")

    def __init__(self, seed):
        self.chance = random.Random(seed)
        self.journal = Journal()
        self.made = 0
        self.decided = Counter()

    def step(self):
        author = self.chance.choice(self.MEMBERS)
        tasks = [task for state in self.replica.ledger.runs.values() for task, _ in state.open.values()]
        action = self.chance.choices(
            ("join", "leave", "lose", "fire", "claim", "end", "fail", "bury", "cancel", "revive", "drop"),
            (4, 1, 1, 4, 30, 30, 4, 4, 1, 3, 3),
        )[0]
        if action in ("claim", "end", "fail", "bury", "cancel", "drop"):
            if not tasks:
                return
            getattr(self, action)(author, self.chance.choice(tasks))
        else:
            getattr(self, action)(author)

    @property
    def replica(self):
        return self.journal.replica

    def join(self, author):
        self.journal.join(author)

    def leave(self, author):
        self.journal.one(author, events.Left())

    def lose(self, author):
        self.journal.one(author, events.Lost(self.chance.choice(self.MEMBERS)))

    def fire(self, author):
        self.made += 1
        if len(self.replica.ledger.runs) < 3:
            self.journal.fire(author, f"r{self.made}", has_caller=self.chance.random() < 0.3)

    def claim(self, author, task):
        self.journal.claim(author, task, self.chance.randint(1, 5))

    def end(self, author, done):
        made = []
        groups = []
        for _ in range(self.chance.choice((0, 0, 0, 1, 2, 4))):
            self.made += 1
            made.append(task(f"t{self.made}", done.run_id, group=done.group))
        if made and self.chance.random() < 0.3:
            self.made += 1
            id_ = f"{done.run_id}.g{self.made}"
            last = task(f"d{self.made}", done.run_id, is_output=True, group=done.group)
            groups.append(NewGroup(id_, last, 10))
            made = [
                msgspec.structs.replace(each, group=GroupMember(id_, number, "item", number, 1))
                for number, each in enumerate(made)
            ]
        was_open = done.id in self.replica.ledger.runs[done.run_id].open
        holder = self.replica.claims.holder.get(done.id, author)
        errors = [error()] if self.chance.random() < 0.2 else []
        self.journal.commit(
            author,
            done,
            tasks=made,
            groups=groups,
            errors=errors,
            counters={"node.n": 1},
            state={"key": self.made},
        )
        state = self.replica.ledger.runs.get(done.run_id)
        if state is None or done.id not in state.open:
            assert was_open
            assert holder == author
            self.decided[done.id] += 1

    def fail(self, author, failed):
        attempt = Attempt(number=self.chance.randint(2, 5), due_at_ns=self.made, first=False)
        encoded = raw(encode_error(error(ErrorFate.RETRIED)))
        self.journal.one(author, events.Retried(failed.run_id, failed.id, attempt, 5, encoded))

    def bury(self, author, dead):
        encoded = raw(encode_error(error(ErrorFate.DEAD)))
        self.journal.one(author, events.Buried(dead.run_id, dead.id, 5, encoded, 5))

    def cancel(self, author, some):
        self.journal.one(author, events.Cancelled(some.run_id, RunStatus.CANCELLED, [], 5))

    def drop(self, author, some):
        self.journal.one(author, events.Dropped(some.run_id, some.id, 5))

    def revive(self, author):
        if not self.replica.letters:
            return
        task_id = self.chance.choice(list(self.replica.letters))
        kept = self.replica.letters[task_id]
        ended = self.replica.ended.get(kept.run_id)
        if ended is None:
            ended = EndedRun(self.replica.ledger.runs[kept.run_id].record, None, 1)
        encoded = raw(encode_task(kept.letter.task))
        self.journal.one(author, events.Revived(task_id, encoded, raw(encode_ended(ended)), "v2", {"a": 1}))

    def check(self):
        replica = self.replica
        for state in replica.ledger.runs.values():
            assert state.open, "a run without open tasks has ended"
            assert replica.claims.executing.get(state.record.id, 0) == sum(
                id_ in replica.claims.holder for id_ in state.open
            )
        holder = {id_: member for member, held in replica.claims.held.items() for id_ in held}
        assert holder == replica.claims.holder
        assert set(replica.claims.held) == set(replica.claims.members)
        open_ids = {id_ for state in replica.ledger.runs.values() for id_ in state.open}
        assert set(holder) <= open_ids


@pytest.mark.parametrize("seed", range(40))
def test_every_process_comes_to_the_same_state(seed):
    play = Play(seed)
    snapshots = {}
    for number in range(600):
        play.step()
        play.check()
        if play.chance.random() < 0.02:
            snapshots[number] = (len(play.journal.messages), encode_snapshot(play.replica))
    assert sum(play.decided.values()) > 20
    final = encode_snapshot(play.replica)
    fresh = Replica("test")
    doubled = Replica("test")
    for sequence, (batch, at_ns) in enumerate(play.journal.messages, 1):
        fresh.apply(batch, sequence, at_ns)
        doubled.apply(batch, sequence, at_ns)
        assert doubled.apply(batch, sequence, at_ns) == []
    assert encode_snapshot(fresh) == final
    assert encode_snapshot(doubled) == final
    for length, data in snapshots.values():
        joined = decode_snapshot(data)
        for sequence, (batch, at_ns) in enumerate(play.journal.messages[length:], length + 1):
            joined.apply(batch, sequence, at_ns)
        assert encode_snapshot(joined) == final


def test_an_event_that_a_bug_makes_impossible_ends_nobody(journal, monkeypatch, caplog):
    first = journal.fire("a").task
    monkeypatch.setattr("headrace.store.ledger.Ledger.commit", lambda *_: 1 / 0)
    assert isinstance(journal.commit("a", first), InternalError)
    assert "could not be applied" in caplog.text
    monkeypatch.undo()
    assert journal.commit("a", first).ended.status is RunStatus.SUCCEEDED
