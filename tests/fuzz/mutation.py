"""Changes to seeds: by characters, by tokens, by lines, by structure. A seed and a `Random` give the same again."""

import copy
import re
from collections.abc import Callable, Sequence
from functools import reduce
from random import Random

__all__ = ["VALUES", "mutated_bytes", "mutated_flow", "mutated_object", "mutated_text"]

_TOKEN = re.compile(
    r"\s+|[\w$]+|'(?:[^'\\\n]|\\.)*'|\"(?:[^\"\\\n]|\\.)*\"|\.\.\.?|=>|\?\.|[=!]==?|&&|\|\||\?\?|\*\*|.",
    re.DOTALL,
)
_TOKENS = (
    "$", "$.", "@", "@.", "..", "...", "?.", "?", ":", "::", "[", "]", "[?", "[*]", "(", ")", "{", "}", "{{", "}}",
    "`", "${", "'", '"', "/", "/g", "//", "/*", "*/", "\\", "\\u", "\\u{", "\\ud83d", "=>", "x =>", "({a, ...b}) =>",
    "([a, , b = 1]) =>", "+", "-", "--", "*", "**", "%", "!", "!!", "<", "==", "===", "!=", "&&", "||", "??", ",",
    ";", "#", "|", "typeof ", "null", "undefined", "true", "0", "-0", "1", "-1", "1.5", "1e308", "1e400", "5e-324",
    "9007199254740993", "0x1f", "1_000", "1_", "01", ".5", "1.", "1" * 400, "'a'", "''", "x", "$vars", "$run", "$.secrets",
    "$.vars", "$json", "NaN", "new Date", "length", "constructor", "__class__", "__proto__", "import", "lambda",
    "Math.", "Object.", "JSON.stringify(", ".map(x => ", ".filter(", ".sort((a, b) => ", ".replace(/", ".length",
    ".reduce((a, x) => ", "Array.from({length: 3}, ", "sortBy(", "get($, '", "has($, ", "repeat(", ".repeat(", "now()",
    "😀", "é", "\u0301", "\u00a0", "\u2028", "\ufeff", "\0", "\x7f", "\t", "\n", "\r", "\r\n", " ", "\ud800", "ſ", "İ",
    "²", "٣", "ⅷ", "𝒳", "\u200b", "\u202e",
)  # fmt: skip
_LINES = (
    "a: 1", "  b: [1, 2", "- x", "? y", "key: |", "key: >-", "  text {{ $.a", "&a x", "*a", "<<: *a", "!!str 1", "!x y",
    "---", "...", "%YAML 1.1", "# c", '"', "'", "{", "}", "]", "\t", ": ", "- - -", "{a: {{$.b}}}", "x: 1:30", "y: 0o17",
    "nodes: {}", "edges: []", "  - a -> b -> c", "  - {from: a, to: [b, c], data: {x: '{{$.y}}'}}", "  as: response",
    "    input: '{{$}}'", "    settings: {}", "  defaults: {}", "  timeout: 1d", "  retry: {}", "  secrets: [a, a]",
)  # fmt: skip
VALUES: tuple[object, ...] = (
    None, True, False, 0, -1, 1.5, 10**30, 1e308, "", "x", "{{$.a}}", "{{", "a -> b", "a:b -> c", "60s", "-1s", "1d", "{{$vars.x}}",
    "{{$.secrets.x}}", "\0", "é😀\u2028", "x" * 300, [], [None], [[[]]], reduce(lambda inside, _: [inside], range(95), 1), reduce(lambda inside, _: {"a": inside}, range(250), 1), ["a -> b"], {}, {"": None}, {"a": {"b": "{{1 +"}},
    {"from": "a", "to": "b"}, {"{{x}}": 1}, "common-module/router", "signal", "error", "x: y", "\ud800",
    {"type": "object", "properties": {"a": {"$ref": "#"}, "b": {"type": ["string", "null"]}}}, {"$ref": "#/$defs/x"}, {"$ref": "http://x"},
    {"anyOf": [{"type": "array", "items": {"enum": [1, "x", None]}}, True]}, {"type": "nothing", "required": "a", "properties": []},
    {"items": [{"id": 1, "email": None}], "total": 10**400, "a b": {"": []}}, "a\nb", "🙂" * 50,
)  # fmt: skip
"""Any JSON value, and texts that are none."""


def mutated_text(random: Random, seeds: Sequence[str]) -> str:
    """An expression, changed a few times."""
    text = random.choice(seeds)
    for _ in range(random.choice((0, 1, 1, 1, 2, 2, 3, 5))):
        text = random.choice(_TEXT_CHANGES)(random, text, seeds)
    return text[:70_000]


def mutated_flow(random: Random, seeds: Sequence[str], expressions: Sequence[str]) -> str:
    """A flow file, changed a few times."""
    text = random.choice(seeds)
    for _ in range(random.choice((0, 1, 1, 2, 3, 6))):
        if random.random() < 0.35:
            text = random.choice(_TEXT_CHANGES)(random, text, seeds)
        elif random.random() < 0.3:
            text = _expression(random, text, expressions)
        else:
            text = random.choice(_LINE_CHANGES)(random, text)
    return text[:200_000]


def mutated_bytes(random: Random, data: bytes) -> bytes:
    """A file, some of whose bytes are others."""
    found = bytearray(data)
    for _ in range(random.choice((1, 1, 2, 8))):
        at = random.randrange(len(found) + 1)
        choice = random.randrange(4)
        if choice == 0:
            found[at : at + 1] = random.randbytes(1)
        elif choice == 1:
            found[at:at] = random.choice(
                (b"\xff", b"\xfe", b"\x00", b"\xed\xa0\x80", b"\xef\xbb\xbf", b"\r", b"\x85", b"\xc3")
            )
        elif choice == 2:
            del found[at : at + random.randrange(1, 30)]
        elif at < len(found):
            found[at] ^= 1 << random.randrange(8)
    if random.random() < 0.02:
        return bytes(found).decode("latin-1").encode(random.choice(("utf-16", "utf-32", "utf-7")))
    return bytes(found)


def mutated_object(random: Random, seeds: Sequence[object]) -> object:
    """A JSON value, some of whose parts are others."""
    value = copy.deepcopy(random.choice(seeds))
    for _ in range(random.choice((0, 1, 1, 2, 4))):
        holders = list(_holders(value))
        if not holders:
            return random.choice(VALUES)
        holder = random.choice(holders)
        key = random.choice(list(holder) if isinstance(holder, dict) else range(len(holder)))
        choice = random.randrange(5)
        if choice == 0:
            del holder[key]
        elif choice == 1:
            holder[key] = copy.deepcopy(random.choice(VALUES))
        elif choice == 2:
            other = random.choice(holders)
            holder[key] = copy.deepcopy(other)
        elif choice == 3 and isinstance(holder, dict):
            holder[
                random.choice(
                    (
                        "",
                        "x",
                        "{{a}}",
                        "Nodes",
                        "to",
                        "from",
                        "data",
                        "é",
                        "sample",
                        "schema",
                        "input",
                        "as",
                        str(key) + "s",
                    )
                )
            ] = holder.pop(key)
        elif isinstance(holder[key], str):
            holder[key] = random.choice(_TEXT_CHANGES)(random, holder[key], ["{{$.a}}", "a -> b", "60s"])
    return value


def _holders(value: object) -> list[dict[str, object] | list[object]]:
    found: list[dict[str, object] | list[object]] = []
    pending = [value]
    while pending:
        item = pending.pop()
        if isinstance(item, dict | list) and item:
            found.append(item)
            pending.extend(item.values() if isinstance(item, dict) else item)
    return found


# ---- characters and tokens


def _delete(random: Random, text: str, _seeds: Sequence[str]) -> str:
    at = random.randrange(len(text) + 1)
    return text[:at] + text[at + random.randrange(1, 12) :]


def _repeat(random: Random, text: str, _seeds: Sequence[str]) -> str:
    at = random.randrange(len(text) + 1)
    end = at + random.randrange(1, 12)
    return text[:end] + text[at:end] * random.choice((1, 1, 2, 9, 120, 2000)) + text[end:]


def _insert(random: Random, text: str, _seeds: Sequence[str]) -> str:
    at = random.randrange(len(text) + 1)
    return text[:at] + random.choice(_TOKENS) + text[at:]


def _replace_token(random: Random, text: str, _seeds: Sequence[str]) -> str:
    tokens = _TOKEN.findall(text)
    if tokens:
        tokens[random.randrange(len(tokens))] = random.choice(_TOKENS)
    return "".join(tokens)


def _swap_tokens(random: Random, text: str, _seeds: Sequence[str]) -> str:
    tokens = _TOKEN.findall(text)
    if len(tokens) > 1:
        one, two = random.randrange(len(tokens)), random.randrange(len(tokens))
        tokens[one], tokens[two] = tokens[two], tokens[one]
    return "".join(tokens)


def _splice(random: Random, text: str, seeds: Sequence[str]) -> str:
    ours, theirs = _TOKEN.findall(text), _TOKEN.findall(random.choice(seeds))
    at, start = random.randrange(len(ours) + 1), random.randrange(len(theirs) + 1)
    piece = theirs[start : start + random.randrange(1, 20)]
    return "".join([*ours[:at], *piece, *ours[at + random.randrange(3) :]])


def _nest(random: Random, text: str, seeds: Sequence[str]) -> str:
    before, after = random.choice(
        (("(", ")"), ("[", "]"), ("{a: ", "}"), ("`${", "}`"), ("!", ""), ("-", ""), ("(x => ", ")(1)"), ("$[?@[", "]]"), ("x => ", ""),
         ("", " + 1"), ("", ".a"), ("", "?.a"), ("", "[0]"), ("lower(", ")"), ("1 ? 2 : ", ""), ("", "[*]"), ("2 ** ", ""))
    )  # fmt: skip
    count = random.choice((1, 1, 2, 30, 99, 101, 500))
    return before * count + (text or random.choice(seeds)) + after * count


_TEXT_CHANGES: tuple[Callable[[Random, str, Sequence[str]], str], ...] = (
    _delete, _repeat, _insert, _insert, _replace_token, _replace_token, _swap_tokens, _splice, _splice, _nest,
)  # fmt: skip


# ---- lines of YAML


def _expression(random: Random, text: str, expressions: Sequence[str]) -> str:
    places = [found.span() for found in re.finditer(r"\{\{.*?\}\}", text)]
    if not places:
        return text
    start, end = random.choice(places)
    return f"{text[:start]}{{{{{mutated_text(random, expressions)}}}}}{text[end:]}"


def _indent(random: Random, text: str) -> str:
    lines = text.split("\n")
    at = random.randrange(len(lines))
    lines[at] = random.choice((" ", "  ", "\t", "    ")) + lines[at]
    return "\n".join(lines)


def _dedent(random: Random, text: str) -> str:
    lines = text.split("\n")
    at = random.randrange(len(lines))
    lines[at] = lines[at].removeprefix(" " * random.randrange(1, 5))
    return "\n".join(lines)


def _drop_line(random: Random, text: str) -> str:
    lines = text.split("\n")
    del lines[random.randrange(len(lines))]
    return "\n".join(lines)


def _copy_line(random: Random, text: str) -> str:
    lines = text.split("\n")
    start = random.randrange(len(lines))
    lines[random.randrange(len(lines)) : 0] = lines[start : start + random.choice((1, 1, 2, 8))]
    return "\n".join(lines)


def _new_line(random: Random, text: str) -> str:
    lines = text.split("\n")
    at = random.randrange(len(lines))
    indent = " " * (len(lines[at]) - len(lines[at].lstrip(" ")))
    lines.insert(at, indent + random.choice(_LINES))
    return "\n".join(lines)


def _new_value(random: Random, text: str) -> str:
    places = [found.end() for found in re.finditer(r": ", text)]
    if not places:
        return text
    start = random.choice(places)
    value = random.choice(
        (
            *_LINES,
            *map(str, VALUES),
            "&x ",
            "*x",
            ">\n      {{1 +\n      2}}",
            "|2\n",
            "''",
            '"\\x',
            "{{$.a}}",
        )
    )
    end = text.find("\n", start)
    return text[:start] + value + (text[end:] if end >= 0 and random.random() < 0.7 else text[start:])


def _line_ends(random: Random, text: str) -> str:
    return text.replace("\n", random.choice(("\r\n", "\r", "\n\n", "\u2028", "\x85")))


_LINE_CHANGES: tuple[Callable[[Random, str], str], ...] = (
    _indent, _dedent, _drop_line, _copy_line, _copy_line, _new_line, _new_line, _new_value, _new_value, _new_value, _line_ends,
)  # fmt: skip
