"""Kubernetes objects as JSON, and as text for `kubectl apply`."""

from collections.abc import Iterable
from typing import Any, TypeAlias

from headrace.flow.writer import yaml_lines

__all__ = ["Manifest", "to_yaml"]

Manifest: TypeAlias = dict[str, Any]
"""A Kubernetes object as JSON has it."""


def to_yaml(manifests: Iterable[Manifest]) -> str:
    """All manifests in one text of YAML documents."""
    return "---\n".join(
        "".join(f"{line}\n" for key, value in manifest.items() for line in yaml_lines(key, value))
        for manifest in manifests
    )
