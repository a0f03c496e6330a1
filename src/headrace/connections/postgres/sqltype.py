"""PostgreSQL's types, as far as binding and reading values goes."""

from collections.abc import Mapping
from enum import Enum

import msgspec

__all__ = ["CATALOG_QUERY", "KNOWN", "Kind", "SqlType", "resolve"]


class Kind(Enum):
    """How the values of a type are written and read."""

    BOOLEAN = "boolean"
    INTEGER = "integer"
    DECIMAL = "decimal"
    FLOAT = "float"
    TEXT = "text"
    JSON = "json"
    BYTES = "bytes"
    INSTANT = "instant"
    """`timestamptz`."""
    DATETIME = "datetime"
    """`timestamp`, without a zone."""
    ARRAY = "array"
    OTHER = "other"
    """Written and read as the server's own text: dates, intervals, UUIDs, enums, addresses, ranges."""


class SqlType(msgspec.Struct, frozen=True):
    """A type; `element` is that of an array's elements."""

    kind: Kind
    element: "SqlType | None" = None


_SCALARS = {
    Kind.BOOLEAN: ((16, 1000),),
    Kind.BYTES: ((17, 1001),),
    Kind.INTEGER: ((20, 1016), (21, 1005), (23, 1007), (26, 1028)),
    Kind.TEXT: ((18, 1002), (19, 1003), (25, 1009), (1042, 1014), (1043, 1015)),
    Kind.JSON: ((114, 199), (3802, 3807)),
    Kind.FLOAT: ((700, 1021), (701, 1022)),
    Kind.DECIMAL: ((1700, 1231),),
    Kind.INSTANT: ((1184, 1185),),
    Kind.DATETIME: ((1114, 1115),),
    # date, time, interval, timetz, uuid, xml, inet, cidr, macaddr
    Kind.OTHER: (
        (1082, 1182),
        (1083, 1183),
        (1186, 1187),
        (1266, 1270),
        (2950, 2951),
        (142, 143),
        (869, 1041),
        (650, 651),
        (829, 1040),
    ),
}

KNOWN: dict[int, SqlType] = {}
"""By object id: the types whose ids are fixed (PostgreSQL's pg_type.dat), and their arrays."""
for _kind, _oids in _SCALARS.items():
    for _oid, _array in _oids:
        KNOWN[_oid] = SqlType(_kind)
        KNOWN[_array] = SqlType(Kind.ARRAY, SqlType(_kind))

CATALOG_QUERY = b"""
    with recursive used as (
        select oid, typtype, typcategory, typbasetype, typelem, typdelim
        from pg_catalog.pg_type where oid = any($1::oid[])
        union
        select t.oid, t.typtype, t.typcategory, t.typbasetype, t.typelem, t.typdelim
        from pg_catalog.pg_type t join used u on t.oid in (u.typbasetype, u.typelem)
    )
    select oid, typtype, typcategory, typbasetype, typelem, typdelim from used"""
"""What the server says of types that are not in `KNOWN`, and of those below them."""


def resolve(oid: int, catalog: Mapping[int, tuple[str, str, int, int, str]]) -> SqlType:
    """The type of an object id.

    Args:
        catalog: by object id: type, category, base type, element and delimiter from `CATALOG_QUERY`.
    """
    if oid in KNOWN:
        return KNOWN[oid]
    if oid not in catalog:
        return SqlType(Kind.OTHER)
    kind, category, base, element, delimiter = catalog[oid]
    if kind == "d":
        return resolve(base, catalog)
    if category == "A" and element and delimiter == ",":
        return SqlType(Kind.ARRAY, resolve(element, catalog))
    return SqlType(Kind.TEXT if category == "S" else Kind.OTHER)
