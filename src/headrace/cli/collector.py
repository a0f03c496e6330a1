"""Python's search for garbage, once what a command needs is loaded."""

import gc

__all__ = ["keep_loaded"]


def keep_loaded() -> None:
    """Have the collector look no more at what there is by now, which stays, and seldom at what comes."""
    gc.freeze()
    gc.set_threshold(50_000)
