"""The documentation is run: generated pages are compared, flows are loaded, links lead somewhere."""

import re
import runpy
from pathlib import Path

import psycopg
import pytest
from error_page import made

from headrace.app import builtin_registry
from headrace.app.session import open_engine
from headrace.cli import main
from headrace.flow.loader import load_flow, require
from headrace.source import Source
from headrace.store import RunStatus
from support.api import TOKEN, make_user, serve_users

ROOT = Path(__file__).parents[2]
GENERATED = runpy.run_path(str(ROOT / "docs" / "generate.py"))["PAGES"]
PAGES = sorted(
    [
        *ROOT.glob("*.md"),
        *ROOT.glob("src/headrace/pages/*.md"),
        *(ROOT / "docs").glob("*.md"),
        *(ROOT / "examples").glob("*/README.md"),
    ]
)


@pytest.mark.parametrize("name", sorted(GENERATED))
def test_generated_pages_are_up_to_date(name):
    assert (ROOT / "docs" / name).read_text() == GENERATED[name](), "run `make docs`"


def readme_flow():
    (block,) = re.findall(r"```yaml\n(apiVersion.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    return block


def test_the_flow_of_the_readme_has_nothing_wrong():
    loaded = load_flow(Source("users.yaml", readme_flow()), builtin_registry())
    assert [str(finding) for finding in loaded.findings] == []


async def test_the_flow_of_the_readme_keeps_a_table_equal_to_an_api(postgres_url):
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        connection.execute("CREATE TABLE users (id text PRIMARY KEY, email text)")
        async with serve_users(250) as api, open_engine(Path("/nonexistent")) as engine:
            text = readme_flow().replace("https://api.example.com", api.url)
            flow = require(load_flow(Source("users.yaml", text), builtin_registry()))
            program = await engine.load(flow, {"apiToken": TOKEN, "dbUrl": postgres_url})
            run = await engine.fire(program, "hourly")
            ended = await engine.wait(run.id)
        rows = connection.execute("SELECT id, email FROM users ORDER BY id").fetchall()
    assert (ended.status, ended.errors) == (RunStatus.SUCCEEDED, [])
    assert rows == [(user["id"], user["email"].lower()) for user in map(make_user, range(1, 251))]
    assert api.pages == [1, 2, 3, 4]


def test_the_mistake_in_the_readme_reads_as_the_readme_says(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    block = readme_flow().replace("state -> fetch -> batches", "state -> fetsh -> batches")
    (tmp_path / "users.yaml").write_text(block)
    assert main(["validate", "users.yaml"]) == 2
    said = "\n".join(f"    {line}" for line in capsys.readouterr().out.splitlines())
    assert f"\n\n{said}\n\n" in (ROOT / "README.md").read_text()


def test_the_member_that_is_never_set_reads_in_the_readme_as_on_its_page():
    told = made("HR136").wrong.text.splitlines()[:3]
    assert "\n".join(f"    {line}" for line in told) in (ROOT / "README.md").read_text()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page):
    targets = re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", re.sub(r"`[^`]*`", "", page.read_text()))
    assert [target for target in targets if not (page.parent / target).exists()] == []


def anchors(page):
    """What GitHub makes of headings."""
    headings = re.findall(
        r"^#+ (.+)$",
        re.sub(r"^```.*?^```$", "", page.read_text(), flags=re.MULTILINE | re.DOTALL),
        re.MULTILINE,
    )
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_to_headings_lead_to_headings(page):
    links = re.findall(r"\]\(([^)#:]*)#([^)]*)\)", re.sub(r"`[^`]*`", "", page.read_text()))
    targets = [(page.parent / name if name else page, anchor) for name, anchor in links]
    assert [anchor for target, anchor in targets if anchor not in anchors(target)] == []


def test_the_index_lists_every_page():
    listed = re.findall(r"^\| \[([\w-]+\.md)\]", (ROOT / "docs" / "README.md").read_text(), re.MULTILINE)
    pages = {page.name for page in (ROOT / "docs").glob("*.md")} - {"README.md"}
    assert set(listed) == pages
