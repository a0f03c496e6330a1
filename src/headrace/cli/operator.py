"""`headrace operator`: Flow resources of a Kubernetes cluster become workers."""

from collections.abc import Coroutine
from importlib import import_module

import click

from headrace.app import full_registry, home_folder
from headrace.cli.logs import LogFormat, log_format_option, show_logs
from headrace.cli.option import IMAGE, VERBOSE, default_image, parse_address
from headrace.cli.session import run_loop
from headrace.errors import UsageError

__all__ = ["command"]


@click.command("operator")
@click.option(
    "--store",
    metavar="URL",
    required=True,
    help="Of flows that name none; {namespace} stands for theirs: nats://HOST:4222/{namespace}?replicas=3.",
)
@click.option(
    "--namespace", "-n", "namespaces", metavar="NAME", multiple=True, help="To be served; else all."
)
@IMAGE
@click.option(
    "--address",
    metavar="HOST:PORT",
    default="127.0.0.1:8080",
    show_default=True,
    help="Of /live, for probes.",
)
@VERBOSE
@log_format_option
def command(
    *,
    store: str,
    namespaces: tuple[str, ...],
    image: str | None,
    address: str,
    verbose: int,
    log_format: LogFormat,
) -> int:
    """Serve a Kubernetes cluster: make workers of Flow resources, fire Signal resources.

    It logs in as its pod does, or by KUBECONFIG. Several at once do no harm: what is to be done follows from
    the resources alone. docs/kubernetes.md has the rest.
    """
    try:
        operator = import_module("headrace.cluster.operator")
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] != "kopf":
            raise
        raise UsageError("`headrace operator` needs a package: pip install 'headrace[operator]'") from None
    if not store.startswith(("nats://", "tls://")):
        raise UsageError("--store takes the URL of a NATS server, such as `nats://nats:4222/{namespace}`")
    desired = import_module("headrace.cluster.desired")
    show_logs(max(verbose, 1), str, log_format)
    duty = operator.Duty(
        registry=full_registry(),
        installation=desired.Installation(image or default_image(), store),
        home=home_folder(),
        namespaces=namespaces,
        liveness=f"http://{parse_address(address, '--address')}/live",
    )
    return run_loop(_operate(operator.operate(duty)))


async def _operate(work: Coroutine[None, None, None]) -> int:
    await work
    return 0
