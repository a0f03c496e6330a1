"""Everything that an expression can call: the tables of functions and methods, joined."""

from collections.abc import Mapping

from headrace.expr.signature import Function, Method

__all__ = ["FUNCTIONS", "METHODS"]

FUNCTIONS: Mapping[str, Function] = {}
"""Functions by their name, globals by their dotted name (`Math.round`)."""

METHODS: Mapping[str, Method] = {}
"""Methods by their name; the entry knows which types of receiver have it."""
