"""How wide a text is at most, in ems: fonts differ, so a wide common one (DejaVu Sans) is the measure."""

import unicodedata

__all__ = ["fitting", "width_em"]

_NARROW = "iIjl.,:;'|!()[]{}ft/\\ -`\""
_WIDE = "mwMW@%"
_NARROW_EM, _DIGIT_EM, _LOWER_EM, _UPPER_EM, _WIDE_EM = 0.42, 0.64, 0.64, 0.79, 1.0
_FULL_EM = 1.3
"""A character of two columns; emoji are the widest of them."""
_OTHER_EM = 0.95
_BOLD = 1.1


def width_em(text: str, *, bold: bool = False) -> float:
    """The width of a text in ems, rather too much than too little."""
    return sum(map(_char_em, text)) * (_BOLD if bold else 1)


def _char_em(char: str) -> float:
    if unicodedata.category(char) in ("Mn", "Me", "Cf"):
        return 0.0
    if unicodedata.east_asian_width(char) in "WF":
        return _FULL_EM
    if char in _NARROW:
        return _NARROW_EM
    if char in _WIDE:
        return _WIDE_EM
    if not char.isascii():
        return _OTHER_EM
    return _DIGIT_EM if char.isdigit() else _UPPER_EM if char.isupper() else _LOWER_EM


def fitting(text: str, most_em: float, *, bold: bool = False) -> str:
    """The text, or its beginning and `…`, so that it is not wider."""
    if width_em(text, bold=bold) <= most_em:
        return text
    left = most_em - width_em("…", bold=bold)
    for end, char in enumerate(text):
        left -= width_em(char, bold=bold)
        if left < 0:
            return f"{text[:end]}…"
    return text
