"""A file that is open in an editor: its text as it is now, and what was last understood of it."""

import asyncio
from dataclasses import dataclass, field

from headrace.lsp.position import Encoding, offset_of, position_of
from headrace.lsp.reading import Reading, is_flow, read, repaired
from headrace.sdk import Registry
from headrace.source import Source, Span

__all__ = ["Document"]

_PATIENCE_S = 0.2
"""How long completion waits for the newest text to be read; then it takes what was understood before."""


@dataclass(slots=True)
class Document:
    """An open file.

    Attributes:
        uri: its name in the protocol.
        name: its path, which findings show.
        source: the text as it is now.
        encoding: what positions count.
        registry: the components that there are.
        edited_at: the offset behind the last edit, where the text is most probably broken.
    """

    uri: str
    name: str
    source: Source
    encoding: Encoding
    registry: Registry
    version: int | None = None
    edited_at: int | None = None
    _understood: Reading | None = field(default=None, init=False)
    _newest: Reading | None = field(default=None, init=False)
    _mended: dict[bool, tuple[Source, Reading]] = field(default_factory=dict, init=False)
    _reading: set[asyncio.Task[Reading]] = field(default_factory=set, init=False)
    _lock: asyncio.Lock = field(default_factory=asyncio.Lock, init=False)

    @property
    def is_flow(self) -> bool:
        """Whether it is headrace's at all."""
        return is_flow(self.source.text)

    def replace(self, text: str) -> None:
        """Take a whole new text."""
        self.source = Source(self.name, text)
        self.edited_at = None

    def edit(self, start: tuple[int, int], end: tuple[int, int], text: str) -> None:
        """Replace what stands between two positions."""
        first, last = self.offset(*start), self.offset(*end)
        first, last = min(first, last), max(first, last)
        old = self.source.text
        self.source = Source(self.name, old[:first] + text + old[last:])
        self.edited_at = first + len(text)

    def offset(self, line: int, units: int) -> int:
        """The offset of a position."""
        return offset_of(self.source, line, units, self.encoding)

    def positions(self, span: Span) -> tuple[tuple[int, int], tuple[int, int]]:
        """The start and end of a place as positions."""
        return (
            position_of(span.source, span.start, self.encoding),
            position_of(span.source, span.end, self.encoding),
        )

    # ---- reading, in a thread, one text after the other

    async def read(self) -> Reading | None:
        """Read the text as it is now; None if it changed before its turn came, or while it was read."""
        source = self.source
        async with self._lock:
            if self.source is not source:
                return None
            if self._newest is None or self._newest.source is not source:
                self._newest = await asyncio.to_thread(read, source, self.registry)
                if self._newest.tree is not None:
                    self._understood = self._newest
            return self._newest if self.source is source else None

    async def understood(self, near: int, *, in_place: bool = True) -> Reading:
        """The text as it is now, as far as it can be understood.

        Args:
            near: the offset that is asked about, where somebody probably types.
            in_place: whether the places in what is read must be those of the text.
        """
        while True:
            source = self.source
            reading = await self.read()
            if reading is None:
                continue
            if reading.tree is not None:
                return reading
            return await self._mend(source, near, in_place=in_place)

    async def _mend(self, source: Source, near: int, *, in_place: bool) -> Reading:
        """Read a broken text; once for all that is asked of it."""
        async with self._lock:
            known = self._mended.get(in_place)
            if known is None or known[0] is not source:
                place = near if self.edited_at is None else self.edited_at
                reading = await asyncio.to_thread(repaired, source, self.registry, place, in_place=in_place)
                known = self._mended[in_place] = source, reading
            return known[1]

    async def soon(self, near: int) -> Reading:
        """What is understood of the text, soon: of an earlier one if the newest takes too long."""
        if self._newest is not None and self._newest.source is self.source and self._newest.tree is not None:
            return self._newest
        task = asyncio.create_task(self.understood(near, in_place=False))
        await asyncio.wait({task}, timeout=_PATIENCE_S if self._understood is not None else None)
        if task.done():
            reading = task.result()
            if reading.tree is not None or self._understood is None:
                return reading
        else:  # it goes on: what it reads will be asked for next
            self._reading.add(task)
            task.add_done_callback(self._reading.discard)
        assert self._understood is not None  # noqa: S101 - else it was waited for
        return self._understood
