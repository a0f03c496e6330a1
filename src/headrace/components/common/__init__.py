"""common-module: triggers, and what moves, splits and routes messages."""

from headrace.components.common.async_ import Async
from headrace.components.common.cron import Cron
from headrace.components.common.debug import Debug
from headrace.components.common.delay import Delay
from headrace.components.common.iterator import Iterator
from headrace.components.common.modify import Modify
from headrace.components.common.router import Router
from headrace.components.common.signal import Signal
from headrace.components.common.state import State
from headrace.components.common.ticker import Ticker
from headrace.sdk import Module

__all__ = ["COMMON"]

COMMON = Module(
    "common-module",
    "Triggers, and what moves, splits and routes messages.",
    (Ticker, Cron, Signal, Modify, Iterator, Router, Async, Delay, Debug, State),
)
