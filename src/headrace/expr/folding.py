"""Which characters are one another's other case: the flag `i` without `u` (ECMA-262, 22.2.2.7.3).

JavaScript folds by upper case, character by character, and never from beyond ASCII into it: `/k/i` does
not match the Kelvin sign, nor `/s/i` the long s. With `u` it folds as RE2 does.
"""

from collections.abc import Iterator, Mapping
from functools import cache

__all__ = ["variants", "variants_between"]

_PLANE = 0x10000
_ASCII = 128


def variants(code: int) -> tuple[int, ...]:
    """The code points that are equal to one when case is ignored, itself included."""
    if code < _ASCII:
        char = chr(code)
        return (code, ord(char.swapcase())) if char.isalpha() else (code,)
    return _table().get(code, (code,))


def variants_between(low: int, high: int) -> Iterator[int]:
    """Those that ignoring case adds to a range of code points."""
    for code in range(low, min(high, _ASCII - 1) + 1):
        yield from variants(code)
    if high >= _ASCII:
        for code, others in _table().items():
            if low <= code <= high:
                yield from others


@cache
def _table() -> Mapping[int, tuple[int, ...]]:
    """The letters beyond ASCII that have another case, each with all of its class."""
    classes: dict[int, list[int]] = {}
    for code in range(_ASCII, _PLANE):
        classes.setdefault(_canonical(code), []).append(code)
    return {code: tuple(codes) for codes in classes.values() if len(codes) > 1 for code in codes}


def _canonical(code: int) -> int:
    upper = chr(code).upper()
    return ord(upper) if len(upper) == 1 and ord(upper) >= _ASCII else code
