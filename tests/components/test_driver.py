"""From a connector's settings to its database: what cannot be is said at the start, with the node."""

import pytest

from headrace.errors import UsageError
from support.flows import bench


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ("database: ':memory:'", "SQLite in memory is not shared between connections; give a file"),
        ("database: no/shop.db", "the folder `{here}/no` of the SQLite file is not there; make it first"),
        ("url: 'postgresql://h/d'", "the `url` of the driver `sqlite` must begin with `sqlite:///`"),
    ],
)
async def test_a_sqlite_file_that_cannot_be_is_said_at_the_start(tmp_path, monkeypatch, settings, said):
    monkeypatch.chdir(tmp_path)
    spec = f"""
    nodes:
      start: {{component: common-module/signal}}
      read:
        component: database-module/connector
        settings: {{driver: sqlite, {settings}}}
        input: {{query: SELECT 1}}
    edges:
      - start -> read
    """
    with pytest.raises(UsageError) as raised:
        async with bench(spec):
            raise AssertionError("not reached")
    assert str(raised.value) == f"node `read` (flow.yaml:8:5): {said.replace('{here}', str(tmp_path))}"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("url", ["sqlite:///shop.db", "sqlite:///{here}/shop.db"])
async def test_a_sqlite_url_is_relative_with_three_slashes_and_absolute_with_four(tmp_path, monkeypatch, url):
    monkeypatch.chdir(tmp_path)
    spec = f"""
    nodes:
      start: {{component: common-module/signal}}
      write:
        component: database-module/connector
        settings: {{driver: sqlite, url: "{url.replace("{here}", str(tmp_path))}"}}
        input: {{query: CREATE TABLE t (a)}}
    edges:
      - start -> write
    """
    async with bench(spec) as flow:
        await flow.run()
    assert (tmp_path / "shop.db").exists()
