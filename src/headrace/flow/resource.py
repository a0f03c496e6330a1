"""Reads what stands around nodes and edges: the resource's header, secrets, retries."""

import re

from headrace.flow.field import Reader
from headrace.flow.model import Retry
from headrace.flow.tree import Mapping, Tree
from headrace.source import Span

__all__ = [
    "API_VERSION",
    "FLOW_NAME",
    "KUBERNETES",
    "SECRET_NAME",
    "expect",
    "read_metadata",
    "read_retry",
    "read_secrets",
]

API_VERSION = "headrace.dev/v1"

KUBERNETES = (
    "generateName", "uid", "resourceVersion", "generation", "creationTimestamp", "deletionTimestamp",
    "deletionGracePeriodSeconds", "managedFields", "ownerReferences", "finalizers", "selfLink",
)  # fmt: skip
"""The metadata that Kubernetes itself puts into every resource."""

FLOW_NAME = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")  # a DNS label, as Kubernetes wants it
SECRET_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_METADATA = ("name", "namespace", "labels", "annotations", *KUBERNETES)
_DASHED_NAME = re.compile(r"[A-Za-z_]\w*(?:[-. ]\w+){1,3}", re.ASCII)
_LIKE_A_VALUE = re.compile(r"(?=.*\d)\S{20,}")


def expect(top: Mapping, key: str, value: str, reader: Reader) -> bool:
    """See that a key of the resource has the one value that there is; whether it has."""
    tree = top.optional(key)
    if tree is None:
        reader.error("HR116", f"`{key}` is required by a flow", top.head, f"write `{key}: {value}`")
    elif (text := reader.text(tree, f"`{key}`")) is not None and text != value:
        reader.error("HR115", f"`{key}` must be `{value}`", tree.span)
    else:
        return text == value
    return False


def read_metadata(top: Mapping, reader: Reader) -> tuple[str, dict[str, str]]:
    """`metadata`: the flow's name and annotations."""
    tree = top.optional("metadata")
    metadata = reader.mapping(tree, "`metadata`", _METADATA)
    if tree is None:
        reader.error("HR116", "`metadata` is required by a flow", top.head)
    if metadata is None:
        return "", {}
    name = ""
    if (name_tree := metadata.optional("name")) is None:
        reader.error("HR116", "`name` is required by `metadata`", metadata.head)
    elif (text := reader.text(name_tree, "`name`")) is not None:
        name = text
        if not FLOW_NAME.fullmatch(text):
            message = f"`{text}` is no name for a flow; use up to 63 lower-case letters, digits and `-`"
            reader.error("HR125", message, name_tree.span)
    annotations = {}
    if mapping := reader.mapping(metadata.optional("annotations"), "`annotations`"):
        for key, entry in mapping.entries.items():
            annotations[key] = reader.text(entry.value, f"annotation `{key}`") or ""
    return name, annotations


def read_secrets(tree: Tree | None, reader: Reader) -> tuple[str, ...]:
    """`spec.secrets`: names, never values."""
    names: dict[str, Span] = {}
    cure = "`secrets` lists names; the values come from outside of the flow"
    if isinstance(tree, Mapping):  # its values are secrets that must not be shown
        values = [entry.value.span for entry in tree.entries.values()]
        for value in values:
            value.source.hide(value.start, value.end)
        place = values[0] if values else tree.span
        message = "`secrets` is a list of names, without their values"
        listing = ", ".join(tree.entries)
        reader.error("HR115", message, place, f"write `secrets: [{listing}]`; the values come from outside")
        return tuple(tree.entries)
    for item in reader.items(tree, "`secrets`", cure=f"write `secrets: [apiToken]`; {cure}"):
        name = reader.text(item, "the name of a secret")
        if name is None:
            continue
        if not SECRET_NAME.fullmatch(name):
            message, place = f"`{_short(name)}` is no name for a secret; {_better(name)}", item.span
            if _LIKE_A_VALUE.fullmatch(name):
                message = "this is no name for a secret, but looks like its value"
                place.source.hide(place.start, place.end)
            reader.error("HR125", message, place, cure)
        elif name in names:
            reader.error("HR103", f"secret `{name}` given twice; first at line {names[name].line}", item.span)
        names.setdefault(name, item.span)
    return tuple(names)


def _better(name: str) -> str:
    """What to call a secret instead: `api-token` becomes `apiToken`."""
    if not _DASHED_NAME.fullmatch(name):
        return "use letters, digits and `_`"
    first, *rest = re.split(r"[-.\s]+", name)
    return f"write `{first}{''.join(part[:1].upper() + part[1:] for part in rest)}`"


def _short(text: str) -> str:
    return text if len(text) <= 40 else f"{text[:40]}…"


def read_retry(tree: Tree | None, reader: Reader) -> Retry:
    """`spec.retry` over the defaults."""
    retry = Retry()
    mapping = reader.mapping(tree, "`retry`", ("maxAttempts", "initialDelay", "backoff", "maxDelay"))
    if mapping is None:
        return retry
    attempts = reader.number(mapping.optional("maxAttempts"), "`maxAttempts`", least=1, whole=True)
    backoff = reader.number(mapping.optional("backoff"), "`backoff`", least=1, whole=False)
    first = reader.duration(mapping.optional("initialDelay"), "`initialDelay`")
    longest = reader.duration(mapping.optional("maxDelay"), "`maxDelay`")
    return Retry(
        max_attempts=retry.max_attempts if attempts is None else int(attempts),
        initial_delay_s=retry.initial_delay_s if first is None else first,
        backoff=retry.backoff if backoff is None else backoff,
        max_delay_s=retry.max_delay_s if longest is None else longest,
    )
