"""A function or a method as a page in Markdown, from its declaration."""

import re
from collections.abc import Iterator

from headrace.expr.builtins import FUNCTIONS, METHODS
from headrace.expr.signature import Callback, Example, Function, Method

__all__ = ["called", "page"]

_WORDS = {
    "any": "any value",
    "scalar": "text, a number, a boolean",
    "time": "a time, as nanoseconds or text",
    "text": "text",
    "number": "a number",
    "boolean": "a boolean",
    "array": "an array",
    "object": "an object",
    "null": "null",
    "pattern": "a regular expression",
    "part": "any value; text, a number or a boolean where it is looked for in text",
    "maybe": "any value, also a missing one",
    "fallback": "any value, for a first argument that is missing or wrong",
    "callback": "an arrow, or the name of a function",
}
_RECEIVERS = {
    "text": "text",
    "number": "numbers",
    "boolean": "booleans",
    "array": "arrays",
    "object": "objects",
    "pattern": "regular expressions",
}
_CODE = re.compile(r"HR\d{3}")


def called(name: str) -> list[Function | Method]:
    """What a name may be: `round`, `Math.round`, `.map` or `array.map`, with or without `(…)` behind.

    A bare name may be a function and a method; the last part of a global's name finds it where there is
    neither.
    """
    name = name.partition("(")[0]
    before, point, last = name.rpartition(".")
    method = METHODS.get(last)
    if point and method and (not before or before in method.calls or before == "value"):
        return [method]
    found = [table[name] for table in (FUNCTIONS, METHODS) if name in table]
    return found or [FUNCTIONS[each] for each in FUNCTIONS if each.endswith(f".{name}")]


def page(entry: Function | Method) -> str:
    """All that is declared of a function or a method."""
    lines = [f"# {entry.signature}", "", entry.summary, ""]
    if isinstance(entry, Method):
        owners = [_RECEIVERS[receiver] for receiver in entry.calls]
        lines += [f"A method of {' and '.join(owners)}; null has none (HR221).", ""]
    lines += [f"- {line}" for line in _facts(entry)]
    lines += ["", "```text", *map(_shown, entry.examples), "```", ""]
    return "\n".join(lines)


def _facts(entry: Function | Method) -> Iterator[str]:
    """A line for each parameter, and one for the result."""
    names = [name.strip() for name in entry.signature.partition("(")[2].removesuffix(")").split(",")]
    taken, _, given = entry.types.text.partition("→")
    words = [word.strip() for word in taken.split(",")]
    for position, name in enumerate(filter(None, names)):
        word = words[min(position, len(words) - 1)].removeprefix("...")
        told = _in_words(word)
        if callback := entry.callbacks.get(position):
            told = _of_callback(callback, told)
        optional = "; may be left out" if name.endswith("?") else ""
        several = "; any number of them" if name.startswith("...") else ""
        yield f"`{name.removesuffix('?')}`: {told}{optional}{several}"
    result = given.strip()
    also_null = f"; null where `{names[0].strip('.?')}` is null" if result.endswith("?") else ""
    if isinstance(entry, Method):
        also_null = ""
    yield f"gives {_in_words(result.removesuffix('?'))}{also_null}"


def _in_words(declared: str) -> str:
    """Kinds as `expr.declaration` writes them, for people: `scalar|pattern?`."""
    words = [*declared.removesuffix("?").split("|"), *(["null"] if declared.endswith("?") else [])]
    told = [
        f"an array of {word.removesuffix('[]')}s" if word.endswith("[]") else _WORDS[word] for word in words
    ]
    if len(told) == 1 and told[0] != _WORDS["scalar"]:
        return told[0]
    *others, last = ", ".join(told).split(", ")
    return f"{', '.join(others)} or {last}"


def _of_callback(callback: Callback, value: str) -> str:
    """What a callback gets, and what may stand for it."""
    many = "one argument" if callback.arguments == 1 else f"up to {callback.arguments} arguments"
    told = f"an arrow, which gets {many}, or the name of a function"
    return f"{value}; or {told}" if callback.or_value else told


def _shown(example: Example) -> str:
    """`expression → value`, with its message if it reads one."""
    value = f"fails with {example.value}" if _CODE.fullmatch(example.value) else example.value
    message = f"    where $ is {example.data}" if example.data != "null" else ""
    return f"{example.expression} → {value}{message}"
