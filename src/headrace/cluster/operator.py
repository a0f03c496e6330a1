"""kopf watches Flow and Signal resources, repeats what failed, keeps the finalizer and posts events.

What is to be done is the reconciler's, which looks at everything anew each time: so handlers may be called
too often, late, or for something that has changed meanwhile.
"""

import asyncio
import dataclasses
import hashlib
import json
import logging
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

import kopf
import msgspec

from headrace.cluster.api import Api, ApiError
from headrace.cluster.desired import Installation
from headrace.cluster.name import API_VERSION, FLOW_LABEL, GROUP, VERSION
from headrace.cluster.reconciler import Reconciler, Report
from headrace.cluster.stores import Stores
from headrace.errors import UsageError
from headrace.sdk import Registry

__all__ = ["Duty", "operate"]

_log = logging.getLogger(__name__)

PERIOD_S = 30.0
"""How often each flow is looked at without an occasion: for its runs, and for what events did not tell."""
_AGAIN_S = 5
"""After a failure of the API server, or while a signal waits for workers."""
_DRAINING_S = 2
_CURE = "`headrace k8s render --crds | kubectl apply --server-side --force-conflicts -f -` teaches it"
_IDENTITY: Any = f"{GROUP}/operator"
"""Of no use where operators do not know each other; else kopf asks for the user's name, which may be none."""
_FLOWS = (GROUP, VERSION, "flows")
_SIGNALS = (GROUP, VERSION, "signals")


class Duty(msgspec.Struct, frozen=True):
    """What an operator is there for.

    Attributes:
        namespaces: that it serves; all, if empty.
        liveness: the URL where it answers that it lives; None for none.
        log_in: credentials for the API server; those of the pod or of `KUBECONFIG` if None.
    """

    registry: Registry
    installation: Installation
    home: Path
    namespaces: Sequence[str] = ()
    liveness: str | None = None
    log_in: Callable[[], kopf.ConnectionInfo] | None = None
    period_s: float = PERIOD_S


async def operate(duty: Duty, stop: asyncio.Event | None = None, stores: Stores | None = None) -> None:
    """Serve a cluster until told to stop, by SIGTERM, SIGINT or the event.

    Raises:
        UsageError: there are no credentials, or no custom resources.
        ApiError: the API server does not answer.
    """
    log_in = duty.log_in or _log_in
    stores = stores or Stores(duty.home)
    async with Api(log_in) as api:
        if await api.get(f"/apis/{API_VERSION}") is None:
            raise UsageError(f"the cluster does not know flows yet: {_CURE}")
        logging.getLogger("kopf.objects").addFilter(_milder)
        reconciler = Reconciler(api, duty.registry, duty.installation, stores)
        try:
            await kopf.operator(
                registry=_handlers(reconciler, log_in, duty.period_s),
                settings=_settings(),
                standalone=True,
                identity=_IDENTITY,
                clusterwide=not duty.namespaces,
                namespaces=duty.namespaces,
                liveness_endpoint=duty.liveness,
                stop_flag=stop,
            )
        finally:
            await stores.close()


def _log_in() -> kopf.ConnectionInfo:
    """As the pod that this is, else by KUBECONFIG, which kopf reads in its plain forms."""
    settings = kopf.OperatorSettings()
    if (pod := kopf.login_with_service_account(settings=settings)) is not None:
        return dataclasses.replace(pod, server=_server_of_pods(pod.server))
    try:
        info = kopf.login_with_kubeconfig(settings=settings)
    except Exception as error:  # kopf checks nothing of the file, which is a person's
        raise UsageError(f"KUBECONFIG cannot be read: {type(error).__name__}: {error}") from error
    if info is None:
        raise UsageError("there is no cluster: this is no pod of one, and KUBECONFIG names no file")
    return info


def _server_of_pods(default: str) -> str:
    """Where pods find the API server without a DNS.

    https://kubernetes.io/docs/tasks/run-application/access-api-from-pod/
    """
    host, port = os.environ.get("KUBERNETES_SERVICE_HOST"), os.environ.get("KUBERNETES_SERVICE_PORT")
    if not host or not port:
        return default
    return f"https://[{host}]:{port}" if ":" in host else f"https://{host}:{port}"


class _Digest(kopf.AnnotationsDiffBaseStorage):
    """Remembers of a resource what tells that its spec has changed, not all of it: annotations are small."""

    def build(self, *, body: kopf.Body, **_: object) -> kopf.BodyEssence:
        """See `kopf.DiffBaseStorage`."""
        spec = json.dumps(dict(body).get("spec"), sort_keys=True, default=dict)
        return cast("kopf.BodyEssence", {"spec": hashlib.sha256(spec.encode()).hexdigest()})


def _settings() -> kopf.OperatorSettings:
    settings = kopf.OperatorSettings()
    settings.persistence.finalizer = f"{GROUP}/drain"
    settings.persistence.progress_storage = kopf.AnnotationsProgressStorage(prefix=f"operator.{GROUP}")
    settings.persistence.diffbase_storage = _Digest(prefix=f"operator.{GROUP}", key="seen")
    settings.posting.reporting_component = "headrace-operator"
    settings.posting.event_name_prefix = "headrace-"
    settings.scanning.disabled = True  # the resources are known, and to watch definitions is one right less
    settings.watching.server_timeout = 300
    settings.queueing.idle_timeout = 1.0  # what has come for an object is done by then; a stop waits as long
    return settings


def _handlers(
    reconciler: Reconciler, log_in: Callable[[], kopf.ConnectionInfo], period_s: float
) -> kopf.OperatorRegistry:
    """Each has an id, which kopf writes into annotations of the resource: it has to be a name there."""
    registry = kopf.OperatorRegistry()

    @kopf.on.login(registry=registry)
    def log_in_again(**_: object) -> kopf.ConnectionInfo:
        return log_in()

    @kopf.on.resume(*_FLOWS, registry=registry, id="apply")
    @kopf.on.create(*_FLOWS, registry=registry, id="apply")
    @kopf.on.update(*_FLOWS, registry=registry, id="apply")
    async def make_so(namespace: str | None, name: str, **_: object) -> None:
        await _flow(reconciler, namespace or "", name)

    @kopf.timer(*_FLOWS, registry=registry, id="look", interval=period_s, initial_delay=period_s)
    async def look_again(namespace: str | None, name: str, **_: object) -> None:
        await _flow(reconciler, namespace or "", name)

    @kopf.on.event(
        "apps", "v1", "deployments", registry=registry, id="workers", labels={FLOW_LABEL: kopf.PRESENT}
    )
    async def see_workers(namespace: str | None, labels: Mapping[str, str], **_: object) -> None:
        await _flow(reconciler, namespace or "", labels[FLOW_LABEL])

    @kopf.on.delete(*_FLOWS, registry=registry, id="drain")
    async def end(body: kopf.Body, **_: object) -> None:
        with _again():
            report = await reconciler.end(_plain(body))
        _post(report)
        if not report.is_done:
            raise kopf.TemporaryError("workers have not ended yet", delay=_DRAINING_S)

    @kopf.on.resume(*_SIGNALS, registry=registry, id="fire")
    @kopf.on.create(*_SIGNALS, registry=registry, id="fire")
    async def fire(namespace: str | None, name: str, **_: object) -> None:
        with _again():
            report = await reconciler.signal(namespace or "", name)
        _post(report)
        if report is not None and not report.is_done:
            raise kopf.TemporaryError("no worker has answered yet", delay=_AGAIN_S)

    return registry


async def _flow(reconciler: Reconciler, namespace: str, name: str) -> None:
    with _again():
        _post(await reconciler.flow(namespace, name))


def _milder(record: logging.LogRecord) -> bool:
    """What kopf does again in a moment is no error, such as to look whether workers have ended."""
    if record.levelno == logging.ERROR and "failed temporarily" in record.getMessage():
        record.levelno, record.levelname = logging.WARNING, "WARNING"
    return True


@contextmanager
def _again() -> Iterator[None]:
    """Has kopf call again where the API server failed."""
    try:
        yield
    except ApiError as error:
        raise kopf.TemporaryError(error.message, delay=_AGAIN_S) from error


def _post(report: Report | None) -> None:
    """Events that people see with the resource."""
    if report is None:
        return
    body = kopf.Body(cast("kopf.RawBody", report.resource))
    metadata = report.resource["metadata"]
    for event in report.events:
        level = logging.WARNING if event.is_warning else logging.INFO
        where = f"{report.resource['kind'].lower()} {metadata['namespace']}/{metadata['name']}"
        _log.log(level, "%s: %s: %s", where, event.reason, event.message)
        kind = "Warning" if event.is_warning else "Normal"
        kopf.event(body, type=kind, reason=event.reason, message=event.message)


def _plain(body: kopf.Body) -> dict[str, Any]:
    plain: dict[str, Any] = json.loads(json.dumps(dict(body), default=dict))
    return plain
