"""A module of one's own: installed as any package, found by its entry point, used by a flow."""

import os
import shutil
import sqlite3
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from support.flows import Seen, bench

HERE = Path(__file__).parent


@pytest.fixture
def headrace(tmp_path):
    """The command, with the package installed in a folder of the test's own."""
    install(tmp_path / "packages")
    path = [str(tmp_path / "packages"), os.environ.get("PYTHONPATH", "")]
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(filter(None, path)),
        "HEADRACE_HOME": str(tmp_path / "home"),
        "NO_COLOR": "1",
    }

    def call(*arguments):
        return subprocess.run(
            [sys.executable, "-m", "headrace", *arguments],
            env=environment,
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )

    return call


def install(folder):
    """What `pip install` leaves of a package: its modules and what pyproject.toml says of it."""
    shutil.copytree(HERE / "src", folder)
    project = tomllib.loads((HERE / "pyproject.toml").read_text())["project"]
    information = folder / f"{project['name'].replace('-', '_')}-{project['version']}.dist-info"
    information.mkdir()
    (information / "METADATA").write_text(
        f"Metadata-Version: 2.3\nName: {project['name']}\nVersion: {project['version']}\n"
    )
    lines = []
    for group, entries in project["entry-points"].items():
        lines += [f"[{group}]", *(f"{name} = {value}" for name, value in entries.items())]
    (information / "entry_points.txt").write_text("\n".join(lines) + "\n")


def test_the_command_lists_and_describes_the_component(headrace):
    listed = headrace("components")
    assert (listed.returncode, listed.stderr) == (0, "")
    assert "privacy-module/redact" in listed.stdout
    described = headrace("components", "privacy-module/redact")
    assert described.returncode == 0
    for text in (
        "Hides members of records.",
        "fields",
        "keep",
        "How many characters at the end stay readable.",
    ):
        assert text in described.stdout


def test_the_flow_runs_with_it(headrace, tmp_path):
    done = headrace("run", str(HERE / "flow.yaml"), "--once")
    assert done.returncode == 0, done.stderr
    with sqlite3.connect(tmp_path / "customers.db") as database:
        assert database.execute("SELECT * FROM customers ORDER BY id").fetchall() == [
            (1, "Zoë Ångström", "***********7947"),
            (2, "O'Neil", None),
        ]


def test_its_settings_are_checked_like_any_others(headrace, tmp_path):
    flow = (HERE / "flow.yaml").read_text()
    (tmp_path / "flow.yaml").write_text(flow.replace("fields: [iban]", "field: [iban]"))
    done = headrace("validate", "flow.yaml")
    assert done.returncode == 2
    assert "HR110 unknown key `field`" in done.stdout + done.stderr


async def test_redact_hides_text_and_refuses_what_is_none(monkeypatch):
    monkeypatch.syspath_prepend(str(HERE / "src"))
    from headrace_privacy import PRIVACY  # noqa: PLC0415 - on the path from here on only

    seen = Seen()
    spec = """
    nodes:
      start: {component: common-module/signal}
      redact:
        component: privacy-module/redact
        settings: {fields: [iban, phone], keep: 3}
        input: {records: "{{$.payload}}", kept: true}
      end: {component: test-module/probe}
      failed: {component: test-module/probe}
    edges:
      - start -> redact -> end
      - redact:error -> failed
    """
    async with bench(spec, seen=seen, modules=(PRIVACY,)) as flow:
        run = await flow.run([{"id": 1, "iban": "12345678"}, {"id": 2, "iban": None, "phone": "1234"}])
        await flow.run([{"iban": 12345678}])
    assert run.counters == {"redact.records": 2}
    assert seen["end"] == [
        {"records": [{"id": 1, "iban": "*****678"}, {"id": 2, "iban": None, "phone": "**34"}], "kept": True}
    ]
    assert [message["error"] for message in seen["failed"]] == ["`iban` must be text to be hidden"]
