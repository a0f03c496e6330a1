"""What an insert must know of a table: the types of its columns, and which columns are unique."""

from collections.abc import Mapping
from functools import partial

import msgspec

from headrace.connections.name import quoted as quoted_name
from headrace.connections.name import quoted_table

__all__ = ["COLUMNS_QUERY", "KEYS_QUERY", "Table", "named", "quoted"]

COLUMNS_QUERY = (
    "SELECT lower(column_name), lower(data_type) FROM information_schema.columns "
    "WHERE table_schema = {schema} AND table_name = {table}"
)
KEYS_QUERY = (
    "SELECT index_name, lower(column_name) FROM information_schema.statistics "
    "WHERE table_schema = {schema} AND table_name = {table} AND non_unique = 0"
)


class Table(msgspec.Struct, frozen=True):
    """A table; MySQL takes no account of case in the names of columns, so all are in lower case.

    Attributes:
        types: by column, without sizes: `varchar`, `datetime`.
        keys: the columns of each unique index.
    """

    types: Mapping[str, str] = msgspec.field(default_factory=dict)
    keys: frozenset[frozenset[str]] = frozenset()


named = partial(quoted_table, mark="`")
quoted = partial(quoted_name, mark="`")
