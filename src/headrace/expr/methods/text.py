"""Methods of text; characters are code points (D4), arguments convert to text as in JavaScript."""

import unicodedata
from collections.abc import Callable

from headrace.expr.argument import choice, count_items, count_text, integer, textual
from headrace.expr.entry import method
from headrace.expr.failure import Failure
from headrace.expr.functions.result.value import groups, matches, parts, replaced
from headrace.expr.regex import Found, Pattern, PatternLike, compile_pattern
from headrace.expr.replacement import CALLBACK_ARGUMENTS, replace_every, replace_first
from headrace.expr.signature import Callback, Method
from headrace.expr.split import split_text
from headrace.expr.text import WHITESPACE
from headrace.values import Json

__all__ = ["TABLE"]

_REPLACEMENT = {1: Callback(CALLBACK_ARGUMENTS, or_value=True)}
_FORMS = ("NFC", "NFD", "NFKC", "NFKD")


def _upper(value: str) -> Json:
    return value.upper()


def _lower(value: str) -> Json:
    return value.lower()


def _trim(value: str) -> Json:
    return value.strip(WHITESPACE)


def _trim_start(value: str) -> Json:
    return value.lstrip(WHITESPACE)


def _trim_end(value: str) -> Json:
    return value.rstrip(WHITESPACE)


def _split(value: str, separator: PatternLike = None, limit: Json = None) -> Json:
    return split_text("split", value, separator, limit)


def _substring(value: str, start: Json, end: Json = None) -> Json:
    first = min(max(0, integer("substring", start, 1, 0)), len(value))
    last = min(max(0, integer("substring", end, 2, len(value))), len(value))
    return value[min(first, last) : max(first, last)]


def _substr(value: str, start: Json, length: Json = None) -> Json:
    first = integer("substr", start, 1, 0)
    first = max(0, first + len(value)) if first < 0 else first
    return value[first : first + max(0, integer("substr", length, 2, len(value)))]


def _replace(value: str, old: PatternLike, new: object) -> Json:
    return replace_first("replace", value, old, new)


def _replace_all(value: str, old: PatternLike, new: object) -> Json:
    if isinstance(old, Pattern) and not old.is_global:
        raise Failure("HR210", f"`replaceAll` needs the flag `g`: {old!r}g", 1)
    return replace_every("replaceAll", value, old, new)


def _starts_with(value: str, part: Json, start: Json = None) -> Json:
    first = min(max(0, integer("startsWith", start, 2, 0)), len(value))
    return value.startswith(textual("startsWith", part, 1), first)


def _ends_with(value: str, part: Json, end: Json = None) -> Json:
    last = min(max(0, integer("endsWith", end, 2, len(value))), len(value))
    return value.endswith(textual("endsWith", part, 1), 0, last)


def _padding(name: str, value: str, length: Json, fill: Json) -> str:
    wanted = integer(name, length, 1, 0)
    unit = " " if fill is None else textual(name, fill, 2)
    missing = wanted - len(value)
    if missing <= 0 or not unit:
        return ""
    count_text(name, wanted)
    return (unit * (missing // len(unit) + 1))[:missing]


def _pad_start(value: str, length: Json, fill: Json = None) -> Json:
    return _padding("padStart", value, length, fill) + value


def _pad_end(value: str, length: Json, fill: Json = None) -> Json:
    return value + _padding("padEnd", value, length, fill)


def _repeat(value: str, times: Json) -> Json:
    number = integer("repeat", times, 1, 0)
    if number < 0:
        raise Failure("HR224", f"`repeat` takes a number from 0, but {{operand}} is {number}", 1)
    count_text("repeat", len(value) * number)
    return value * number if value else ""


def _char_at(value: str, index: Json = None) -> Json:
    position = integer("charAt", index, 1, 0)
    return value[position] if 0 <= position < len(value) else ""


def _code_at(value: str, index: Json = None) -> Json:
    position = integer("codePointAt", index, 1, 0)
    return ord(value[position]) if 0 <= position < len(value) else None


def _locale_compare(value: str, other: Json) -> Json:
    against = textual("localeCompare", other, 1)
    return (value > against) - (value < against)


def _normalize(value: str, form: Json = None) -> Json:
    return unicodedata.normalize(choice("normalize", form or "NFC", _FORMS, 1), value)  # type: ignore[arg-type]  # one of the four


def _to_text(value: str) -> Json:
    return value


def _regex(name: str, pattern: PatternLike) -> Pattern:
    return pattern if isinstance(pattern, Pattern) else compile_pattern(textual(name, pattern, 1))


def _groups(found: Found) -> Json:
    return list(found.groups)


def _every_match(name: str, value: str, pattern: Pattern, read: Callable[[Found], Json]) -> list[Json]:
    matches: list[Json] = []
    for found in pattern.each(value):
        matches.append(read(found))
        count_items(name, len(matches))
    return matches


def _match(value: str, pattern: PatternLike) -> Json:
    regex = _regex("match", pattern)
    if regex.is_global:
        return _every_match("match", value, regex, lambda found: found.text) or None
    found = regex.first(value)
    return None if found is None else _groups(found)


def _match_all(value: str, pattern: PatternLike) -> Json:
    regex = _regex("matchAll", pattern)
    if isinstance(pattern, Pattern) and not pattern.is_global:
        raise Failure("HR210", f"`matchAll` needs the flag `g`: {pattern!r}g", 1)
    return _every_match("matchAll", value, regex, _groups)


def _search(value: str, pattern: PatternLike) -> Json:
    found = _regex("search", pattern).first(value)
    return -1 if found is None else found.start


def _test(pattern: Pattern, value: Json) -> Json:
    return pattern.matches(textual("test", value, 1))


def _exec(pattern: Pattern, value: Json) -> Json:
    found = pattern.first(textual("exec", value, 1))
    return None if found is None else _groups(found)


TABLE: tuple[Method, ...] = (
    method(
        "text.toUpperCase()", "→ text", {"text": _upper}, "Text in upper case.",
        "'aé'.toUpperCase() → \"AÉ\"", "''.toUpperCase() → \"\"",
    ),
    method(
        "text.toLowerCase()", "→ text", {"text": _lower}, "Text in lower case.",
        "'AÉ'.toLowerCase() → \"aé\"", "''.toLowerCase() → \"\"",
    ),
    method(
        "text.trim()", "→ text", {"text": _trim}, "Text without blanks at its ends.",
        "' a '.trim() → \"a\"", "'\\n'.trim() → \"\"",
    ),
    method(
        "text.trimStart()", "→ text", {"text": _trim_start}, "Text without blanks at its start.",
        "' a '.trimStart() → \"a \"", "''.trimStart() → \"\"",
    ),
    method(
        "text.trimEnd()", "→ text", {"text": _trim_end}, "Text without blanks at its end.",
        "' a '.trimEnd() → \" a\"", "''.trimEnd() → \"\"",
    ),
    method(
        "text.split(separator?, limit?)", "any|pattern, scalar? → array",
        {"text": _split}, "The parts between separators, text or regex.",
        "'a,b'.split(',') → [\"a\", \"b\"]", "'ab'.split('') → [\"a\", \"b\"]",
        "'a1b'.split(/\\d/, 1) → [\"a\"]", result=parts,
    ),
    method(
        "text.substring(start, end?)", "scalar?, scalar? → text",
        {"text": _substring}, "The part between two positions in any order.",
        "'headrace'.substring(4) → \"race\"", "'abc'.substring(2, 0) → \"ab\"",
    ),
    method(
        "text.substr(start, length?)", "scalar?, scalar? → text",
        {"text": _substr}, "The part of a length from a position.",
        "'abc'.substr(-2, 1) → \"b\"", "'abc'.substr(1) → \"bc\"",
    ),
    method(
        "text.replace(old, new)", "scalar|pattern, scalar → text",
        {"text": _replace}, "The first match replaced; all with the flag `g`.",
        "'a-b-c'.replace('-', '+') → \"a+b-c\"", "'ab cd'.replace(/(\\w+) (\\w+)/, '$2 $1') → \"cd ab\"",
        "'a1b2'.replace(/\\d/g, d => d * 2) → \"a2b4\"", callbacks=_REPLACEMENT, result=replaced,
    ),
    method(
        "text.replaceAll(old, new)", "scalar|pattern, scalar → text",
        {"text": _replace_all}, "Every match replaced; a regex needs `g`.",
        "'a-b-c'.replaceAll('-', '+') → \"a+b+c\"", "'a'.replaceAll(/a/, 'b') → HR210",
        callbacks=_REPLACEMENT, result=replaced,
    ),
    method(
        "text.startsWith(part, start?)", "scalar, scalar? → boolean",
        {"text": _starts_with}, "Whether the text starts so.",
        "'abc'.startsWith('ab') → true", "'abc'.startsWith('b', 1) → true",
    ),
    method(
        "text.endsWith(part, end?)", "scalar, scalar? → boolean",
        {"text": _ends_with}, "Whether the text ends so.",
        "'abc'.endsWith('bc') → true", "'abc'.endsWith('b', 2) → true",
    ),
    method(
        "text.padStart(length, fill?)", "scalar?, scalar? → text",
        {"text": _pad_start}, "The text filled up at its start.",
        "'7'.padStart(3, '0') → \"007\"", "'abc'.padStart(2) → \"abc\"",
    ),
    method(
        "text.padEnd(length, fill?)", "scalar?, scalar? → text",
        {"text": _pad_end}, "The text filled up at its end.",
        "'a'.padEnd(3, '-=') → \"a-=\"", "'a'.padEnd(100000000) → HR223",
    ),
    method(
        "text.repeat(times)", "scalar? → text", {"text": _repeat}, "The text so many times.",
        "'ab'.repeat(2) → \"abab\"", "'a'.repeat(100000000) → HR223",
    ),
    method(
        "text.charAt(index?)", "scalar? → text",
        {"text": _char_at}, "The character at an index; empty outside.",
        "'abc'.charAt(1) → \"b\"", "'abc'.charAt(9) → \"\"",
    ),
    method(
        "text.codePointAt(index?)", "scalar? → number|null",
        {"text": _code_at}, "The code point at an index; null outside.",
        "'😀'.codePointAt(0) → 128512", "'a'.codePointAt(1) → null",
    ),
    method(
        "text.charCodeAt(index?)", "scalar? → number|null", {"text": _code_at}, "As `codePointAt`.",
        "'A'.charCodeAt(0) → 65", "'A'.charCodeAt(1) → null",
    ),
    method(
        "text.localeCompare(other)", "scalar → number",
        {"text": _locale_compare}, "-1, 0 or 1, by code point.",
        "'a'.localeCompare('b') → -1", "'a'.localeCompare('a') → 0",
    ),
    method(
        "text.normalize(form?)", "any → text",
        {"text": _normalize}, "The Unicode normal form, NFC unless given.",
        "'e\\u0301'.normalize() → \"é\"", "'a'.normalize('X') → HR214",
    ),
    method(
        "text.match(pattern)", "scalar|pattern → array|null", {"text": _match},
        "The first match and its groups, or with the flag `g` all matches; null if none.",
        "'a1b2'.match(/[a-z](\\d)/) → [\"a1\", \"1\"]", "'a1b2'.match(/\\d/g) → [\"1\", \"2\"]",
        "'a'.match(/\\d/) → null", result=groups,
    ),
    method(
        "text.matchAll(pattern)", "scalar|pattern → array", {"text": _match_all},
        "Every match with its groups.",
        "'a1b2'.matchAll(/[a-z](\\d)/g) → [[\"a1\", \"1\"], [\"b2\", \"2\"]]", "'a'.matchAll(/a/) → HR210",
        result=matches,
    ),
    method(
        "text.search(pattern)", "scalar|pattern → number",
        {"text": _search}, "Where the first match is; -1 if nowhere.",
        "'ab1'.search(/\\d/) → 2", "'ab'.search(/\\d/) → -1",
    ),
    method(
        "pattern.test(text)", "scalar → boolean", {"pattern": _test}, "Whether any part of the text matches.",
        "/^a/.test('abc') → true", "/\\d/.test('abc') → false",
    ),
    method(
        "pattern.exec(text)", "scalar → array|null",
        {"pattern": _exec}, "The first match and its groups; null if none.",
        "/a(.)/.exec('xab') → [\"ab\", \"b\"]", "/a/.exec('b') → null", result=groups,
    ),
)  # fmt: skip
