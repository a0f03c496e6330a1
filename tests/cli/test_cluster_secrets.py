"""What a store's URL holds is shown nowhere, and may come from the environment."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.cli.cluster import QUICK, Spawn, flow_file, server, stopped, worker
from tests.cli.outcome import Outcome

from support.nats_server import NatsServer

Call = Callable[..., Outcome]
PASSWORD = "p@ss-hunter2"


@pytest.fixture
def nats(tmp_path: Path) -> Iterator[NatsServer]:
    one = NatsServer(tmp_path / "nats", extra=f'authorization {{ user: me, password: "{PASSWORD}" }}')
    one.start()
    yield one
    one.kill()


def secret_in(*texts: str) -> bool:
    return any("hunter2" in text for text in texts)


def test_no_command_says_the_password(nats: NatsServer, tmp_path: Path, spawn: Spawn, process: Call) -> None:
    path = flow_file(tmp_path / "flows", "quick", QUICK)
    url = nats.url.replace("//", "//me:p%40ss-hunter2@")
    failed = process("run", path, "--once", "--data", '{"a": "x"}', "--store", url, "-vv")
    assert failed.code == 1
    assert (
        f"headrace runs show {failed.out.split()[1]} --store nats://•••@127.0.0.1:{nats.port}"
        in failed.out.replace("'", "")
    )
    said = [failed.out, failed.err]
    for command in (
        ("runs", "list"),
        ("runs", "show", "latest"),
        ("runs", "watch", "latest"),
        ("runs", "retry", "latest"),
        ("signal", "quick"),
        ("runs", "list", "--flow", "nothing"),
    ):
        done = process(*command, "--store", url)
        said += [done.out, done.err]
    for wrong in (
        url.replace("hunter2", "hunter22"),
        url.replace("nats:", "nat:"),
        f"{url}/a.b",
        f"{url}?x=1",
    ):
        done = process("runs", "list", "--store", wrong)
        assert done.code in (1, 2)
        assert "Traceback" not in done.err
        said += [done.out, done.err]
    with worker(spawn, path.parent, url, "-v") as (working, _):
        working.terminate()
        said += working.communicate()
    with server(spawn, path.parent, url, "-v") as served:
        said.append(str(served.ask("flows")))
        served.process.terminate()
        said += served.process.communicate()
    assert not secret_in(*said)
    assert not [
        file for file in (tmp_path / "home").rglob("*") if file.is_file() and b"hunter2" in file.read_bytes()
    ]


def test_the_environment_names_the_store(
    nats: NatsServer, tmp_path: Path, spawn: Spawn, process: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = flow_file(tmp_path / "flows", "quick", QUICK)
    monkeypatch.setenv("HEADRACE_STORE", nats.url.replace("//", "//me:p%40ss-hunter2@"))
    assert process("run", path, "--once", "--data", '{"a": 1}').code == 0
    working = spawn("worker", path.parent, "--address", "127.0.0.1:0")
    assert working.stdout.readline().startswith("headrace works on 1 flow")
    assert stopped(working) == (0, "stopped")
    assert "succeeded" in process("runs").out
    assert process("runs", "--store", f"sqlite:///{tmp_path}/none.db").code == 2
    watched = process("runs", "watch", "--url", "http://127.0.0.1:9")
    assert "give one of them" not in watched.err


def test_without_the_library_the_command_says_what_to_install(tmp_path: Path) -> None:
    program = "import sys; sys.modules['nats'] = None; from headrace.cli import main; sys.exit(main())"
    done = subprocess.run(
        [sys.executable, "-c", program, "runs", "--store", "nats://127.0.0.1:1"],
        capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert (done.returncode, "pip install 'headrace[cluster]'" in done.stderr) == (2, True), done.stderr
