"""A process that executes the flows of a folder, and serves their API and web page."""

import asyncio
import contextlib
import os
import re
import socket
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager
from pathlib import Path
from typing import Protocol

import msgspec
import uvicorn
from starlette.types import ASGIApp

from headrace.app.announcement import Announcement, announced
from headrace.app.elsewhere import Elsewhere
from headrace.app.executing import Executing, others_of
from headrace.app.folder import Folder
from headrace.app.registry import full_registry
from headrace.app.secrets import Secrets
from headrace.app.session import DEFAULT_KEEP, open_engine, open_store, version_reader
from headrace.engine import Keep, Observers
from headrace.errors import UsageError
from headrace.monitor.fleet import Fleet
from headrace.monitor.journal import Journal
from headrace.monitor.metrics import Metrics
from headrace.monitor.recorder import Recorder
from headrace.sdk import Address
from headrace.sdk.resource import DEFAULT_ADDRESS
from headrace.web.access import Tokens
from headrace.web.app import make_app
from headrace.web.audit import Audit
from headrace.web.connection import Connection
from headrace.web.feed import Feed
from headrace.web.guard import Guard
from headrace.web.lookout import Lookout
from headrace.web.site import Site
from headrace.web.watcher import Watcher

__all__ = ["AUDIT_FILE", "Left", "Offer", "Stop", "Work", "execute", "listening_for", "open_site", "serve"]

AUDIT_FILE = "audit.jsonl"
"""In the home folder."""
_LOOPBACK = ("127.0.0.1", "localhost", "[::1]")
_HOST_NAME = re.compile(r"[\w.-]+|\[[0-9A-Fa-f:.]+\]")
_BACKLOG = 128
_CONNECT_S = 120.0
"""Who starts everything at once need not know what comes first."""
_FAREWELL_S = 3.0
"""For answers that are being sent when the server stops."""


class Work(msgspec.Struct, frozen=True):
    """What is to be executed.

    Attributes:
        root: the folder of flow files, or one.
        address: where this process is asked about itself.
        hooks: where the flows' own HTTP servers listen.
        store: its URL; None for the one in the home folder.
        env_file: where secrets may be.
        most_tasks: that execute at once; None for no limit but those of the runs.
    """

    root: Path
    home: Path
    address: Address
    hooks: Address = DEFAULT_ADDRESS
    store: str | None = None
    keep: Keep = DEFAULT_KEEP
    env_file: Mapping[str, str] | None = None
    grace_s: float = 30.0
    most_tasks: int | None = None


class Offer(Work, frozen=True, kw_only=True):
    """What is to be executed, and shown.

    Attributes:
        tokens: what opens the API and the page.
        host_names: by which it is asked, besides the address and those of this machine.
    """

    tokens: Tokens
    host_names: tuple[str, ...] = ()


class Left(msgspec.Struct, frozen=True):
    """What a process leaves open in the store.

    Attributes:
        runs: how many.
        others: who goes on with them; nobody where a run waits for the next start.
    """

    runs: int = 0
    others: Executing = Executing()

    @property
    def waits(self) -> bool:
        """Whether a run waits for the next start."""
        return self.runs > 0 and not self.others.executors


@asynccontextmanager
async def open_site(offer: Work, secrets: Secrets) -> AsyncIterator[Site]:
    """Execute the flows of a folder; at the end, what is executing is cut off and stays in the store.

    Args:
        offer: what is to be served.
        secrets: masks those of all flows.

    Raises:
        UsageError: there is no such store.
        StoreError: it cannot be opened.
    """
    registry, feed = full_registry(), Feed()
    store = await open_store(offer.store, offer.home, connect_s=_CONNECT_S)
    async with AsyncExitStack() as closing:
        recorder, metrics = Recorder(store, mask=secrets.mask), Metrics(store)
        fleet = Fleet(store, recorder)
        watcher = Watcher(feed, recorder, store, fleet)
        engine = await closing.enter_async_context(
            open_engine(
                offer.home,
                store=store,
                observer=Observers(watcher, metrics, Journal()),
                recorder=recorder,
                fleet=fleet,
                mask=secrets.mask,
                read_version=version_reader(registry, secrets, offer.env_file),
                keep=offer.keep,
                address=offer.hooks,
                most_tasks=offer.most_tasks,
            )
        )
        watcher.attach(engine)
        folder = Folder(offer.root, registry, engine, secrets, offer.env_file, watcher.flow_changed)
        elsewhere = Elsewhere(store, registry, folder.has)
        lookout = Lookout(elsewhere, store, engine, feed, watcher)
        yield Site(
            engine=engine,
            store=store,
            folder=folder,
            elsewhere=elsewhere,
            lookout=lookout,
            recorder=recorder,
            fleet=fleet,
            watcher=watcher,
            metrics=metrics,
            feed=feed,
            registry=registry,
            mask=secrets.mask,
        )


class Listener(Protocol):
    """Told how it goes."""

    def ready(self, site: Site, bound: Address) -> None:
        """It listens there."""

    def stopping(self, runs: int) -> None:
        """It was told to stop while so many runs are open."""


class Stop(Protocol):
    """Tells when to stop.

    Attributes:
        asked: set when running tasks are to end within the grace period.
        insisted: set when they are to be cut off.
    """

    asked: asyncio.Event
    insisted: asyncio.Event


async def serve(offer: Offer, stop: Stop, listener: Listener, secrets: Secrets) -> Left:
    """Serve until told to stop, then let running tasks end.

    Args:
        offer: what is to be served.
        stop: ends it.
        listener: told when it begins, and when it is to end.
        secrets: masks those of all flows.

    Returns:
        What is left open in the store.

    Raises:
        UsageError: the address cannot be had, a name is none, or there is no such folder or store.
        StoreError: the store failed.
    """
    hosts = _hosts(offer)
    with (
        listening_for(offer) as listening,
        Audit(offer.home / AUDIT_FILE) as audit,
        ExitStack() as announcing,
    ):

        def app_of(site: Site) -> ASGIApp:
            return Guard(make_app(site), offer.tokens, hosts, audit)

        class Announcing:
            """Tells other commands where the server is while it serves."""

            def ready(self, site: Site, bound: Address) -> None:
                told = Announcement(_near_url(bound), offer.tokens.read, os.getpid())
                announcing.enter_context(announced(offer.home, told))
                listener.ready(site, bound)

            def stopping(self, runs: int) -> None:
                listener.stopping(runs)

        return await execute(
            offer, listening, stop, Announcing(), secrets, app_of, has_proxy=bool(offer.host_names)
        )


async def execute(
    work: Work,
    listening: socket.socket,
    stop: Stop,
    listener: Listener,
    secrets: Secrets,
    app_of: Callable[[Site], ASGIApp],
    *,
    has_proxy: bool = False,
) -> Left:
    """As `serve`, with another application, on a socket of `listening_for`."""
    bound = Address(work.address.host, listening.getsockname()[1])
    async with open_site(work, secrets) as site:
        await site.folder.scan()
        config = _config(app_of(site), has_proxy=has_proxy)
        async with _serving(config, site.feed, listening) as serving, asyncio.TaskGroup() as group:
            works = site.folder.follow(), site.watcher.follow(), site.lookout.follow(), stop.asked.wait()
            ends = [group.create_task(each) for each in works]
            listener.ready(site, bound)
            await asyncio.wait({serving, *ends}, return_when=asyncio.FIRST_COMPLETED)
            listener.stopping(len(site.engine.open_runs))
            left = await _drain(group, site, stop, work.grace_s)
            for task in ends:
                task.cancel()
    return left


def _config(app: ASGIApp, *, has_proxy: bool) -> uvicorn.Config:
    """How requests are taken; a proxy on this machine is believed for whom it asks."""
    return uvicorn.Config(
        app,
        http=Connection,
        ws="none",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=has_proxy,
        lifespan="off",
        timeout_graceful_shutdown=round(_FAREWELL_S),
    )


@asynccontextmanager
async def _serving(
    config: uvicorn.Config, feed: Feed, listening: socket.socket
) -> AsyncIterator[asyncio.Task[None]]:
    """Answer requests; at the end, those that have come have a moment."""
    server = _Server(config)
    serving = asyncio.create_task(server.serve([listening]))
    try:
        yield serving
    finally:
        feed.close()
        server.should_exit = True
        await serving
        for each in server.servers:  # if it was told to stop before it had begun
            each.close()


async def _drain(group: asyncio.TaskGroup, site: Site, stop: Stop, grace_s: float) -> Left:
    """Let running tasks end, until somebody insists; gives what is left open."""
    drain = group.create_task(site.engine.drain(grace_s))
    insisted = group.create_task(stop.insisted.wait())
    await asyncio.wait({drain, insisted}, return_when=asyncio.FIRST_COMPLETED)
    insisted.cancel()
    drain.cancel()
    open_runs, flows = site.engine.open_runs, site.engine.open_tasks()
    others = [await others_of(site.store, flow) for flow in flows]
    return Left(len(open_runs), min(others, key=lambda each: len(each.executors), default=Executing()))


class _Server(uvicorn.Server):
    """Leaves signals to the command line."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """See `uvicorn.Server`."""
        yield


def _near_url(bound: Address) -> str:
    """How this machine reaches an address that may stand for all that it has."""
    near = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(bound.host, bound.host)  # noqa: S104 - is taken, not bound
    return f"http://{Address(near, bound.port)}"


def _hosts(offer: Offer) -> frozenset[str]:
    """The names by which the server is asked.

    Raises:
        UsageError: one of them is no name.
    """
    for name in offer.host_names:
        if not _HOST_NAME.fullmatch(name):
            raise UsageError(f"`{name}` is no host name, such as `flows.example`, without a port")
    host = offer.address.host
    own = f"[{host}]" if ":" in host else host
    return frozenset(name.lower() for name in (*_LOOPBACK, own, *offer.host_names))


@contextlib.contextmanager
def listening_for(work: Work) -> Iterator[socket.socket]:
    """A socket that is bound to the address: who connects waits until the server begins.

    Raises:
        UsageError: the address cannot be had, or there is no such folder.
    """
    if not work.root.exists():
        raise UsageError(f"there is no folder {work.root}")
    address = work.address
    family = socket.AF_INET6 if ":" in address.host else socket.AF_INET
    # Of connections whose protocol is not named asyncio does not set TCP_NODELAY.
    with socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP) as made:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            made.bind((address.host, address.port))
            made.listen(_BACKLOG)
        except (OSError, TypeError, OverflowError) as error:  # TypeError: a name that no address can have
            reason = error.strerror if isinstance(error, OSError) else str(error)
            raise UsageError(
                f"cannot listen on {address}: {str(reason).lower()}; name another with --address"
            ) from error
        yield made
