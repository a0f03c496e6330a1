"""Versions of flows, as the store keeps them (rule 21)."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TypeAlias

from headrace.flow.model import Flow
from headrace.store import VersionRecord
from headrace.values import well_formed

__all__ = ["ReadVersion", "changed_ns", "version_record"]

ReadVersion: TypeAlias = Callable[[VersionRecord], tuple[Flow, Mapping[str, str]]]
"""Load a version again, with its secrets; raises FlowError or UsageError where that is not possible."""


def changed_ns(flow: Flow) -> int:
    """When a flow's file was changed, Unix nanoseconds; 0 if it has none (any more)."""
    try:
        return Path(flow.source.name).stat().st_mtime_ns
    except OSError:
        return 0


def version_record(flow: Flow) -> VersionRecord:
    """A flow as it can be loaded again."""
    source = flow.source
    return VersionRecord(
        flow=flow.name,
        version=flow.version,
        path=well_formed(str(Path(source.name).absolute())),
        name=well_formed(source.name),
        text=source.text,
        overrides=flow.overrides,
    )
