"""Write a page for each code, from `docs/codes`, and the tables of docs/errors.md; `make docs` calls this.

A file `docs/codes/HR112.yaml` has

    title    what is wrong, in a few words
    cause    why it happens and how people get there, in Markdown
    wrong    an example that gives the code (`error_example.read_example`)
    right    one that does not, or a list; left out where it is docs/codes/shop.yaml unchanged
    see      where to read on: `flow-files.md#nodes`, `HR113`, a command
    message  and `unmade`, why there is no example, instead of `wrong` where none can be made
"""

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import cache
from itertools import takewhile
from pathlib import Path
from typing import Any

import yaml
from error_example import SHOP, Example, Outcome, read_example

__all__ = ["CODES", "OVERVIEW", "PAGES", "Page", "made", "overview", "sources", "write"]

DOCS = Path(__file__).parent
CODES = DOCS / "codes"
OVERVIEW = DOCS / "errors.md"
PAGES = DOCS.parent / "src" / "headrace" / "pages"
NOTE = "<!-- Made by `make docs` from docs/codes/{code}.yaml; do not edit. -->"

_TABLE = re.compile(r"(<!-- table (HR\d)[^\n]*-->\n).*?(<!-- end -->)", re.DOTALL)
_KEYS = {"title", "cause", "wrong", "right", "see", "message", "unmade"}


@dataclass(frozen=True, slots=True)
class Page:
    """A page that was made.

    Attributes:
        wrong: what came of the wrong example; None where none can be made.
        right: what came of the right ones.
        message: what people read.
        text: the page, in Markdown.
    """

    code: str
    title: str
    wrong: Outcome | None
    right: tuple[Outcome, ...]
    message: str
    text: str


def sources() -> list[str]:
    """All codes that have a file in `docs/codes`."""
    return sorted(path.stem for path in CODES.glob("HR*.yaml"))


@cache
def made(code: str) -> Page:
    """The page of a code, its examples tried anew.

    Raises:
        ValueError: its file is written wrong.
    """
    given = yaml.safe_load((CODES / f"{code}.yaml").read_text(encoding="utf-8"))
    if unknown := given.keys() - _KEYS:
        raise ValueError(f"docs/codes/{code}.yaml: unknown key {sorted(unknown)}; there is {sorted(_KEYS)}")
    lines = [f"# {code}: {given['title']}", "", NOTE.format(code=code), "", given["cause"].strip(), ""]
    if "wrong" not in given:
        lines += [f"    {line}" for line in given["message"].splitlines()] + ["", given["unmade"].strip(), ""]
        lines += _further(given.get("see", []))
        return Page(code, given["title"], None, (), given["message"], "\n".join(lines))
    try:
        wrong = read_example(given["wrong"])
        right = list(_right(given.get("right", {"flow": SHOP}), wrong))
    except ValueError as error:
        raise ValueError(f"docs/codes/{code}.yaml: {error}") from error
    found = wrong.try_out(code)
    lines += ["## Wrong", "", *_shown(wrong, wrong.base), *_printed(wrong, found)]
    lines += ["## Right", ""]
    outcomes = []
    for example in right:
        outcomes.append(example.try_out(code))
        other = wrong.flow if example.flow != SHOP or wrong.base == SHOP else ""
        lines += [*_shown(example, other, wrong), *_printed(example, outcomes[-1], is_right=True)]
    lines += _further(given.get("see", []))
    return Page(code, given["title"], found, tuple(outcomes), found.message, "\n".join(lines))


def _right(given: dict[str, Any] | list[dict[str, Any]], wrong: Example) -> Iterator[Example]:
    """The right examples; `change` changes the shop's flow, or the wrong one where that is another."""
    for each in given if isinstance(given, list) else [given]:
        yield read_example(each, SHOP if wrong.base else wrong.flow)


def _shown(example: Example, other: str, wrong: Example | None = None) -> Iterator[str]:
    """An example's module and flow: whole, or what differs from another with the lines above it.

    Args:
        other: the text of that other; empty for none.
        wrong: the wrong example that stands above it; None if this is the wrong one.
    """
    if example.about:
        yield from (example.about.strip(), "")
    if example.module and (wrong is None or example.module != wrong.module):
        yield from ("```python", *example.module.rstrip().splitlines(), "```", "")
    if not example.flow or (other == example.flow):
        return
    if example.file == "shop.yaml" and not example.about and wrong is None:
        yield from ("In [shop.yaml](shop.yaml), a flow with nothing else wrong:", "")
    lines = _differing(example.flow, other) if other else example.flow.rstrip().splitlines()
    yield from ("```yaml", *lines, "```", "")


def _differing(text: str, other: str) -> list[str]:
    """The lines that another text has not, each with the lines that it stands below."""
    lines = text.splitlines()
    kept: set[int] = set()
    matcher = SequenceMatcher(None, other.splitlines(), lines, autojunk=False)
    for tag, _, _, start, end in matcher.get_opcodes():
        if tag == "delete":  # what stood above, or after it if that is where it belonged
            is_below = start < len(lines) and _depth(lines[start]) > _depth(lines[start - 1])
            kept.add(start if is_below else max(start - 1, 0))
        elif tag != "equal":
            kept |= set(range(start, end))
    for number in sorted(kept):
        depth = _depth(lines[number])
        for above in range(number - 1, -1, -1):
            if lines[above].strip() and _depth(lines[above]) < depth:
                depth = _depth(lines[above])
                kept.add(above)
                kept |= _item(lines, above)
    return [lines[number] for number in sorted(kept)]


def _item(lines: list[str], start: int) -> set[int]:
    """The other lines of a list's item that is a mapping: one of them alone says little."""
    inner = _depth(lines[start]) + 2
    if not lines[start].lstrip().startswith("- "):
        return set()
    rest = takewhile(lambda number: _depth(lines[number]) >= inner, range(start + 1, len(lines)))
    return {number for number in rest if _depth(lines[number]) == inner}


def _depth(line: str) -> int:
    return len(line.expandtabs(4)) - len(line.lstrip(" \t"))


def _printed(example: Example, outcome: Outcome, *, is_right: bool = False) -> Iterator[str]:
    """The command and what it printed; a flow that is right needs no such proof."""
    if not (is_right and example.flow):
        command = " ".join(map(_quoted, example.command))
        yield from ("```console", f"$ {command}", *outcome.text.splitlines(), "```", "")


def _quoted(word: str) -> str:
    """A word of a shell's command line, with as few marks as it can do with."""
    if "'" in word and not set(word) & set('"$`\\!'):
        return f'"{word}"'
    return shlex.quote(word)


def _further(see: list[str]) -> list[str]:
    if not see:
        return []
    return ["## Read on", "", *(f"- {_link(target)}" for target in see), ""]


def _link(target: str) -> str:
    """A link into the documentation or to another page; a command as it is."""
    if re.fullmatch(r"HR\d{3}", target):
        if target not in sources():
            raise ValueError(f"`see` names {target}, and there is no docs/codes/{target}.yaml")
        title = yaml.safe_load((CODES / f"{target}.yaml").read_text(encoding="utf-8"))["title"]
        return f"[{target}]({target}.md): {title}"
    name, _, anchor = target.partition("#")
    if not name.endswith(".md"):
        return f"`{target}`"
    document = (DOCS / name).read_text(encoding="utf-8")
    titles = re.findall(r"^#+ (.+)$", document, re.MULTILINE)
    wanted = [title for title in titles if re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") == anchor]
    title = f"{titles[0]}: {wanted[0]}" if wanted else titles[0]
    return f"[{title}](../../../docs/{target})"


def overview() -> str:
    """docs/errors.md with its tables made anew; what stands around them stays."""
    return _TABLE.sub(
        lambda match: "\n".join([match[1], *_table(match[2]), "", match[3]]),
        OVERVIEW.read_text(encoding="utf-8"),
    )


def _table(family: str) -> Iterator[str]:
    yield from ("| code | what is wrong | what you read |", "|---|---|---|")
    for code in sources():
        if code.startswith(family):
            page = made(code)
            noted = " (warning)" if page.wrong is not None and page.wrong.is_warning else ""
            whole = page.wrong is None  # wrapped to fit the page; else an excerpt stands below it
            message = " ".join(page.message.split()) if whole else page.message.partition("\n")[0]
            cells = [page.title, message]
            told = " | ".join(cell.replace("|", "\\|") for cell in cells)
            yield f"| [{code}](../src/headrace/pages/{code}.md){noted} | {told} |"


def write() -> None:
    """Write all pages, the flow that they change, and the tables."""
    for old in PAGES.glob("*.md"):
        if old.stem not in sources():
            old.unlink()
    for code in sources():
        (PAGES / f"{code}.md").write_text(made(code).text, encoding="utf-8")
    (PAGES / "shop.yaml").write_text(SHOP, encoding="utf-8")
    OVERVIEW.write_text(overview(), encoding="utf-8")


if __name__ == "__main__":
    write()
