"""A copy of a message for people: short, and without secrets."""

from collections.abc import Callable
from itertools import islice

from headrace.values import Json

__all__ = ["MOST_CHARACTERS", "MaskedOnce", "cut_copy"]

MOST_CHARACTERS = 16_384
"""Of all texts and names together, and a few for each other value."""
_LONGEST_TEXT = 500
_MOST_MEMBERS = 100
_MOST_ITEMS = 20
_DEEPEST = 20
_MASKED_AT_MOST = 16_384
"""A secret that is cut in two is not found, so a text is masked well beyond what is shown of it."""
_PER_VALUE = 4


class MaskedOnce:
    """Masks each long text once: nodes that follow one another send on the same ones."""

    def __init__(self, mask: Callable[[str], str]) -> None:
        self._mask = mask
        self._masked: dict[str, str] = {}

    def __call__(self, text: str) -> str:
        """The text without secrets."""
        if len(text) <= _LONGEST_TEXT:
            return self._mask(text)
        masked = self._masked.get(text)
        if masked is None:
            masked = self._masked[text] = self._mask(text)
        return masked


def cut_copy(message: Json, mask: Callable[[str], str]) -> tuple[Json, bool]:
    """A copy of a message, and whether anything of it is missing.

    Long texts end with `…`; of long arrays and objects the first members are there.
    """
    cutter = _Cutter(mask)
    return cutter.copy(message, 0), cutter.is_cut


class _Cutter:
    """Copies one message, until there is no room any more."""

    def __init__(self, mask: Callable[[str], str]) -> None:
        self._mask = mask
        self._left = MOST_CHARACTERS
        self.is_cut = False

    def copy(self, value: Json, depth: int) -> Json:
        self._left -= _PER_VALUE
        match value:
            case str():
                return self._text(value)
            case list():
                return self._array(value, depth)
            case dict():
                return self._object(value, depth)
            case int() if not isinstance(value, bool) and value.bit_length() > 4 * _LONGEST_TEXT:
                self.is_cut = True  # to write it down takes long
                return None
            case _:
                return value

    def _text(self, text: str) -> str:
        masked = self._mask(text[:_MASKED_AT_MOST])
        if len(text) > _MASKED_AT_MOST and len(masked) < _MASKED_AT_MOST // 2:
            masked = ""  # what is left of so many secrets may end within one
            self.is_cut = True
        room = min(_LONGEST_TEXT, max(self._left, 0))
        shown = masked[:room]
        self._left -= len(shown)
        if len(masked) > room:
            self.is_cut = True
            return f"{shown}…"
        return shown

    def _array(self, items: list[Json], depth: int) -> list[Json]:
        copied: list[Json] = []
        for item in items[:_MOST_ITEMS] if depth < _DEEPEST else ():
            if self._left <= 0:
                break
            copied.append(self.copy(item, depth + 1))
        self.is_cut |= len(copied) < len(items)
        return copied

    def _object(self, members: dict[str, Json], depth: int) -> dict[str, Json]:
        copied: dict[str, Json] = {}
        for name, member in islice(members.items(), _MOST_MEMBERS if depth < _DEEPEST else 0):
            if self._left <= 0:
                break
            copied[self._text(name)] = self.copy(member, depth + 1)
        self.is_cut |= len(copied) < len(members)  # also where two names look alike once they are masked
        return copied
