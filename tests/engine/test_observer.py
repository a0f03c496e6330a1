"""What observers are told: by the engine, and by those who pass it on."""

import inspect
from typing import Any

from headrace.engine import Observer, Observers
from support.flows import bench

FAN_OUT = """
nodes:
  start: {component: common-module/signal}
  all: {component: common-module/iterator, settings: {durable: true, batchSize: 2}, input: {array: "{{$.payload}}"}}
  one: {component: common-module/modify}
  two: {component: common-module/debug}
  end: {component: common-module/debug}
edges:
  - start -> all
  - all:batch -> one
  - one -> two
  - all:done -> end
"""


def public(kind: type) -> list[str]:
    return [name for name, _ in inspect.getmembers(kind, inspect.isfunction) if not name.startswith("_")]


def test_several_observers_are_told_of_everything_alike() -> None:
    told: list[tuple[str, str, tuple[Any, ...]]] = []

    def telling(name: str) -> Any:
        return lambda self, *arguments: told.append((self.name, name, arguments))

    class Told(Observer):
        def __init__(self, name: str) -> None:
            self.name = name

    for name in public(Observer):
        setattr(Told, name, telling(name))

    observers = Observers(Told("first"), Told("second"))
    for name in public(Observer):
        count = len(inspect.signature(getattr(Observer, name)).parameters) - 1
        arguments = tuple(object() for _ in range(count))
        getattr(observers, name)(*arguments)
        assert told[-2:] == [("first", name, arguments), ("second", name, arguments)]


async def test_edges_count_what_crosses_them_within_tasks_and_to_new_ones() -> None:
    async with bench(FAN_OUT) as flow:
        await flow.run([1, 2, 3, 4, 5])
        crossed = {
            f"{name}:{port}": sum(target.crossed for target in targets)
            for name, unit in flow.program.units.items()
            for port, targets in unit.targets.items()
        }
    assert crossed == {"start:out": 1, "all:batch": 3, "one:out": 3, "all:done": 1}
