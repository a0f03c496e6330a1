"""An engine for one process, with its store."""

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from importlib import import_module
from pathlib import Path
from urllib.parse import unquote

from headrace.app.secrets import Secrets, load_secrets
from headrace.app.store_url import shown_url
from headrace.app.tracing import traces
from headrace.app.webhook import Poster
from headrace.engine import Engine, Keep, Observer, Observers, ReadVersion
from headrace.errors import NoStoreError, UsageError
from headrace.flow.loader import load_flow, require
from headrace.flow.model import Flow
from headrace.monitor.fleet import Fleet
from headrace.monitor.hooks import Hooks
from headrace.monitor.recorder import Recorder
from headrace.sdk import Address, Clock, Registry
from headrace.sdk.resource import DEFAULT_ADDRESS
from headrace.source import Source
from headrace.store import MemoryStore, Store, VersionRecord
from headrace.store.sqlite import SqliteStore

__all__ = ["open_engine", "open_store", "version_reader"]

STORE_FILE = "store.db"
"""The store in the home folder."""

DEFAULT_KEEP = Keep(for_ns=30 * 86_400 * 10**9, runs=10_000)
"""What is remembered of ended runs where nothing else is said."""


async def open_store(url: str | None, home: Path, *, is_new: bool = True, connect_s: float = 10.0) -> Store:
    """The store that a `--store` option names; that of the home folder if None.

    Args:
        url: of the store.
        home: the home folder.
        is_new: whether the store that a URL names is made where it is not there.
        connect_s: how long a server may be away that has the store.

    Raises:
        UsageError: there is no such kind of store.
        NoStoreError: it is not there.
        StoreError: it cannot be opened.
    """
    if url is None:
        return await SqliteStore.open(home / STORE_FILE)
    if url == "memory":
        return MemoryStore()
    if url.startswith("sqlite:///"):
        path = _path_of(url)
        if not is_new and not path.exists():
            raise NoStoreError(f"there is no store at {path}")
        return await SqliteStore.open(path)
    if url.startswith(("nats://", "tls://")):
        return await _open_jetstream(url, connect_s, is_new=is_new)
    raise UsageError(
        f"`{shown_url(url)}` names no store; there are `memory`, `sqlite:///path/to/file` and `nats://host:4222`"
    )


async def _open_jetstream(url: str, connect_s: float, *, is_new: bool) -> Store:
    try:
        jetstream = import_module("headrace.store.jetstream")
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] != "nats":
            raise
        raise UsageError("the store `nats://…` needs: pip install 'headrace[cluster]'") from error
    place = jetstream.Place.read(url)
    store: Store = await jetstream.JetStreamStore.open(place, connect_s=connect_s, is_new=is_new)
    return store


def _path_of(url: str) -> Path:
    """`sqlite:///relative.db` and `sqlite:////absolute.db`, as in the database connector."""
    return Path(unquote(url.removeprefix("sqlite:///"))).expanduser().absolute()


def version_reader(
    registry: Registry, secrets: Secrets, env_file: Mapping[str, str] | None = None
) -> ReadVersion:
    """Loads earlier versions of flows; their secrets are looked up anew, and `secrets` masks them, too."""

    def read(version: VersionRecord) -> tuple[Flow, Mapping[str, str]]:
        loaded = load_flow(Source(version.name, version.text), registry, overrides=version.overrides)
        flow = require(loaded)
        own = load_secrets(flow.secrets, env_file=env_file)
        secrets.include(own)
        return flow, own.values

    return read


@asynccontextmanager
async def open_engine(
    home: Path,
    *,
    store: Store | None = None,
    clock: Clock | None = None,
    observer: Observer | None = None,
    recorder: Recorder | None = None,
    fleet: Fleet | None = None,
    mask: Callable[[str], str] = str,
    read_version: ReadVersion | None = None,
    keep: Keep = DEFAULT_KEEP,
    address: Address = DEFAULT_ADDRESS,
    most_tasks: int | None = None,
) -> AsyncIterator[Engine]:
    """An engine that is ready to load flows; closed, with its store, at the end. Traced if that is asked for.

    Args:
        recorder: of the same store; told of what happens as `observer` is, and left after the engine.
        fleet: of the same store; its own if None.
    """
    kept = MemoryStore() if store is None else store
    poster = Poster()
    hooks = Hooks(kept, poster.post, clock)
    fleet = fleet or Fleet(kept, recorder)
    observers = [each for each in (observer, recorder, fleet, hooks) if each is not None]
    try:
        async with AsyncExitStack() as closing:
            if recorder is not None:
                await closing.enter_async_context(recorder)
            await closing.enter_async_context(fleet)
            if (tracing := traces(mask)) is not None:
                observers.append(await closing.enter_async_context(tracing))
            engine = Engine(
                kept,
                home,
                clock=clock,
                observer=Observers(*observers),
                mask=mask,
                read_version=read_version,
                keep=keep,
                address=address,
                most_tasks=most_tasks,
            )
            await closing.enter_async_context(engine)
            fleet.attach(engine)
            hooks.attach(engine)
            closing.push_async_callback(poster.close)
            await closing.enter_async_context(hooks)
            yield engine
    finally:
        await kept.close()
