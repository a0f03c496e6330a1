"""Checks of a whole flow: mistakes that parse well and would lose data, loop for ever, or do nothing.

A rule is a function that takes the draft and the reader that collects findings. Rules look at what is
known and keep silent where something is not: a false alarm costs more than a missed one.
"""

from collections.abc import Callable

from headrace.flow.draft import Draft
from headrace.flow.field import Reader

__all__ = ["check"]

RULES: tuple[Callable[[Draft, Reader], None], ...] = ()


def check(draft: Draft, reader: Reader) -> None:
    """Apply all rules."""
    for rule in RULES:
        rule(draft, reader)
