"""What happens, on a terminal: a table of the nodes that is redrawn, with events running above it."""

import sys
from collections.abc import Callable
from typing import TypeAlias

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.text import Text

from headrace.cli.picture import picture
from headrace.cli.plain import Line, telling_lines
from headrace.cli.terminal import has_links
from headrace.cli.watch import Ended, Event, Raised, Resumed, Said, Started
from headrace.monitor.meter import Meter
from headrace.pages import page_of

__all__ = ["Draw", "LiveView"]

Draw: TypeAlias = Callable[[int, int], RenderableType]
"""Gives what is to be seen now, for a terminal of so many columns and lines."""


class LiveView:
    """Counts per node, progress and time left: read and redrawn some times a second, never per message.

    Events run above the table. How the latest run ended stays below it, until the next one starts.
    """

    period_s = 0.125

    def __init__(self, console: Console | None = None) -> None:
        self._console = console or Console(highlight=False)
        self._draw: Draw | None = None
        self._foot: list[Line] = []
        self._live = Live(
            console=self._console,
            auto_refresh=False,
            redirect_stdout=False,
            redirect_stderr=sys.stderr.isatty(),  # log lines run above the table, too
            vertical_overflow="crop",
        )

    def open(self, meter: Meter) -> None:
        """See `View`."""
        self.begin(lambda width, height: picture(meter.read(), width, height))

    def begin(self, draw: Draw) -> None:
        """Show this from now on, drawn anew each time."""
        self._draw = draw
        self._live.start()

    def show(self, events: list[Event]) -> None:
        """See `View`."""
        for line in telling_lines(events):
            if isinstance(line.event, Started | Resumed):
                for earlier in self._foot:
                    self._console.print(_painted(earlier))
                self._foot.clear()
            if isinstance(line.event, Ended) or (self._foot and isinstance(line.event, Said)):
                self._foot.append(line)
            else:
                self._console.print(_painted(line))
        if self._draw is not None:
            size = self._console.size
            table = self._draw(size.width, size.height - len(self._foot))
            self._live.update(Group(table, *map(_painted, self._foot)), refresh=True)

    def close(self) -> None:
        """See `View`."""
        self._live.stop()


def _painted(line: Line) -> Text:
    text = Text(line.text, style="yellow" if line.is_error else "")
    if isinstance(line.event, Raised) and has_links(sys.stdout):
        code = line.event.error.code
        start = line.text.find(f" {code} ") + 1
        if start and (page := page_of(code)) is not None:
            text.stylize(f"link {page.as_uri()}", start, start + len(code))
    return text
