"""Values from outside the file, `--set vars.pageSize=50`, laid over the tree before it is read."""

from collections.abc import Mapping as AbstractMapping
from contextlib import suppress

from headrace.errors import Finding
from headrace.expr.suggestion import did_you_mean, listed
from headrace.flow.parsed import from_object
from headrace.flow.tree import Entry, Mapping, Scalar, Tree
from headrace.source import Source, Span
from headrace.values import Json, JsonError, decode_json, encode_json, kind

__all__ = ["apply_overrides"]


def apply_overrides(spec: Mapping, overrides: AbstractMapping[str, Json], findings: list[Finding]) -> Mapping:
    """The spec with values replaced.

    Args:
        spec: as it was read; it is not changed.
        overrides: by dotted path below `spec`. A var keeps its type: text is read as the number or boolean
            that it replaces.
    """
    for path, value in overrides.items():
        changed = _replace(spec, path.split("."), value, _Override(path, findings))
        if isinstance(changed, Mapping):
            spec = changed
    return spec


class _Override:
    """One `--set`: its path, its place, and where its findings go."""

    def __init__(self, path: str, findings: list[Finding]) -> None:
        self.path = path
        self.name = f"--set {path}"
        self.findings = findings

    @property
    def is_var(self) -> bool:
        return self.path.startswith("vars.")

    def error(self, code: str, message: str) -> None:
        self.findings.append(Finding(code, message, Source(self.name, self.path).span(0, len(self.path))))


def _replace(tree: Tree | None, keys: list[str], value: Json, override: _Override) -> Tree | None:
    """The tree with the value at `keys` replaced; None where that was refused."""
    if not keys:
        kept = _keep_type(tree, value, override) if override.is_var else (value,)
        return from_object(kept[0], override.name) if kept else None
    if tree is None:
        tree = Mapping({}, Span(Source(override.name, override.path), 0, 0))
    if not isinstance(tree, Mapping):
        override.error("HR110", f"`{override.path}` leads into a value that is no mapping")
        return None
    key, *rest = keys
    entry = tree.entries.get(key)
    if entry is None and override.is_var:
        hint = did_you_mean(key, tree.entries) or f"; there is {listed(tree.entries)}" * bool(tree.entries)
        override.error("HR110", f"unknown var `{key}`{hint}")
        return None
    changed = _replace(entry.value if entry else None, rest, value, override)
    if changed is None:
        return None
    place = entry.place if entry else Source(override.name, key).span(0, len(key))
    return Mapping({**tree.entries, key: Entry(key, place, changed)}, tree.span)


def _keep_type(tree: Tree | None, value: Json, override: _Override) -> tuple[Json] | None:
    old = tree.value if isinstance(tree, Scalar) else None
    if not isinstance(tree, Scalar) or old is None:
        return (value,)
    if isinstance(old, str):
        return (value if isinstance(value, str) else encode_json(value).decode(),)
    if isinstance(value, str):
        with suppress(JsonError):  # text that stays text is refused below
            value = decode_json(value)
    if kind(value) != kind(old):
        override.error("HR115", f"`{override.path}` is {kind(old)} in the flow, not {kind(value)}")
        return None
    return (value,)
