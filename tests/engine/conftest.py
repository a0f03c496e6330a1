"""Fixtures of the engine's tests."""

import pytest

from support.clock import JumpingClock


@pytest.fixture
def jumping_clock():
    """A clock that jumps to the next sleeper's time when nothing else is left to do."""
    return JumpingClock()
