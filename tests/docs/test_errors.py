"""Every code has a page: made anew from docs/codes, its wrong example gives the code, its right one does not."""

import re
from itertools import pairwise
from pathlib import Path

import pytest
from error_example import SHOP
from error_page import CODES, OVERVIEW, PAGES, made, overview, sources
from tests.docs.page import ROOT, codes, section

import headrace.flow
from headrace.app import builtin_registry
from headrace.cli import main
from headrace.flow.loader import load_flow
from headrace.pages import page_of, title_of
from headrace.source import Source

UNSEEN = codes(section("errors.md", "Codes that nobody sees"))


def raised_in_source() -> set[str]:
    files = (ROOT / "src").rglob("*.py")
    return {code for path in files for code in re.findall(r"\bHR\d{3}\b", path.read_text(encoding="utf-8"))}


def test_every_code_has_a_page_and_every_page_its_code():
    raised = raised_in_source() - set(UNSEEN)
    without = sorted(raised - set(sources()))
    assert without == [], (
        f"write {', '.join(f'docs/codes/{code}.yaml' for code in without)}: `title`, `cause`, `wrong` and `right` "
        "(docs/error_page.py says what they hold; docs/codes/HR112.yaml is an example), then `make docs`"
    )
    assert sorted(set(sources()) - raised) == [], (
        f"nothing in src gives these codes: remove them from {CODES}"
    )


def test_the_codes_of_flow_files_are_listed_where_they_are_made():
    flow = "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "src/headrace/flow").rglob("*.py"))
    raised = set(re.findall(r'"(HR1\d\d)"', flow))
    missing = sorted(code for code in raised if not re.search(rf"\b{code} \S", headrace.flow.__doc__))
    assert missing == [], "name these in the docstring of src/headrace/flow/__init__.py"


def test_the_codes_that_nobody_sees_are_in_the_source():
    assert sorted(UNSEEN) == sorted(set(UNSEEN) & raised_in_source())


def test_the_flow_of_the_pages_has_nothing_wrong():
    assert load_flow(Source("shop.yaml", SHOP), builtin_registry()).findings == ()
    assert (PAGES / "shop.yaml").read_text(encoding="utf-8") == SHOP, "run `make docs`"


@pytest.mark.parametrize("code", sources())
def test_a_page_is_up_to_date(code):
    page = page_of(code)
    assert page is not None, f"{code} has no page yet: run `make docs`"
    assert page.read_text(encoding="utf-8") == made(code).text, "run `make docs`"
    assert title_of(page) == made(code).title


@pytest.mark.parametrize("code", sources())
def test_the_wrong_example_gives_the_code_and_the_right_one_does_not(code):
    page = made(code)
    if page.wrong is None:
        assert f'code="{code}"' in all_source() or f'code = "{code}"' in all_source()
        return
    assert code in page.wrong.codes, f"`wrong` of docs/codes/{code}.yaml printed: {page.wrong.text}"
    for right in page.right:
        assert (code in right.codes, right.status) == (False, 0), f"`right` printed: {right.text}"


@pytest.mark.parametrize("code", sources())
def test_a_page_says_more_than_the_message(code):
    cause = made(code).text.partition("-->")[2].partition("\n## ")[0]
    assert len(re.findall(r"[.?!:](?:\s|$)", cause)) >= 2
    assert max(map(len, cause.splitlines())) <= 120


def test_the_commands_that_pages_name_work(capsys):
    further = "\n".join(made(code).text.partition("## Read on")[2] for code in sources())
    named = sorted(set(re.findall(r"^- `headrace ([^`]+)`$", further, re.MULTILINE)))
    assert "components client" in named
    assert [command for command in named if main(command.split()) != 0] == []


def test_no_page_is_left_over():
    assert sorted(page.stem for page in PAGES.glob("*.md")) == sources(), "run `make docs`"


def test_the_tables_are_up_to_date():
    assert OVERVIEW.read_text(encoding="utf-8") == overview(), "run `make docs`"


def test_every_code_has_one_row():
    listed = re.findall(r"^\| \[(HR\d{3})\]", OVERVIEW.read_text(encoding="utf-8"), re.MULTILINE)
    assert sorted(listed) == sources()


def all_source() -> str:
    return "\n".join(Path(path).read_text(encoding="utf-8") for path in (ROOT / "src").rglob("*.py"))


def test_a_line_with_carets_fits_a_terminal():
    """A line that wraps tears the carets from what they point at; HR209 is about what is too long."""
    torn = []
    for code in sources():
        lines = (PAGES / f"{code}.md").read_text(encoding="utf-8").splitlines()
        torn += [
            (code, line)
            for line, below in pairwise(lines)
            if set(below.strip()) == {"^"} and len(line) > 80 and code != "HR209"
        ]
    assert torn == []
