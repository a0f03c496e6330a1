"""The version of a flow: what it says, not how it is written."""

import hashlib

import msgspec

from headrace.values import Json

__all__ = ["version_of"]

_encode = msgspec.json.Encoder(order="sorted").encode


def version_of(spec: Json) -> str:
    """The first 16 hexadecimal digits of the SHA-256 of the spec's canonical JSON.

    Keys are sorted at every depth; comments, quotes, anchors and the order of keys do not count. Nor do
    nodes' `sample` and `schema`, and `deploy`: they change what is known of a flow, or where it runs, and
    nothing that it does.
    """
    if isinstance(spec, dict):
        spec = {key: value for key, value in spec.items() if key != "deploy"}
    return hashlib.sha256(_encode(_canonical(_without_samples(spec)))).hexdigest()[:16]


def _without_samples(spec: Json) -> Json:
    nodes = spec.get("nodes") if isinstance(spec, dict) else None
    if not isinstance(spec, dict) or not isinstance(nodes, dict):
        return spec
    kept: dict[str, Json] = {
        name: {key: value for key, value in node.items() if key not in ("sample", "schema")}
        if isinstance(node, dict)
        else node
        for name, node in nodes.items()
    }
    return {**spec, "nodes": kept}


def _canonical(value: Json) -> Json:
    """Floats with integral values as integers, since both mean the same number (rule D2)."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, list):
        return [_canonical(item) for item in value]
    if isinstance(value, dict):
        return {key: _canonical(member) for key, member in value.items()}
    return value
