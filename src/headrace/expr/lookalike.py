"""Characters that look like others, or like nothing at all, and what to write instead.

They come with text that is copied from a page, a chat or a word processor.
"""

import unicodedata

__all__ = ["INVISIBLE", "QUOTES", "explain_character", "replacement", "suspicion"]

QUOTES = {
    "“": '"', "”": '"', "„": '"', "‟": '"', "«": '"', "»": '"', "″": '"', "＂": '"',
    "‘": "'", "’": "'", "‚": "'", "‛": "'", "′": "'", "＇": "'",
    "｀": "`",
}  # fmt: skip
"""Typographic quotes, each with the plain one."""

INVISIBLE = frozenset("\u00ad\u180e\u200b\u200e\u200f\u2060\u2061\u2062\u2063\u2064\ufeff")
"""Characters of no width that no language needs between letters, as some need joiners."""

_OPERATORS = {
    "–": "-", "—": "-", "−": "-", "‐": "-", "‑": "-", "×": "*", "∗": "*", "⋅": "*", "÷": "/", "∕": "/",
    "≠": "!=", "≤": "<=", "≥": ">=", "⇒": "=>", "→": "=>", "∧": "&&", "∨": "||", "¬": "!", "…": "...",
    "、": ",", "。": ".", "【": "[", "】": "]",
}  # fmt: skip


def replacement(char: str) -> str:
    """What is meant by a character that looks like one or two of ASCII; empty if it looks like none."""
    if plain := QUOTES.get(char) or _OPERATORS.get(char):
        return plain
    folded = unicodedata.normalize("NFKC", char)
    return folded if 0xFF00 <= ord(char) <= 0xFFEF and folded.isascii() else ""


def explain_character(char: str) -> str:
    """Why a character cannot stand in an expression."""
    code = f"U+{ord(char):04X}"
    if char in INVISIBLE:
        return f"an invisible character ({code}) stands here; delete it"
    if plain := replacement(char):
        quoted = f"``{plain}``" if plain == "`" else f"`{plain}`"
        return f"`{char}` ({code}) is not {quoted}; write {quoted}"
    return f"`{char}` has no meaning here"


def suspicion(text: str) -> str:
    """What is odd about a text without quotes; empty if nothing is.

    Quotes that are no quotes, and what nobody sees, become part of a name or a value unnoticed.
    """
    if text.isascii() or not text:
        return ""
    if text[0] in QUOTES and text[-1] in QUOTES and len(text) > 1:
        return f"`{text[0]}` is no quote here, but part of the text; write `{QUOTES[text[0]]}`"
    for char in text:
        if char in INVISIBLE:
            return f"an invisible character (U+{ord(char):04X}) stands in this text; delete it"
    for char in (text[0], text[-1]):
        if char.isspace() and char != " ":
            return f"a space that YAML does not know (U+{ord(char):04X}) is part of this text; delete it"
    return ""
