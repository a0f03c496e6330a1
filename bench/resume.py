"""How long a killed run is gone: from the start of the next process to its first request."""

import subprocess
import sys
import time
import urllib.request

import msgspec
from contest import EXAMPLES
from stage import Stage

__all__ = ["resume_s"]

_USERS = 50_000
_FEW_USERS, _FEW_LATENCY_MS = 5000, 50.0


def resume_s(stage: Stage, *, is_short: bool = False) -> float:
    """Kill `headrace run` half-way through all pages, start it again; seconds until it asks for a page.

    Args:
        is_short: a tenth of the pages, each of which takes long enough for the run to be met half-way.

    Raises:
        SystemExit: the table is not whole in the end.
    """
    stage.clear()
    users, latency_ms = (_FEW_USERS, _FEW_LATENCY_MS) if is_short else (_USERS, 0.0)
    api, store = stage.api(users, latency_ms), stage.new_store()
    killed = _start(stage, api, store)
    while stage.users() < users // 2:
        if killed.poll() is not None:
            raise SystemExit("the run to be killed ended by itself")
        time.sleep(0.01)  # not to take the time of what is waited for
    killed.kill()
    killed.wait()
    _began(api)
    started_s = time.time()
    if _start(stage, api, store).wait() or stage.users() != users:
        raise SystemExit(f"the killed run was not resumed: {stage.users()} users instead of {users}")
    began = _began(api)
    if began is None:
        raise SystemExit("the killed run asked for no page when it was resumed")
    return began - started_s


def _start(stage: Stage, api: str, store: str) -> "subprocess.Popen[bytes]":
    command = [sys.executable, "-m", "headrace", "run", str(EXAMPLES / "all-pages" / "flow.yaml"), "--once"]
    command += ["--store", store, "--set", f"vars.apiUrl={api}"]
    quiet = subprocess.DEVNULL
    return subprocess.Popen(command, env=stage.command_environment(), stdout=quiet, stderr=quiet)


def _began(api: str) -> float | None:
    """When the first page was asked for since this was last asked; seconds since 1970."""
    with urllib.request.urlopen(f"{api}/began") as response:
        return msgspec.json.decode(response.read(), type=dict[str, float | None])["at"]
