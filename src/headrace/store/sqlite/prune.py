"""Which ended runs are to be forgotten."""

import sqlite3

__all__ = ["prune"]

_ROWS_KEPT_NS = 86_400 * 10**9
"""A run whose tasks have rows in a target is kept for this long: what removes them needs it (rule 12)."""
_AT_ONCE = 500

_OLD = """
SELECT id FROM runs
WHERE ended_at < ? AND (is_recorded = 0 OR ended_at < ?)
    AND NOT EXISTS (SELECT 1 FROM dead_letters WHERE run_id = runs.id)
ORDER BY ended_at LIMIT ?
"""
_BEYOND = """
SELECT id FROM (
    SELECT id, ended_at, is_recorded,
        row_number() OVER (PARTITION BY flow ORDER BY started_at DESC, id) AS place
    FROM runs WHERE ended_at IS NOT NULL
) AS ended
WHERE place > ? AND (is_recorded = 0 OR ended_at < ?)
    AND NOT EXISTS (SELECT 1 FROM dead_letters WHERE run_id = ended.id)
LIMIT ?
"""


def prune(
    connection: sqlite3.Connection, keep_ns: int | None, keep_runs: int | None, now_ns: int
) -> list[str]:
    """Ids of ended runs that are too old or too many of their flow, up to 500; none that has dead letters."""
    rows_before = now_ns - _ROWS_KEPT_NS
    found: dict[str, None] = {}
    if keep_ns is not None:
        old = connection.execute(_OLD, (now_ns - keep_ns, rows_before, _AT_ONCE))
        found |= {id_: None for (id_,) in old}
    if keep_runs is not None:
        beyond = connection.execute(_BEYOND, (keep_runs, rows_before, _AT_ONCE))
        found |= {id_: None for (id_,) in beyond}
    return list(found)
