"""A page of the documentation, taken apart for tests."""

import re
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"

_FENCE = re.compile(r"^```(?P<info>[^\n`]*)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)
_CODE = re.compile(r"(?<!`)(?P<ticks>`+)(?!`)(?P<code>(?:.|\n(?!\n))+?)(?<!`)(?P=ticks)(?!`)")


@dataclass(frozen=True)
class Block:
    """A fenced block: what stands after its opening fence, and its text."""

    info: str
    text: str


def read(name: str) -> str:
    return (DOCS / name).read_text(encoding="utf-8")


def blocks(name: str) -> list[Block]:
    """All fenced blocks of a page, in order."""
    return [Block(match["info"].strip(), match["text"]) for match in _FENCE.finditer(read(name))]


def prose(name: str) -> str:
    """A page without its fenced blocks."""
    return _FENCE.sub("", read(name))


def rows(name: str, columns: int) -> list[list[str]]:
    """The rows of all tables of so many columns, without headings; `\\|` in a cell is `|`."""
    found = []
    for line in prose(name).splitlines():
        cells = [cell.strip().replace("\\|", "|") for cell in re.split(r"(?<!\\)\|", line)[1:-1]]
        if len(cells) == columns and not set("".join(cells)) <= set("-: "):
            found.append(cells)
    return found


def codes(text: str) -> list[str]:
    """What stands in code spans, in order."""
    return [_content(match) for match in _CODE.finditer(text)]


def section(name: str, heading: str) -> str:
    """What stands below a heading, up to the next one of any level."""
    return re.split(r"^#+ ", prose(name).split(f"# {heading}\n")[1], flags=re.MULTILINE)[0]


def examples(text: str) -> list[tuple[str, str]]:
    """The pairs `expression` → `value` of a text."""
    text = text.replace("\\|", "|")
    found = list(_CODE.finditer(text))
    return [
        (_content(left), _content(right))
        for left, right in pairwise(found)
        if text[left.end() : right.start()].split() == ["→"]
    ]


def _content(match: re.Match[str]) -> str:
    """A line break in a code span is a blank; a blank at both ends keeps backticks apart."""
    code = match["code"].replace("\n", " ")
    return code[1:-1] if len(match["ticks"]) > 1 and code[:1] == code[-1:] == " " else code
