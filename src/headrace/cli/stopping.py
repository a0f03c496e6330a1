"""Ctrl-C and SIGTERM while flows run: the first asks to stop, the second does not ask."""

import asyncio
import signal
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["StopSignals"]


class StopSignals:
    """Signals that arrived.

    Attributes:
        asked: set by the first.
        insisted: set by the second.
        received: the first; None before.
    """

    def __init__(self) -> None:
        self.asked = asyncio.Event()
        self.insisted = asyncio.Event()
        self.received: signal.Signals | None = None

    @property
    def exit_code(self) -> int:
        """128 and the signal's number, as shells have it: 130 for Ctrl-C, 143 for SIGTERM."""
        return 128 + (self.received or signal.SIGINT)

    @contextmanager
    def handled(self) -> Iterator[None]:
        """Receive signals instead of being ended by them; in the main thread's event loop.

        Once one has come they are received until the loop is closed: the next must not tear it apart while
        it ends.
        """
        loop = asyncio.get_running_loop()
        signals = (signal.SIGINT, signal.SIGTERM)
        for number in signals:
            loop.add_signal_handler(number, self._receive, number)
        try:
            yield
        finally:
            if self.received is None:
                for number in signals:
                    loop.remove_signal_handler(number)

    def _receive(self, number: signal.Signals) -> None:
        if self.received is None:
            self.received = number
            self.asked.set()
        else:
            self.insisted.set()
