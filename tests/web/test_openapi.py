"""The OpenAPI document, and an API that keeps to it whatever it is sent."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import cast

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis.specs.openapi.checks import response_schema_conformance

from headrace.web.app import make_app
from headrace.web.site import Site
from web.served import HEAD, SYNC, served

TOKEN = "token-of-the-document-test"
EXAMPLES = 25


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of a process that serves a flow with runs and a dead letter."""
    folder: Path = tmp_path_factory.mktemp("served")
    (folder / "flows").mkdir()
    (folder / "flows" / "sync.yaml").write_text(HEAD.replace("NAME", "sync") + SYNC)
    (folder / "flows" / "broken.yaml").write_text(HEAD.replace("NAME", "broken") + " 1")
    environment = {**os.environ, "HEADRACE_HOME": str(folder / "home"), "HEADRACE_TOKEN": TOKEN}
    command = [sys.executable, "-m", "headrace", "serve", str(folder / "flows"), "--address", "127.0.0.1:0"]
    log = folder / "log"
    with (
        log.open("w") as told,
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=told, env=environment, text=True) as process,
    ):
        while not (line := process.stdout.readline()).startswith("Open "):
            assert line, log.read_text()
        yield line.split()[1].rstrip("/")
        assert process.poll() is None, "it has ended"
        process.terminate()
    assert "Traceback" not in log.read_text()


DOCUMENT = schemathesis.openapi.from_dict(make_app(cast("Site", None)).openapi())
OPERATIONS = [
    operation.ok() for operation in DOCUMENT.get_all_operations() if operation.ok().path != "/api/v1/events"
]


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.label)
def test_whatever_is_sent_is_answered_as_the_document_says(server: str, operation) -> None:
    @settings(max_examples=EXAMPLES, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
    @given(operation.as_strategy(), st.booleans())
    def send(case, is_known: bool) -> None:
        if is_known and "flow" in case.path_parameters:
            case.path_parameters["flow"] = "sync"
        if is_known and "node" in case.path_parameters:
            case.path_parameters["node"] = "go"
        response = case.call(base_url=server, headers={"Authorization": f"Bearer {TOKEN}"})
        assert response.status_code < 500, response.text
        if response.status_code < 400:
            case.validate_response(response, checks=[response_schema_conformance])
        else:
            assert set(response.json()["error"]) == {"code", "message", "place"}

    send()


def test_every_operation_says_what_it_does():
    assert len(OPERATIONS) > 20
    for operation in OPERATIONS:
        assert operation.definition.raw["description"], operation.label


async def test_the_document_is_served(tmp_path):
    async with served(tmp_path) as server:
        document = await server.get("openapi.json")
        assert document["paths"] == make_app(server.site).openapi()["paths"]
        (folder,) = {path.rpartition("/api/v1")[1] for path in document["paths"]}
        assert folder == "/api/v1"
