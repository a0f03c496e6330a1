"""Whatever is decided in whatever order, written in whatever portions: the file has what memory has.

The reference is a `Ledger` that lives on; a `Batch` takes in its changes, and is written now and then. What the
next process would find in the file must be what the ledger has, at each of these times.
"""

import sqlite3

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from msgspec.structs import replace

from headrace.store import (
    Attempt,
    DeadLetter,
    ErrorFate,
    GroupMember,
    NewGroup,
    Outcome,
    Revival,
    RunStatus,
    TaskRecord,
)
from headrace.store.encoding import encode_outcome
from headrace.store.ledger import Ledger
from headrace.store.sqlite import rows
from headrace.store.sqlite.batch import Batch
from headrace.store.sqlite.migration import migrate, steps
from support.made import error, fire_request, task

KEYS = st.sampled_from(["a", "b"])
PLACES = st.integers(0, 2)


class Deciding(RuleBasedStateMachine):
    """One ledger, one file."""

    runs = st.sampled_from(["r1", "r2"])

    def __init__(self):
        super().__init__()
        self.connection = sqlite3.connect(":memory:", isolation_level=None)
        migrate(self.connection, steps())
        self.ledger, self.batch = Ledger(), Batch()
        self.records, self.letters, self.state = {}, {}, {}
        self.executing, self.recorded = set(), set()
        self.number = 0

    def teardown(self):
        self.connection.close()

    def take(self, changes, encoded=None, *, is_recorded=False):
        self.batch.add(changes, encoded or {}, is_recorded=is_recorded)
        if is_recorded and changes.run is not None:
            self.recorded.add(changes.run.id)
        self.executing.difference_update(changes.closed)
        if changes.attempt is not None:
            self.executing.discard(changes.attempt[0])
        if changes.buried is not None:
            self.letters[changes.buried.task.id] = changes.buried
        if changes.committed.ended is not None:
            self.ledger.forget(changes.run.id)
        for key, value in changes.state.items():
            if value is None:
                self.state.pop(key, None)
            else:
                self.state[key] = value

    def open_tasks(self, run_id):
        state = self.ledger.runs.get(run_id)
        return {} if state is None else state.open

    def chosen(self, run_id, place):
        """An open task of a run, or one that is open no more."""
        tasks = list(self.open_tasks(run_id).values())
        return tasks[place % len(tasks)][0] if tasks else task(run_id, "gone")

    def fresh(self, run_id, member):
        self.number += 1
        return task(run_id, f"t{self.number}", {"n": self.number}, group=member)

    @initialize()
    def fire(self):
        for run_id in ("r1", "r2"):
            fired, changes = self.ledger.fire(fire_request(run_id))
            for change in changes:
                self.take(change)
            self.records[run_id] = fired.run

    @rule(run=runs, place=PLACES)
    def begin(self, run, place):
        chosen = self.chosen(run, place)
        self.batch.begin(chosen.id)
        if chosen.id in self.open_tasks(run):
            self.executing.add(chosen.id)

    @rule(
        run=runs,
        place=PLACES,
        children=st.integers(0, 2),
        groups=st.booleans(),
        errors=st.integers(0, 2),
        key=KEYS,
        value=st.sampled_from([None, 1, {"at": "ü"}]),
        has_state=st.booleans(),
        is_recorded=st.booleans(),
    )
    def commit(self, run, place, children, groups, errors, key, value, has_state, is_recorded):
        done = self.chosen(run, place)
        outcome = Outcome(counters={"c": 1}, errors=[error() for _ in range(errors)])
        if has_state:
            outcome.state[key] = value
        if groups:
            self.number += 1
            id_ = f"{run}.g{self.number}"
            announced = TaskRecord(
                f"{id_}.done", run, "node", "done", {}, {}, is_output=True, group=done.group
            )
            outcome.groups.append(NewGroup(id_, announced, 10))
            members = [GroupMember(id_, number, "batch", number, 5) for number in range(children)]
        else:
            members = [done.group] * children
        outcome.tasks += [self.fresh(run, member) for member in members]
        encoded = encode_outcome(outcome, 10_000)
        changes = self.ledger.commit(done, encoded, 500)
        self.take(changes, encoded.tasks, is_recorded=is_recorded)

    @rule(run=runs, place=PLACES, number=st.integers(1, 9), has_error=st.booleans())
    def retry(self, run, place, number, has_error):
        failed = self.chosen(run, place)
        told = error(ErrorFate.RETRIED) if has_error else None
        changes, _ = self.ledger.retry(failed, Attempt(number, due_at_ns=number, first=False), told, 500)
        self.take(changes)

    @rule(run=runs, place=PLACES, attempts=st.integers(1, 9))
    def bury(self, run, place, attempts):
        self.take(self.ledger.bury(self.chosen(run, place), attempts, error(ErrorFate.DEAD), 500))

    @rule(place=PLACES, is_edited=st.booleans())
    def revive(self, place, is_edited):
        if not self.letters:
            return
        letter = self.letters.pop(list(self.letters)[place % len(self.letters)])
        run_id = letter.task.run_id
        revival = Revival(run_id, letter.task.id, "v2", {"b": 2}, is_edited=is_edited, message={"new": 1})
        state = self.ledger.runs.get(run_id)
        record = self.records[run_id] if state is None else state.record
        self.take(self.ledger.revive(revival, letter, record))

    @rule(
        run=runs,
        keep=st.sets(PLACES),
        status=st.sampled_from([RunStatus.CANCELLED, RunStatus.FAILED]),
    )
    def cancel(self, run, keep, status):
        kept = frozenset(id_ for place, id_ in enumerate(self.open_tasks(run)) if place in keep)
        self.take(self.ledger.cancel(run, status, error(ErrorFate.ENDED), kept, 500))

    @rule(run=runs, place=PLACES)
    def drop(self, run, place):
        state = self.ledger.runs.get(run)
        if state is not None and state.ends_as is not None:
            self.take(self.ledger.drop(self.chosen(run, place), 500))

    @rule(run=runs, place=PLACES)
    def begin_and_fail(self, run, place):
        """What a worker does most."""
        self.begin(run, place)
        self.retry(run, place, 2, has_error=True)

    @rule()
    def flush(self):
        self.connection.execute("BEGIN")
        self.batch.write(self.connection)
        self.batch.write(self.connection)  # a commit whose end is not known is repeated
        self.connection.execute("COMMIT")
        self.batch = Batch()
        self.compare()

    @rule()
    def begin_anew(self):
        """The next process goes on with what it finds."""
        self.flush()
        self.ledger = self.left()
        self.records |= {id_: state.record for id_, state in self.ledger.runs.items()}

    def left(self):
        ledger = Ledger()
        ledger.take_up(rows.find_left_runs(self.connection, "test"))
        return ledger

    def compare(self):
        assert {id_: seen(state) for id_, state in self.left().runs.items()} == {
            id_: seen(state) for id_, state in self.ledger.runs.items()
        }
        for id_, record in self.records.items():
            state = self.ledger.runs.get(id_)
            assert rows.find_run(self.connection, id_) == (record if state is None else state.record)
        found = {letter.task.id: letter for letter in rows.find_dead_letters(self.connection, None, None)}
        assert found == self.letters
        assert all(isinstance(letter, DeadLetter) for letter in found.values())
        executing = self.connection.execute("SELECT id FROM tasks WHERE is_executing = 1")
        assert {id_ for (id_,) in executing} == self.executing
        kept = {key: rows.find_state(self.connection, "test", key) for key in ("a", "b")}
        assert {key: value for key, value in kept.items() if value is not None} == self.state
        recorded = self.connection.execute("SELECT id FROM runs WHERE is_recorded = 1")
        assert {id_ for (id_,) in recorded} == self.recorded
        open_groups = {id_ for state in self.ledger.runs.values() for id_ in state.groups}
        assert {id_ for (id_,) in self.connection.execute("SELECT id FROM task_groups")} == open_groups
        notes = {id_ for (id_,) in self.connection.execute("SELECT group_id FROM group_notes")}
        assert notes <= open_groups

    @invariant()
    def a_run_is_running_while_something_of_it_is_open(self):
        for state in self.ledger.runs.values():
            assert state.open
            assert state.record.status is RunStatus.RUNNING


def seen(state):
    """A run's state as the next process finds it: no task is known to be at its first delivery."""
    tasks = [(found, replace(attempt, first=False)) for found, attempt in state.open.values()]
    groups = {
        id_: (group.group, group.open, group.failed_items, group.errors, group.error_count, group.notes)
        for id_, group in state.groups.items()
    }
    return state.record, sorted(tasks, key=lambda entry: entry[0].id), groups, state.ends_as


TestDeciding = Deciding.TestCase
TestDeciding.settings = settings(max_examples=100, stateful_step_count=40, deadline=None)
