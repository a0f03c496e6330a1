"""Where there is something to look at."""

from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

import msgspec

from headrace.app.announcement import announcement
from headrace.app.session import open_store
from headrace.app.store_url import shown_url
from headrace.cli.option import READ_TOKEN, TOKEN, token_of
from headrace.cli.runs.watch.kept import StoreSource
from headrace.cli.runs.watch.server import ServerSource
from headrace.cli.runs.watch.source import Source, SourceLost
from headrace.errors import UsageError

__all__ = ["Place", "given_server"]

_NO_SERVER = "no server of the home folder answers, so this is what the store knows"


class Place(msgspec.Struct, frozen=True):
    """Where to look: at the server of a URL, else into the store of one, else what the home folder has.

    Attributes:
        url: of the server; empty for none.
        token: opens it.
        store: its URL.
    """

    home: Path
    url: str = ""
    token: str = ""
    store: str | None = None

    async def open(self) -> Source:
        """What is there now; of the home folder a server that answers, else the store.

        Raises:
            SourceLost: the server of the URL does not answer.
            UsageError: it refuses, or there is no such store.
            StoreError: the store cannot be opened.
        """
        if self.url:
            return await _server(self.url, self.token)
        if self.store is not None:
            return StoreSource(
                await open_store(self.store, self.home, is_new=False), f"watching {shown_url(self.store)}"
            )
        return await self.server() or StoreSource(await open_store(None, self.home), _NO_SERVER)

    async def server(self) -> Source | None:
        """The server of the home folder, if there is one that answers, and nothing else is asked for."""
        found = None if self.url or self.store is not None else announcement(self.home)
        if found is None:
            return None
        try:
            return await _server(found.url, found.token)
        except (SourceLost, UsageError):  # another program has its address, or its process number
            return None


async def _server(url: str, token: str) -> Source:
    source = ServerSource(url, token)
    try:
        await source.check()
    except BaseException:
        await source.close()
        raise
    return source


def given_server(text: str, environment: Mapping[str, str] | None = None) -> tuple[str, str]:
    """URL and token of a server; the link that it printed has the token in it.

    Raises:
        UsageError: it is no URL of a server, or the token is none.
    """
    try:
        url = urlsplit(text)
        port = f":{url.port}" if url.port else ""
    except ValueError as error:
        raise UsageError(f"--url: {error}") from error
    if url.scheme not in ("http", "https") or not url.hostname or url.username is not None:
        raise UsageError("--url takes the URL of a server: http://127.0.0.1:8080")
    host = f"[{url.hostname}]" if ":" in url.hostname else url.hostname
    _, _, token = url.fragment.partition("token=")
    token = token or token_of(READ_TOKEN, environment) or token_of(TOKEN, environment)
    return f"{url.scheme}://{host}{port}{url.path.rstrip('/')}", token
