"""The web page in a real browser, on a real server."""

import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from playwright.async_api import Browser, Page, async_playwright

from support.api import Api
from support.sync import CREATE_SYNC_LOGS, CREATE_USERS, EXAMPLES, Target
from web.served import FULL, Served

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
WIDE, NARROW = (1280, 800), (390, 844)
Scheme = Literal["light", "dark"]

_FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@asynccontextmanager
async def chromium() -> AsyncIterator[Browser]:
    """A headless Chromium."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=_FLAGS)
        try:
            yield browser
        finally:
            await browser.close()


@dataclass
class Tab:
    """A page, and what went wrong in it.

    Attributes:
        told: errors and warnings on its console.
        foreign: hosts that it asked besides the server's.
    """

    page: Page
    base: str
    told: list[str] = field(default_factory=list)
    foreign: set[str] = field(default_factory=set)

    async def go(self, path: str) -> None:
        """Go to a page, as with its link."""
        await self.page.goto(f"{self.base}{path}#token={FULL}")
        await self.page.wait_for_load_state("load")

    def check(self) -> None:
        """Nothing was told on the console, and nobody else was asked."""
        assert self.told == []
        assert self.foreign == set()


@asynccontextmanager
async def tab(
    browser: Browser, server: Served, size: tuple[int, int] = WIDE, scheme: Scheme = "light"
) -> AsyncIterator[Tab]:
    """A page in a context of its own, checked at its end."""
    width, height = size
    context = await browser.new_context(
        viewport={"width": width, "height": height}, color_scheme=scheme, reduced_motion="reduce"
    )
    page = await context.new_page()
    made = Tab(page, f"http://127.0.0.1:{server.address.port}")
    page.on(
        "console", lambda said: made.told.append(said.text) if said.type in ("error", "warning") else None
    )
    page.on("pageerror", lambda error: made.told.append(str(error)))

    def note(url: str) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("data", "blob") and parts.netloc != f"127.0.0.1:{server.address.port}":
            made.foreign.add(parts.netloc)

    page.on("request", lambda request: note(request.url))
    try:
        yield made
        made.check()
    finally:
        await context.close()


def write_sync(folder: Path, api: Api, target: Target, monkeypatch) -> None:
    """The reference flow as a file of a folder: each batch is a task, tried once; with its secrets and tables."""
    text = (EXAMPLES / "scheduled-data-sync" / "flow.yaml").read_text()
    text = text.replace("https://api.external-system.com/v1", api.url)
    text = text.replace("continueOnError: true", "continueOnError: true\n        durable: true")
    text = text.replace("spec:\n", "spec:\n  retry: {maxAttempts: 1}\n", 1)
    folder.mkdir(exist_ok=True)
    (folder / "scheduled-data-sync.yaml").write_text(text)
    names = {"apiToken": "API_TOKEN", "dbHost": "DB_HOST", "dbUser": "DB_USER", "dbPassword": "DB_PASSWORD"}
    for name, value in target.secrets.items():
        monkeypatch.setenv(f"HEADRACE_SECRET_{names[name]}", value)
    target.execute(CREATE_USERS, CREATE_SYNC_LOGS)


def users(count: int, *, broken: int | None = None) -> list[dict[str, object]]:
    """Users of the API; PostgreSQL takes no text with the last name of the `broken` one."""
    return [
        {
            "id": f"u{number}",
            "email": f"User{number}@Example.com",
            "first_name": "Zoë",
            "last_name": "Bad\0name" if number == broken else f"Ünal {number}",
            "active": number % 3 > 0,
            "updated_at": "2026-01-01T00:00:00Z",
        }
        for number in range(count)
    ]
