"""Fixtures of the engine's tests."""

from collections.abc import Iterator

import pytest

from support.clock import JumpingClock
from support.crossing import crossings_watched

MADE_BY_HAND = "test_rule_3_ids_of_tasks_do_not_depend_on_order_or_time"
"""It brings messages to the engine that no trigger sends."""


@pytest.fixture
def jumping_clock():
    """A clock that jumps to the next sleeper's time when nothing else is left to do."""
    return JumpingClock()


@pytest.fixture(autouse=True)
def messages_are_like_their_shapes(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> Iterator[None]:
    """Every message of every flow that runs here is one of those that were expected."""
    if request.node.name == MADE_BY_HAND:
        yield
        return
    with crossings_watched(monkeypatch):
        yield
