"""A page for each code: what it means, an example, the cure. Beside this file, as Markdown.

The pages are package data, so that an installed headrace has them without a network. `make docs` writes
them from `docs/codes`; nothing else is here, and every package may ask for a page.
"""

import re
from pathlib import Path

__all__ = ["codes", "page_of", "text_of", "title_of"]

_FOLDER = Path(__file__).parent
_COMMENT = re.compile(r"<!--.*?-->\n+", re.DOTALL)
_LINK = re.compile(r"\[([^\]]+)\]\((?!https?:)[^)]*\)")


def page_of(code: str) -> Path | None:
    """The page of a code such as `HR112`, in Markdown (UTF-8); None for codes of other systems."""
    if not (code.startswith("HR") and code[2:].isdecimal()):
        return None  # nothing else may become part of a path: codes come from servers, too
    page = _FOLDER / f"{code}.md"
    return page if page.is_file() else None


def codes() -> list[str]:
    """All codes that have a page, in order."""
    return sorted(page.stem for page in _FOLDER.glob("HR*.md"))


def title_of(page: Path) -> str:
    """What a page is about, without the code: its heading is `# HR112: what it is about`."""
    with page.open(encoding="utf-8") as lines:
        return next(lines).partition(": ")[2].strip()


def text_of(page: Path) -> str:
    """A page to be shown elsewhere, in Markdown: links that lead nowhere from there are their text."""
    return _LINK.sub(r"\1", _COMMENT.sub("", page.read_text(encoding="utf-8")))
