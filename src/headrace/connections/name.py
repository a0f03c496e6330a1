"""Names in SQL, quoted so that any text is one."""

from headrace.errors import StatementError

__all__ = ["quoted", "quoted_table"]


def quoted_table(table: str, mark: str = '"') -> str:
    """The quoted name of a table, which may have its schema or database before it."""
    return ".".join(quoted(name, mark) for name in table.split("."))


def quoted(name: str, mark: str = '"') -> str:
    """A quoted identifier.

    Args:
        mark: what stands around it; a backtick in MySQL.

    Raises:
        StatementError: it cannot be one.
    """
    if "\0" in name:
        raise StatementError("a name of a table or column has a NUL character in it", code="HR301")
    return f"{mark}{name.replace(mark, mark * 2)}{mark}"
