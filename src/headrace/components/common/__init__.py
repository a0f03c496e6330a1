"""common-module: triggers, and what moves, splits and routes messages."""

from headrace.sdk import Lazy, Module

__all__ = ["COMMON"]

COMMON = Module(
    "common-module",
    "Triggers, and what moves, splits and routes messages.",
    (
        Lazy("common-module/ticker", "headrace.components.common.ticker:Ticker"),
        Lazy("common-module/cron", "headrace.components.common.cron:Cron"),
        Lazy("common-module/signal", "headrace.components.common.signal:Signal"),
        Lazy("common-module/modify", "headrace.components.common.modify:Modify"),
        Lazy("common-module/iterator", "headrace.components.common.iterator:Iterator"),
        Lazy("common-module/router", "headrace.components.common.router:Router"),
        Lazy("common-module/async", "headrace.components.common.async_:Async"),
        Lazy("common-module/delay", "headrace.components.common.delay:Delay"),
        Lazy("common-module/debug", "headrace.components.common.debug:Debug"),
        Lazy("common-module/state", "headrace.components.common.state:State"),
    ),
)
