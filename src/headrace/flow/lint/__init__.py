"""Checks of a whole flow: mistakes that parse well and would lose data, loop for ever, or do nothing.

A rule is a function that takes a `View` of the draft and the reader that collects findings. Rules look at
what is known and keep silent where something is not: a false alarm costs more than a missed one.
"""

from collections.abc import Callable

from headrace.flow.draft import Draft
from headrace.flow.field import Reader
from headrace.flow.lint.body import check_bodies
from headrace.flow.lint.database import check_passwords, check_transactions, check_write_order
from headrace.flow.lint.failure import check_lost_errors
from headrace.flow.lint.header import check_headers
from headrace.flow.lint.iterator import check_done, check_http_writes
from headrace.flow.lint.loop import check_exits, check_loops_below_batches
from headrace.flow.lint.message import check_messages
from headrace.flow.lint.name import check_secrets, check_vars
from headrace.flow.lint.operation import check_isolation, check_operations
from headrace.flow.lint.pasted import check_pasted
from headrace.flow.lint.port import check_fields, check_ports
from headrace.flow.lint.reach import check_reach
from headrace.flow.lint.server import check_paths, check_responses
from headrace.flow.lint.shape import check_shapes
from headrace.flow.lint.sql import check_first_of_batch, check_interpolation
from headrace.flow.lint.text import check_plain_expressions
from headrace.flow.lint.twice import check_twice
from headrace.flow.lint.url import check_urls
from headrace.flow.lint.view import View

__all__ = ["check"]

RULES: tuple[Callable[[View, Reader], None], ...] = (
    check_reach,
    check_secrets,
    check_vars,
    check_messages,
    check_operations,
    check_isolation,
    check_headers,
    check_bodies,
    check_exits,
    check_loops_below_batches,
    check_lost_errors,
    check_interpolation,
    check_first_of_batch,
    check_transactions,
    check_passwords,
    check_write_order,
    check_http_writes,
    check_done,
    check_twice,
    check_urls,
    check_paths,
    check_responses,
    check_plain_expressions,
    check_pasted,
    check_shapes,  # after the others, since they may know better what is wrong
    check_ports,
    check_fields,
)


def check(draft: Draft, reader: Reader) -> None:
    """Apply all rules."""
    view = View(draft)
    for rule in RULES:
        rule(view, reader)
