"""What results of all drivers have in common."""

from collections.abc import Sequence

from headrace.errors import PermanentError

__all__ = ["refuse_twins"]


def refuse_twins(names: Sequence[str]) -> None:
    """Refuse two columns of one name, of which a JSON object can hold only one.

    Raises:
        PermanentError: there are such.
    """
    for index, name in enumerate(names):
        if name in names[:index]:
            raise PermanentError(f"two columns are named `{name}`; name one of them with AS", code="HR324")
