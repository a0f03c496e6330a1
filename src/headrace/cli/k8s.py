"""`headrace k8s`: flows as plain Kubernetes manifests, for clusters without the operator."""

import sys
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

import click

from headrace.app import full_registry
from headrace.cli.finding import print_findings, print_pages
from headrace.cli.group import SuggestingGroup
from headrace.cli.option import IMAGE, default_image
from headrace.errors import UsageError
from headrace.flow.loader import Loaded, read_flow

if TYPE_CHECKING:
    from headrace.cluster.manifest import Manifest

__all__ = ["command"]


@click.group("k8s", cls=SuggestingGroup)
def command() -> None:
    """Flows on Kubernetes, without the operator."""


@command.command("render")
@click.argument("paths", metavar="[FLOW]...", nargs=-1, type=click.Path(path_type=Path))
@click.option("--crds", is_flag=True, help="The custom resources Flow and Signal, too.")
@click.option("--store", metavar="URL", help="Where workers meet: nats://HOST:4222/NAME?replicas=3.")
@click.option(
    "--namespace", "-n", metavar="NAME", default="", help="Where they run; else where you apply them."
)
@IMAGE
def render(
    paths: tuple[Path, ...], *, crds: bool, store: str | None, namespace: str, image: str | None
) -> int:
    """Print what the operator would make of flow files, for `kubectl apply -f -`.

    A flow's own `spec.deploy` wins over the options. Exit code 2: a flow has errors; nothing is printed then.
    """
    if not paths and not crds:
        raise UsageError("name flow files, or ask for --crds")
    registry = full_registry()
    loaded = [(path, read_flow(path, registry)) for path in paths]
    if not _tell(loaded):
        return 2
    manifests: list[Manifest] = []
    if crds:
        manifests += import_module("headrace.cluster.crd").custom_resources(registry)
    cluster = import_module("headrace.cluster.desired")
    for _, each in loaded:
        if each.flow is None:
            continue
        if store is None and each.flow.deploy.store is None:
            raise UsageError(
                f"where {each.flow.name} keeps its runs is not told: --store, or `deploy: {{store: …}}`"
            )
        installation = cluster.Installation(image or default_image(), store or "")
        manifests += cluster.desired(each.flow, each.flow.source.text, installation, namespace)
    print(import_module("headrace.cluster.manifest").to_yaml(manifests), end="")
    return 0


def _tell(loaded: list[tuple[Path, Loaded]]) -> bool:
    """Say on standard error what is wrong; whether all flows can be had."""
    findings = [finding for _, each in loaded for finding in each.findings]
    print_findings(findings, sys.stderr)
    print_pages([finding.code for finding in findings], sys.stderr)
    return all(each.flow is not None for _, each in loaded)
