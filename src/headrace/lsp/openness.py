"""What is still open at a place in an expression: brackets, texts, conditionals.

The lexer of `expr` wants whole expressions; this looks at one that is being typed.
"""

import re
from dataclasses import dataclass, field

__all__ = ["Openness", "opened"]

_CLOSERS = {"(": ")", "[": "]", "{": "}", "${": "}", "`": "`", "?": ": null"}
_TEXT = {"'": re.compile(r"'(?:[^'\\\r\n]|\\.)*"), '"': re.compile(r'"(?:[^"\\\r\n]|\\.)*')}
_REGEX = re.compile(r"/(?:[^/\\\[\r\n]|\\.|\[(?:[^\]\\\r\n]|\\.)*\])+/\w*")
_OPERAND_END = re.compile(r"[\w$)\]}'\"`]\s*$")


@dataclass(slots=True)
class Openness:
    """What is open at a place.

    Attributes:
        at: the place, or that of the `}}` before it which closes the expression.
        stack: what is open there: brackets, `${`, `` ` `` and the `?` of conditionals.
        literal: where the text or comment begins that holds the place; None outside of both.
    """

    at: int
    stack: list[str] = field(default_factory=list)
    literal: int | None = None

    @property
    def closers(self) -> str:
        """What closes it all, as text to put at the place."""
        return "".join(_CLOSERS[mark] for mark in reversed(self.stack))


def opened(value: str, start: int, stop: int) -> Openness:
    """What is open at `stop` in an expression that begins at `start`."""
    state = Openness(start)
    while state.at < stop:
        if state.stack[-1:] == ["`"]:
            _in_template(value, state)
        elif _is_closed(value, state):
            return state
        elif (literal := _literal_end(value, start, state.at)) is not None:
            if literal > stop or (literal == stop and not _is_complete(value, state.at, literal)):
                state.literal = state.at
                state.at = stop
                return state
            state.at = literal
        else:
            _mark(value, state)
    state.at = min(state.at, stop)
    if state.stack[-1:] == ["`"]:
        state.literal = stop
    return state


def _is_closed(value: str, state: Openness) -> bool:
    """Whether the `}}` of the template stands here: no object is open, nor `${`."""
    return value.startswith("}}", state.at) and not {"{", "${"}.intersection(state.stack)


def _in_template(value: str, state: Openness) -> None:
    if value[state.at] == "\\":
        state.at += 2
    elif value[state.at] == "`":
        state.stack.pop()
        state.at += 1
    elif value.startswith("${", state.at):
        state.stack.append("${")
        state.at += 2
    else:
        state.at += 1


def _literal_end(value: str, start: int, at: int) -> int | None:
    """The end of the text, comment or regular expression that begins here; past the text if it is open."""
    char = value[at]
    if char in _TEXT:
        found = _TEXT[char].match(value, at)
        end = found.end() if found else at + 1
        return end + 1 if value.startswith(char, end) else len(value) + 1
    if value.startswith("/*", at):
        end = value.find("*/", at + 2)
        return end + 2 if end >= 0 else len(value) + 1
    if value.startswith("//", at):
        end = value.find("\n", at)
        return end + 1 if end >= 0 else len(value) + 1
    if char == "/" and not _OPERAND_END.search(value, max(start, at - 100), at):
        found = _REGEX.match(value, at)
        return found.end() if found else None
    return None


def _is_complete(value: str, at: int, end: int) -> bool:
    """Whether a literal ends with its own end, and not where its line does."""
    return not value.startswith("//", at) or end > len(value)


def _mark(value: str, state: Openness) -> None:
    """Note one character outside of texts."""
    char, stack = value[state.at], state.stack
    if char == "`":
        stack.append("`")
    elif char in "([{":
        stack.append(char)
    elif char in ")]}":
        while stack and stack.pop() == "?":
            pass
    elif char == "?":
        following = value[state.at + 1 : state.at + 2]
        if following == "?":
            state.at += 1
        elif following != "." or value[state.at + 2 : state.at + 3].isdigit():
            stack.append("?")
    elif char == ":" and stack[-1:] == ["?"]:
        stack.pop()
    state.at += 1
