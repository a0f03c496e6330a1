"""A browser, a database and an API for the tests of the web page."""

from collections.abc import AsyncIterator, Iterator

import pytest
import pytest_asyncio
from playwright.async_api import Browser

from support.postgres import Databases
from support.sync import Target, fresh_target
from ui.browsed import CHROMIUM, chromium


@pytest.fixture
def target(postgres_databases: Databases) -> Iterator[Target]:
    """An empty database `myapp`, which the reference flow names."""
    with fresh_target(postgres_databases) as made:
        yield made


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser() -> AsyncIterator[Browser]:
    """A headless Chromium, in which each test has a context of its own; skipped where none is installed."""
    if CHROMIUM is None:
        pytest.skip("no Chromium is installed (Debian: apt-get install chromium)")
    async with chromium() as made:
        yield made
