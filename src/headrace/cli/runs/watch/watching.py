"""Looks and shows, until the run has ended, or somebody has seen enough."""

import asyncio
import time
from typing import Protocol

from headrace.app.announcement import announcement
from headrace.cli.runs.watch.follower import Board, Follower
from headrace.cli.runs.watch.place import Place
from headrace.cli.runs.watch.source import Source, SourceLost
from headrace.cli.runs.watch.target import find_target
from headrace.cli.stopping import StopSignals
from headrace.cli.watch import Event, Said
from headrace.errors import UsageError
from headrace.store import RunStatus

__all__ = ["BoardView", "watch_runs"]

_PERIOD_S = 0.5


class BoardView(Protocol):
    """A way to show what goes on."""

    def show(self, events: list[Event], board: Board) -> None:
        """Show what has happened, and how things are now."""

    def close(self) -> None:
        """Nothing more will happen."""


async def watch_runs(place: Place, text: str | None, view: BoardView, patience_s: float = 30.0) -> int:
    """Show a run until it ends, or the runs of a flow, or all, until told to stop; returns the exit code.

    Args:
        place: where to look.
        text: the flow or the run, as `find_target` takes it; None for all.
        view: shows it.
        patience_s: how long a server that was named may give no answer.

    Raises:
        UsageError: there is no such run, or nothing to look at.
        StoreError: the store failed.
    """
    stop = StopSignals()
    watching = _Watching(place, view, patience_s)
    try:
        with stop.handled():
            async with asyncio.TaskGroup() as group:
                work = group.create_task(watching.follow(text))
                asked = group.create_task(stop.asked.wait())
                await asyncio.wait({work, asked}, return_when=asyncio.FIRST_COMPLETED)
                work.cancel()
                asked.cancel()
    except BaseExceptionGroup as errors:
        raise errors.exceptions[0] from None
    finally:
        view.close()
        await watching.close()
    return stop.exit_code if work.cancelled() else work.result()


class _Watching:
    def __init__(self, place: Place, view: BoardView, patience_s: float) -> None:
        self._place = place
        self._view = view
        self._patience_s = patience_s
        self._source: Source | None = None
        self._tried = announcement(place.home)
        self._board = Board()
        self._said: list[Event] = []

    async def follow(self, text: str | None) -> int:
        """Show until the end; returns the exit code."""
        try:
            source = await self._take(await self._place.open())
        except SourceLost as error:
            raise UsageError(f"{self._place.url} does not answer: {error}") from error
        follower = Follower(source, await find_target(source, text))
        while True:
            try:
                seen = await follower.look()
            except (SourceLost, UsageError) as error:
                if isinstance(error, UsageError) and self._place.url:
                    raise
                follower.source = await self._take(await self._again(error))
                continue
            self._show(seen.events, seen.board)
            if follower.ended is not None:
                return 0 if follower.ended.status is RunStatus.SUCCEEDED else 1
            if follower.is_gone:
                return 2
            await asyncio.sleep(_PERIOD_S)
            if (begun := await self._begun()) is not None:
                follower.source = await self._take(begun)

    async def close(self) -> None:
        """Look no more."""
        if self._source is not None:
            await self._source.close()

    async def _take(self, source: Source) -> Source:
        await self.close()
        self._source = source
        self._said.append(Said(source.about))  # with what is seen there
        return source

    def _show(self, events: list[Event], board: Board) -> None:
        said, self._said, self._board = self._said, [], board
        self._view.show([*said, *events], board)

    async def _begun(self) -> Source | None:
        """A server that has begun meanwhile."""
        found = announcement(self._place.home)
        if found is None or found == self._tried:
            return None
        self._tried = found
        return await self._place.server()

    async def _again(self, error: Exception) -> Source:
        """What there is to look at instead of what does not answer any more, or when it answers again."""
        is_named = bool(self._place.url)
        then = f"trying again for {self._patience_s:g} s" if is_named else "looking elsewhere"
        self._show([Said(f"the server does not answer any more ({error}); {then}")], self._board)
        until_s = time.monotonic() + self._patience_s
        while True:
            try:
                return await self._place.open()
            except SourceLost as lost:
                if time.monotonic() >= until_s:
                    raise UsageError(f"{self._place.url} does not answer: {lost}") from lost
            await asyncio.sleep(_PERIOD_S)
