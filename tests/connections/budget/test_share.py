"""Shares of a budget: processes that come, go, and hear of each other late, never have more than there is."""

import random
from math import inf

import pytest

from headrace.connections.budget.share import Share

STEP_S = 0.02
DELAY_S = 0.15


class Process:
    """Asks in stretches, with requests that take some time; says what it must."""

    def __init__(self, me, world):
        self.me = me
        self.is_heard = True
        self.share = Share(self)
        self.flight = []
        self.done = self._begun = 0
        self.asks = False
        self.due_s = 0.0
        self._world = world
        self._chance = world.chance

    def members(self):
        return set(self._world.names)

    def hasten(self):
        self.due_s = 0.0

    def divide(self, now_s):
        self.share.divide(self._world.total, now_s, now_s + self._world.skew[self.me])

    def step(self, now_s):
        if self._chance.random() < self._world.restless and not (self.asks and self.done == self._begun):
            self.asks, self._begun = not self.asks, self.done
        before = len(self.flight)
        self.flight = [ends_s for ends_s in self.flight if ends_s > now_s]
        if before > self.share.most and len(self.flight) < before:
            self.hasten()
        if self.asks and not self.share.is_asked:
            self.share.begin(now_s)
            self.divide(now_s)
        while self.asks and len(self.flight) < self.share.most:
            self.flight.append(now_s + self._chance.choice([0.05, 0.3, 2.0]))
            self.done += 1
        if now_s >= self.due_s:
            self.due_s = now_s + 0.5
            self._world.say(self, now_s)

    def word(self, now_s):
        if not self.asks and not self.flight:
            self.share.end()
            return None
        self.divide(now_s)
        return max(len(self.flight), self.share.reserved)

    def hear(self, member, reserved, now_s):
        if reserved is None:
            self.share.leave(member, now_s)
        else:
            self.share.hear(member, reserved, now_s)
            self.divide(now_s)


class World:
    def __init__(self, seed, count, total, restless=0.01):
        self.chance = random.Random(seed)
        self.names = [f"p{number}" for number in range(count)]
        self.skew = {name: self.chance.uniform(-0.2, 0.2) for name in self.names}
        self.total = total
        self.restless = restless
        self.processes = [Process(name, self) for name in self.names]
        self._on_the_way = []

    def say(self, process, now_s):
        word = process.word(now_s)
        for other in self.processes:
            if other is not process:
                last_s = max(
                    (at for at, *way in self._on_the_way if way[:2] == [process, other]), default=-inf
                )
                at_s = max(now_s + self.chance.uniform(0, DELAY_S), last_s)
                self._on_the_way.append((at_s, process, other, word))

    def step(self, now_s):
        due = [each for each in self._on_the_way if each[0] <= now_s]
        self._on_the_way = [each for each in self._on_the_way if each[0] > now_s]
        for _, speaker, hearer, word in sorted(due, key=lambda each: each[0]):
            hearer.hear(speaker.me, word, now_s)
        for process in self.processes:
            process.step(now_s)

    @property
    def in_flight(self):
        return sum(len(process.flight) for process in self.processes)


@pytest.mark.parametrize("seed", range(10))
@pytest.mark.parametrize(("count", "total"), [(2, 1), (3, 1), (3, 4), (3, 64), (5, 3), (8, 20)])
def test_all_together_never_have_more_in_flight_than_there_may_be(seed, count, total):
    world = World(seed, count, total)
    for number in range(2000):
        world.step(number * STEP_S)
        assert world.in_flight <= total
    assert all(process.done for process in world.processes)


@pytest.mark.parametrize(("count", "total"), [(1, 5), (3, 1), (3, 7), (4, 64)])
def test_who_asks_alone_gets_all_and_who_asks_with_all_gets_its_part(count, total):
    world = World(1, count, total, restless=0.0)
    world.processes[-1].asks = True
    for number in range(int(4 / STEP_S)):
        world.step(number * STEP_S)
    assert world.processes[-1].share.most == total
    assert world.processes[-1].share.parts == 1
    for process in world.processes:
        process.asks = True
    done = []
    for number in range(int(4 / STEP_S), int(60 / STEP_S)):
        world.step(number * STEP_S)
        if number == int(10 / STEP_S):
            done = [process.done for process in world.processes]
    gained = [process.done - before for process, before in zip(world.processes, done, strict=True)]
    assert {process.share.parts for process in world.processes} == {count}
    assert min(gained) > 0.5 * max(gained)


def test_who_is_not_heard_takes_no_more_than_if_all_asked():
    world = World(1, 3, 9, restless=0.0)
    cut = world.processes[0]
    cut.asks, cut.is_heard = True, False
    for number in range(int(10 / STEP_S)):
        world.step(number * STEP_S)
    assert (cut.share.most, cut.share.parts) == (3, 3)


def test_who_is_silent_is_forgotten():
    world = World(1, 2, 6, restless=0.0)
    here, gone = world.processes
    here.asks = gone.asks = True
    for number in range(int(3 / STEP_S)):
        world.step(number * STEP_S)
    assert here.share.most == 3
    world.processes.remove(gone)
    for number in range(int(3 / STEP_S), int(9 / STEP_S)):
        world.step(number * STEP_S)
    assert here.share.most == 6
