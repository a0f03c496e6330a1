"""Functions of text in lower case: null gives null, another type is an error."""

import html
import re
import unicodedata

from headrace.expr.argument import (
    array,
    choice,
    count_text,
    integer,
    text,
    textual,
    wrong,
)
from headrace.expr.entry import function
from headrace.expr.functions.result.item import same
from headrace.expr.functions.result.value import parts, replaced
from headrace.expr.regex import Pattern, PatternLike, compile_pattern
from headrace.expr.replacement import replace_every
from headrace.expr.signature import Callback, Function
from headrace.expr.split import split_text
from headrace.expr.text import WHITESPACE, strict_equal, to_text
from headrace.values import Json

__all__ = ["TABLE", "join_items"]

_FORMS = ("NFC", "NFD", "NFKC", "NFKD")
# What browsers never show, then every tag and comment: HTML as text, not as a document.
_UNSHOWN = compile_pattern(r"<script\b[^>]*>.*?</script\s*>|<style\b[^>]*>.*?</style\s*>|<!--.*?-->", "gis")
_TAG = compile_pattern(r"</?[a-z!][^>]*>", "gi")
_BLANKS = re.compile(r"\s+")
_LONG_REFERENCE = re.compile(r"&#([0-9]{9,})")


def _upper(value: Json) -> Json:
    return None if value is None else text("upper", value).upper()


def _lower(value: Json) -> Json:
    return None if value is None else text("lower", value).lower()


def _trim(value: Json) -> Json:
    return None if value is None else text("trim", value).strip(WHITESPACE)


def _reverse(value: Json) -> Json:
    if value is None:
        return None
    if isinstance(value, str | list):
        return value[::-1]
    raise wrong("reverse", "text or an array", value)


def _split(value: Json, separator: PatternLike = None, limit: Json = None) -> Json:
    if value is None:
        return None
    return split_text("split", text("split", value), separator, limit)


def join_items(name: str, items: list[Json], separator: str) -> str:
    """The texts of the items with a separator between them; null is empty."""
    parts = [to_text(item) for item in items]
    count_text(name, sum(map(len, parts)) + len(separator) * max(0, len(parts) - 1))
    return separator.join(parts)


def _join(items: Json, separator: Json = None) -> Json:
    between = "," if separator is None else textual("join", separator, 1)
    return join_items("join", array("join", items), between)


def _contains(value: Json, part: Json) -> Json:
    if value is None:
        return None
    if isinstance(value, list):
        return any(strict_equal(item, part) for item in value)
    return textual("contains", part, 1) in text("contains", value)


def _hasprefix(value: Json, prefix: Json) -> Json:
    return None if value is None else text("hasprefix", value).startswith(text("hasprefix", prefix, 1))


def _hassuffix(value: Json, suffix: Json) -> Json:
    return None if value is None else text("hassuffix", value).endswith(text("hassuffix", suffix, 1))


def _replace(value: Json, old: PatternLike, new: object) -> Json:
    return None if value is None else replace_every("replace", text("replace", value), old, new)


def _substr(value: Json, start: Json, length: Json = None) -> Json:
    if value is None:
        return None
    whole = text("substr", value)
    first = integer("substr", start, 1, 0)
    first = max(0, len(whole) + first) if first < 0 else first
    return whole[first : first + max(0, integer("substr", length, 2, len(whole)))]


def _index(value: Json, part: Json) -> Json:
    if value is None:
        return None
    if isinstance(value, list):
        return next((i for i, item in enumerate(value) if strict_equal(item, part)), -1)
    return text("index", value).find(textual("index", part, 1))


def _length(value: Json) -> Json:
    if value is None:
        return 0
    if isinstance(value, str | list | dict):
        return len(value)
    raise wrong("len", "text, an array or an object", value)


def _pattern(name: str, value: PatternLike) -> Pattern:
    return value if isinstance(value, Pattern) else compile_pattern(text(name, value, 1))


def _matches(value: Json, pattern: PatternLike) -> Json:
    return None if value is None else _pattern("matches", pattern).matches(text("matches", value))


def _capture(value: Json, pattern: PatternLike) -> Json:
    if value is None:
        return None
    regex = _pattern("capture", pattern)
    found = regex.first(text("capture", value))
    if found is None:
        return None
    if regex.names:
        return {name: found.groups[number] for name, number in regex.names.items()}
    return list(found.groups[1:]) or [found.text]


def _truncate(value: Json, length: Json, suffix: Json = "…") -> Json:
    if value is None:
        return None
    whole, most = text("truncate", value), max(0, integer("truncate", length, 1, 0))
    if len(whole) <= most:
        return whole
    end = text("truncate", suffix, 2)[:most]
    return whole[: most - len(end)] + end


def _normalize(value: Json, form: Json = "NFC") -> Json:
    if value is None:
        return None
    return unicodedata.normalize(choice("normalize", form, _FORMS, 1), text("normalize", value))  # type: ignore[arg-type]  # one of the four


def _strip_accents(value: Json) -> Json:
    if value is None:
        return None
    apart = unicodedata.normalize("NFD", text("stripAccents", value))
    bare = "".join(char for char in apart if not unicodedata.combining(char))
    return unicodedata.normalize("NFC", bare)


def _slugify(value: Json) -> Json:
    bare = _strip_accents(value)
    if not isinstance(bare, str):
        return None
    kept = "".join(char if char.isalnum() else " " for char in bare.lower())
    return "-".join(kept.split())


def _unescape_html(value: Json) -> Json:
    return None if value is None else _unescaped(text("unescapeHtml", value))


def _unescaped(value: str) -> str:
    """References as characters; Python refuses to read numbers of thousands of digits, so they are cut."""
    return html.unescape(_LONG_REFERENCE.sub(lambda found: f"&#{found[1].lstrip('0')[:8] or 0}", value))


def _strip_html(value: Json) -> Json:
    if value is None:
        return None
    shown = replace_every("stripHtml", text("stripHtml", value), _UNSHOWN, " ")
    bare = replace_every("stripHtml", shown, _TAG, " ")
    return _BLANKS.sub(" ", _unescaped(bare)).strip()


TABLE: tuple[Function, ...] = (
    function(
        "upper(text)", "text? → text?",
        _upper, "Text in upper case.", "upper('aé') → \"AÉ\"", "upper(null) → null",
    ),
    function(
        "lower(text)", "text? → text?",
        _lower, "Text in lower case.", "lower('AÉ') → \"aé\"", "lower(1) → HR224",
    ),
    function(
        "trim(text)", "text? → text?",
        _trim, "Text without blanks at its ends.", "trim(' a ') → \"a\"", "trim('') → \"\"",
    ),
    function(
        "reverse(value)", "text|array? → text|array?", _reverse, "Text or an array, back to front.",
        "reverse('abc') → \"cba\"", "reverse([1, 2]) → [2, 1]", result=same,
    ),
    function(
        "split(text, separator?, limit?)", "text?, any|pattern, scalar? → array?",
        _split, "The parts of a text between separators.",
        "split('a,b', ',') → [\"a\", \"b\"]", "split('a1b22c', /\\d+/) → [\"a\", \"b\", \"c\"]", result=parts,
    ),
    function(
        "join(array, separator?)", "array, scalar? → text", _join, "The items as one text; null is empty.",
        "join(['a', null, 1], '-') → \"a--1\"", "join([1, 2]) → \"1,2\"",
    ),
    function(
        "contains(value, part)", "text|array?, part → boolean?",
        _contains, "Whether a text has the part, or an array the item.",
        "contains('headrace', 'race') → true", "contains([1, 2], 3) → false",
    ),
    function(
        "hasprefix(text, prefix)", "text?, text → boolean?", _hasprefix, "Whether a text starts so.",
        "hasprefix('abc', 'ab') → true", "hasprefix('abc', 'b') → false", suggested=False,
    ),
    function(
        "hassuffix(text, suffix)", "text?, text → boolean?", _hassuffix, "Whether a text ends so.",
        "hassuffix('abc', 'bc') → true", "hassuffix('abc', 'b') → false", suggested=False,
    ),
    function(
        "replace(text, old, new)", "text?, scalar|pattern, scalar → text?",
        _replace, "The text with every `old`, text or regex, replaced.",
        "replace('a-b-c', '-', '+') → \"a+b+c\"", "replace('a1b2', /\\d/, '<$&>') → \"a<1>b<2>\"",
        callbacks={2: Callback(12, or_value=True)}, result=replaced,
    ),
    function(
        "substr(text, start, length?)", "text?, scalar?, scalar? → text?",
        _substr, "A part of a text; a negative start counts from the end.",
        "substr('headrace', 4) → \"race\"", "substr('headrace', -4, 2) → \"ra\"", suggested=False,
    ),
    function(
        "index(value, part)", "text|array?, part → number?",
        _index, "Where the part of a text or the item of an array is; -1 if nowhere.",
        "index('abc', 'c') → 2", "index([5, 6], 7) → -1", suggested=False,
    ),
    function(
        "len(value)", "text|array|object? → number",
        _length, "The number of characters, items or members; 0 for null.",
        "len([1, 2, 3]) → 3", "len('😀') → 1", "len(null) → 0",
    ),
    function(
        "length(value)", "text|array|object? → number",
        _length, "As `len`.", "length({a: 1}) → 1", "length('') → 0", suggested=False,
    ),
    function(
        "size(value)", "text|array|object? → number",
        _length, "As `len`.", "size([]) → 0", "size(5) → HR224", suggested=False,
    ),
    function(
        "matches(text, pattern)", "text?, text|pattern → boolean?",
        _matches, "Whether any part of the text matches the regular expression.",
        "matches('a1', /\\d/) → true", "matches('ab', '^b') → false",
    ),
    function(
        "capture(text, pattern)", "text?, text|pattern → array|object|null?", _capture,
        "The groups of the first match: an object of the named ones, else an array; null if none.",
        "capture('v1.2', /v(?<major>\\d+)\\.(?<minor>\\d+)/) → {\"major\": \"1\", \"minor\": \"2\"}",
        "capture('id 42', /(\\d+)/) → [\"42\"]", "capture('x', /\\d/) → null",
    ),
    function(
        "truncate(text, length, suffix?)", "text?, scalar?, any → text?",
        _truncate, "At most so many characters, the suffix included.",
        "truncate('headrace', 5) → \"head…\"", "truncate('abc', 2, '') → \"ab\"",
    ),
    function(
        "slugify(text)", "text? → text?", _slugify, "Lower-case words joined by dashes, without accents.",
        "slugify('Crème brûlée!') → \"creme-brulee\"", "slugify(null) → null",
    ),
    function(
        "normalize(text, form?)", "text?, text → text?",
        _normalize, "The Unicode normal form, NFC unless given.",
        "normalize('e\\u0301') → \"é\"", "normalize('ﬁ', 'NFKC') → \"fi\"",
    ),
    function(
        "stripAccents(text)", "text? → text?",
        _strip_accents, "Text without accents and other combining marks.",
        "stripAccents('Ångström') → \"Angstrom\"", "stripAccents(null) → null",
    ),
    function(
        "unescapeHtml(text)", "text? → text?", _unescape_html, "HTML's character references as characters.",
        "unescapeHtml('a &amp; b') → \"a & b\"", "unescapeHtml('&#233;') → \"é\"",
    ),
    function(
        "stripHtml(text)", "text? → text?", _strip_html, "The text of some HTML, blanks as single spaces.",
        "stripHtml('<p>a <b>b</b></p>') → \"a b\"", "stripHtml('1 &lt; 2') → \"1 < 2\"",
    ),
)  # fmt: skip
