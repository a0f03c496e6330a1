"""`headrace k8s render` and `headrace operator`: the command line. What they make is tested in tests/cluster."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml
from tests.cli.outcome import Outcome

from headrace import __version__

FLOW = """\
apiVersion: headrace.dev/v1
kind: Flow
metadata: {name: orders}
spec:
  nodes: {start: {component: common-module/signal}, show: {component: common-module/debug}}  # a comment
  edges: [start -> show]
"""
STORE = "nats://nats:4222/sync"


@pytest.fixture
def flow(tmp_path: Path) -> Path:
    path = tmp_path / "orders.yaml"
    path.write_text(FLOW)
    return path


def documents(outcome: Outcome) -> dict[str, dict]:
    assert (outcome.code, outcome.err) == (0, "")
    return {each["kind"]: each for each in yaml.safe_load_all(outcome.out)}


def test_render_prints_what_the_operator_would_make(call: Callable[..., Outcome], flow: Path) -> None:
    made = documents(call("k8s", "render", flow, "--store", STORE))
    assert list(made) == ["ConfigMap", "Deployment", "PodDisruptionBudget"]
    assert made["ConfigMap"]["data"] == {"orders.yaml": FLOW}, (
        "the very file, so places in errors are those of the file"
    )
    (container,) = made["Deployment"]["spec"]["template"]["spec"]["containers"]
    assert container["image"] == f"headrace:{__version__}"
    assert container["args"][:4] == ["worker", "/etc/headrace/flow", "--store", STORE]
    assert all(
        "namespace" not in each["metadata"] and "ownerReferences" not in each["metadata"]
        for each in made.values()
    )


def test_render_takes_an_image_and_a_namespace(call: Callable[..., Outcome], flow: Path) -> None:
    made = documents(call("k8s", "render", flow, "--store", STORE, "--image", "mine:1", "-n", "sync"))
    assert made["Deployment"]["spec"]["template"]["spec"]["containers"][0]["image"] == "mine:1"
    assert {each["metadata"]["namespace"] for each in made.values()} == {"sync"}


def test_render_prints_the_custom_resources(call: Callable[..., Outcome], flow: Path) -> None:
    outcome = call("k8s", "render", "--crds")
    found = [each["metadata"]["name"] for each in yaml.safe_load_all(outcome.out)]
    assert (outcome.code, found) == (0, ["flows.headrace.dev", "signals.headrace.dev"])
    assert set(documents(call("k8s", "render", flow, "--crds", "--store", STORE))) >= {"Deployment"}


def test_render_prints_nothing_of_a_flow_that_is_wrong(call: Callable[..., Outcome], flow: Path) -> None:
    flow.write_text(FLOW.replace("-> show", "-> shw"))
    outcome = call("k8s", "render", flow, "--store", STORE)
    assert (outcome.code, outcome.out) == (2, "")
    assert f"{flow}:6:20: HR112" in outcome.err


def test_render_needs_a_store(call: Callable[..., Outcome], flow: Path) -> None:
    outcome = call("k8s", "render", flow)
    assert (outcome.code, outcome.out) == (2, "")
    assert outcome.err == "error: where orders keeps its runs is not told: --store, or `deploy: {store: …}`\n"
    flow.write_text(FLOW + f"  deploy: {{store: '{STORE}'}}\n")
    assert call("k8s", "render", flow).code == 0


def test_render_needs_something_to_render(call: Callable[..., Outcome]) -> None:
    assert call("k8s", "render") == Outcome(2, "", "error: name flow files, or ask for --crds\n")


def test_the_operator_refuses_a_store_that_pods_cannot_share(call: Callable[..., Outcome]) -> None:
    outcome = call("operator", "--store", "sqlite:///x.db")
    assert outcome == Outcome(
        2, "", "error: --store takes the URL of a NATS server, such as `nats://nats:4222/{namespace}`\n"
    )


def test_the_operator_says_where_there_is_no_cluster(
    call: Callable[..., Outcome], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("KUBECONFIG", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    outcome = call("operator", "--store", STORE)
    assert outcome == Outcome(
        2, "", "error: there is no cluster: this is no pod of one, and KUBECONFIG names no file\n"
    )


def test_kopf_is_loaded_by_the_operator_alone(flow: Path) -> None:
    """It takes half a second, and is an extra that others need not have."""
    program = f"import sys; from headrace.cli import main; main(['k8s', 'render', {str(flow)!r}, '--store', {STORE!r}])"
    told = f"{program}; print('kopf' in sys.modules, 'aiohttp' in sys.modules, file=sys.stderr)"
    done = subprocess.run([sys.executable, "-c", told], capture_output=True, text=True, check=True)
    assert done.stderr == "False False\n"
