"""Parameters of statements, whatever the database."""

from headrace.errors import PermanentError

__all__ = ["check_count"]


def check_count(wanted: int, given: int) -> None:
    """Refuse a statement that has more or fewer parameters than it takes.

    Raises:
        PermanentError: with both numbers.
    """
    if wanted != given:
        count = "no parameters" if wanted == 0 else "1 parameter" if wanted == 1 else f"{wanted} parameters"
        raise PermanentError(f"the statement takes {count}, but `parameters` has {given}", code="HR322")
