"""Versions of flows, as the store keeps them (rule 21)."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TypeAlias

from headrace.flow.model import Flow
from headrace.store import VersionRecord
from headrace.values import well_formed

__all__ = ["ReadVersion", "version_record"]

ReadVersion: TypeAlias = Callable[[VersionRecord], tuple[Flow, Mapping[str, str]]]
"""Load a version again, with its secrets; raises FlowError or UsageError where that is not possible."""


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
