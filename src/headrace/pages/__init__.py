"""A page for each code: what it means, an example, the cure. Beside this file, as Markdown.

The pages are package data, so that an installed headrace has them without a network. `make docs` writes
them from `docs/codes`; nothing else is here, and every package may ask for a page.
"""

from pathlib import Path

__all__ = ["codes", "page_of", "title_of"]

_FOLDER = Path(__file__).parent


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
