"""How many requests at once: what is found out about APIs of several kinds, without any time passing."""

import heapq
import random
from itertools import pairwise

import pytest

from headrace.connections.budget.concurrency import Concurrency


class Load:
    """A flow that would always have `wanted` requests in flight, and an API by what a request takes.

    Attributes:
        answers: how many came in the last half of the time.
    """

    def __init__(self, latency_s, wanted=64, cpu=0.0, seed=1):
        self.concurrency = Concurrency(wanted)
        self.latency_s = latency_s
        self.wanted = wanted
        self.cpu = cpu
        self.random = random.Random(seed)
        self.now_s = 0.0
        self.in_flight = []

    def run(self, seconds):
        """Returns the answers a second of the last half."""
        begun_s, end_s, times = self.now_s, self.now_s + seconds, []
        while self.now_s < end_s:
            while len(self.in_flight) < min(self.wanted, self.concurrency.limit):
                took_s = self.latency_s(len(self.in_flight) + 1, self.now_s, self.random)
                heapq.heappush(self.in_flight, (self.now_s + took_s, self.now_s))
            self.now_s, sent_s = self.in_flight[0]
            if self.concurrency.answered(sent_s, len(self.in_flight), self.now_s):
                self.concurrency.judge(self.now_s, self.now_s * self.cpu)
            heapq.heappop(self.in_flight)
            times.append(self.now_s)
        half_s = begun_s + seconds / 2
        return sum(time > half_s for time in times) / (self.now_s - half_s)


def steady(number, now_s, chance):
    return 0.02


def jittery(number, now_s, chance):
    return 0.02 * chance.lognormvariate(0, 1)


def thrashing(number, now_s, chance):
    """Takes 8 well, and gets less done the more there are above."""
    return 0.02 * max(1, number / 8) ** 1.5 * chance.uniform(0.8, 1.2)


def queueing(number, now_s, chance):
    """Does 8 at once, the others wait."""
    return 0.02 * max(1, number / 8) * chance.uniform(0.8, 1.2)


def growing(number, now_s, chance):
    """Answers become ten times as large, whatever is asked."""
    return (0.02 if now_s < 10 else 0.2) * chance.uniform(0.8, 1.2)


def test_an_api_that_takes_all_is_asked_for_all():
    assert Load(steady).run(10) > 0.98 * 64 / 0.02


@pytest.mark.parametrize("seed", range(10))
def test_jitter_is_no_crowd(seed):
    mean_s = 0.02 * 1.6487
    assert Load(jittery, seed=seed).run(30) > 0.95 * 64 / mean_s


@pytest.mark.parametrize("seed", range(10))
def test_an_api_that_slows_down_gives_nearly_its_best(seed):
    load = Load(thrashing, seed=seed)
    assert load.run(20) > 0.75 * 8 / 0.02 > 2 * 64 / (0.02 * 8**1.5)
    assert load.concurrency.limit <= 20


@pytest.mark.parametrize("seed", range(10))
def test_an_api_with_a_queue_gives_all_it_can_with_a_short_one(seed):
    load = Load(queueing, seed=seed)
    assert load.run(20) > 0.95 * 8 / 0.02
    assert load.concurrency.limit <= 32


@pytest.mark.parametrize("seed", range(10))
def test_larger_answers_are_no_crowd(seed):
    load = Load(growing, seed=seed)
    load.run(10)
    assert load.run(60) > 0.95 * 64 / 0.2


def test_what_this_machine_takes_long_for_is_not_the_apis_doing():
    load = Load(queueing, wanted=32, cpu=0.9)
    load.run(20)
    assert load.concurrency.limit > 20


def test_a_refusal_halves_what_was_in_flight_once_for_all_of_it():
    concurrency = Concurrency(64)
    for _ in range(8):
        concurrency.refused(1.0, 8, now_s=2.0, cpu_s=0.0)
    assert concurrency.limit == 4
    for second in range(3, 9):
        concurrency.refused(float(second), concurrency.limit, now_s=second + 0.5, cpu_s=0.0)
    assert concurrency.limit == 1


def test_it_comes_back_one_by_one():
    load = Load(steady, wanted=16)
    load.concurrency.refused(0.0, 8, 0.0, 0.0)
    limits = []
    for _ in range(200):
        load.run(0.05)
        limits.append(load.concurrency.limit)
    assert limits[-1] == 16
    assert all(0 <= later - earlier <= 1 for earlier, later in pairwise(limits))
