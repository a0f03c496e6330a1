"""MySQL's errors as headrace's: which can be cured by repeating the task, and what people read."""

import pymysql

from headrace.errors import ComponentError, InfrastructureError, PermanentError, StatementError

__all__ = ["failure_of", "is_lost"]

# Numbers of https://dev.mysql.com/doc/mysql-errors/en/ and https://mariadb.com/kb/en/mariadb-error-codes/.
_LOST = frozenset({1053, 1077, 1152, 1158, 1159, 1160, 1161, 1184, 1927, 2002, 2003, 2006, 2013, 2055, 4031})
"""The connection is gone, or none came about."""

_INFRASTRUCTURE = _LOST | {
    1205, 1213, 3572, 1020,  # locks, a record that changed
    1021, 1037, 1038, 1041, 1114, 1135, 1206,  # no disk, no memory, no thread
    1040, 1203, 1226,  # too many connections
    1180, 1317, 1836, 1290, 3024,  # the commit failed, interrupted, read-only while it changes its role
}  # fmt: skip

# No other values would help: syntax, names, rights.
_OF_STATEMENT = frozenset({
    1044, 1045, 1046, 1049, 1051, 1054, 1064, 1065, 1066, 1103, 1109, 1110, 1115, 1142, 1143, 1144, 1146,
    1149,
    1227, 1235, 1305, 1347, 1370, 1471, 1698,
})  # fmt: skip

_CURES = {
    1045: "check `username` and `password`",
    1698: "check `username` and `password`",
    1049: "check `database`, or create it",
    1040: "lower `maxOpenConns` or raise the server's max_connections",
    1153: "raise the server's max_allowed_packet",
    1292: "SQL takes times as `2026-01-02 03:04:05`, in UTC here; `upsert` and `insert` take RFC 3339, too",
}


def is_lost(error: pymysql.Error) -> bool:
    """Whether the connection is gone with it."""
    return _number(error) in _LOST or isinstance(error, pymysql.InterfaceError)


def failure_of(error: pymysql.Error) -> ComponentError:
    """The error that one of PyMySQL's stands for; its code is MySQL's number."""
    number = _number(error)
    text = str(error.args[-1]) if error.args and error.args[-1] else "the connection is closed"
    cure = f" ({_CURES[number]})" if number in _CURES else ""
    code = str(number) if number else None
    if is_lost(error) or number in _INFRASTRUCTURE:
        return InfrastructureError(f"MySQL: {text}{cure}", code=code)
    kind = StatementError if number in _OF_STATEMENT else PermanentError
    return kind(f"{text}{cure}", code=code)


def _number(error: pymysql.Error) -> int:
    first = error.args[0] if error.args else 0
    return first if isinstance(first, int) else 0
