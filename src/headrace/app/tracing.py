"""Traces, where the environment says where to send them."""

import os
from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager
from importlib import import_module

from headrace.engine import Observer
from headrace.errors import UsageError

__all__ = ["traces"]

_ENDPOINTS = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")


def traces(
    mask: Callable[[str], str], environment: Mapping[str, str] | None = None
) -> AbstractAsyncContextManager[Observer] | None:
    """What sends traces; None where no endpoint is given, or where they are turned off.

    Raises:
        UsageError: an endpoint is given, and OpenTelemetry is not installed.
    """
    env = os.environ if environment is None else environment
    endpoint = next((name for name in _ENDPOINTS if env.get(name)), None)
    is_off = env.get("OTEL_SDK_DISABLED", "").lower() == "true" or env.get("OTEL_TRACES_EXPORTER") == "none"
    if endpoint is None or is_off:
        return None
    try:
        module = import_module("headrace.monitor.traces")
    except ModuleNotFoundError as error:
        if not (error.name or "").startswith("opentelemetry"):
            raise
        raise UsageError(
            f"{endpoint} is set, but traces need a further package: pip install 'headrace[otel]'"
        ) from error
    made: AbstractAsyncContextManager[Observer] = module.Traces(mask)
    return made
