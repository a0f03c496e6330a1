"""`spec.deploy`: how a flow runs on Kubernetes. Everywhere else it is checked, and has no effect."""

import re
from collections.abc import Callable
from typing import Annotated, ClassVar, Literal

from pydantic import BeforeValidator, ConfigDict, Field, ValidationError, WithJsonSchema

from headrace.flow.check import check_model
from headrace.flow.field import Reader
from headrace.flow.tree import Scalar, Tree, to_json, walk
from headrace.sdk import Duration, Json, JsonValue, Settings

__all__ = ["Deploy", "EnvVar", "Resources", "Toleration", "read_deploy"]

_NAME = r"^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$"
_QUANTITY = r"^[0-9]+(\.[0-9]+)?(m|k|M|G|T|P|E|Ki|Mi|Gi|Ti|Pi|Ei|[eE][+-]?[0-9]+)?$"
_STORE = r"^(nats|tls)://"


def _text(pattern: str, says: str) -> Callable[[object], object]:
    """A check that says in words what the pattern means."""

    def check(value: object) -> object:
        if not isinstance(value, str) or not re.search(pattern, value):
            raise ValueError(says)
        return value

    return check


def _quantity(value: object) -> object:
    is_number = isinstance(value, int | float) and not isinstance(value, bool) and value >= 0
    return value if is_number else _text(_QUANTITY, "must be an amount such as `500m`, `256Mi` or `2`")(value)


Name = Annotated[
    str,
    BeforeValidator(
        _text(_NAME, "must be the name of a Kubernetes object: lower-case letters, digits, `-` and `.`")
    ),
    WithJsonSchema({"type": "string", "pattern": _NAME}),
]
StoreUrl = Annotated[
    str,
    BeforeValidator(_text(_STORE, "must be the URL of a NATS server, `nats://host:4222/name?replicas=3`")),
    WithJsonSchema({"type": "string", "pattern": _STORE}),
]
Quantity = Annotated[
    str | int | float,
    BeforeValidator(_quantity),
    WithJsonSchema({"type": ["string", "number"], "pattern": _QUANTITY, "minimum": 0}),
]
"""An amount of a resource: `500m`, `256Mi`, 2."""


class _Constant(Settings):
    """Kubernetes reads it: text is no number, and no expression."""

    model_config: ClassVar[ConfigDict] = ConfigDict(strict=True)


class Resources(_Constant):
    """What a worker asks for, and what it gets at most."""

    requests: dict[str, Quantity] = Field(default_factory=dict)
    """What is set aside for it: `{cpu: 100m, memory: 128Mi}`."""
    limits: dict[str, Quantity] = Field(default_factory=dict)
    """What it gets at most: `{memory: 512Mi}`."""


class Toleration(_Constant):
    """A taint of nodes that workers may run on all the same."""

    key: str | None = None
    """Of the taint; all, if not given."""
    operator: Literal["Exists", "Equal"] | None = None
    """How `value` is compared."""
    value: str | None = None
    """Of the taint."""
    effect: Literal["NoSchedule", "PreferNoSchedule", "NoExecute"] | None = None
    """Of the taint; all, if not given."""
    toleration_seconds: int | None = None
    """How long, with `NoExecute`."""


class EnvVar(_Constant):
    """An environment variable of the workers."""

    name: str = Field(min_length=1)
    """Its name."""
    value: str | None = None
    """Its value; `$(NAME)` is that of an earlier one."""
    value_from: dict[str, JsonValue] | None = None
    """Where it comes from, as in a pod: `{secretKeyRef: {name: nats, key: password}}`."""


class Deploy(_Constant):
    """How a flow runs on Kubernetes."""

    replicas: int | None = Field(None, ge=0)
    """How many workers; if not given there is one at first, and `kubectl scale` or an autoscaler decides."""
    image: str | None = Field(None, min_length=1)
    """The image of the workers; that of the operator, if not given."""
    image_pull_secrets: list[Name] = Field(default_factory=list)
    """Names of the Secrets by which the image is fetched."""
    store: StoreUrl | None = None
    """Where runs are kept, `nats://host:4222/name?replicas=3`; that of the operator, if not given."""
    secret_name: Name | None = None
    """The Secret that has the flow's secrets, by their names; the one with the flow's name, if not given."""
    env: list[EnvVar] = Field(default_factory=list)
    """Environment variables, as in a pod."""
    grace: Duration = Field(30.0, gt=0)
    """How long running tasks have to end when a worker is stopped."""
    resources: Resources | None = None
    """What a worker asks for, and what it gets at most."""
    node_selector: dict[str, str] = Field(default_factory=dict)
    """Labels of the nodes on which workers run."""
    tolerations: list[Toleration] = Field(default_factory=list)
    """Taints of nodes that they may run on all the same."""
    affinity: dict[str, JsonValue] | None = None
    """Near what they run, as in a pod; if not given, they are spread over nodes."""
    priority_class_name: Name | None = None
    """Their priority."""
    service_account_name: Name | None = None
    """As whom they run; they get no token of it, since headrace asks the API server for nothing."""
    pod_annotations: dict[str, str] = Field(default_factory=dict)
    """Annotations of their pods, for other tools."""
    pod_labels: dict[str, str] = Field(default_factory=dict)
    """Labels of their pods, for other tools."""


def read_deploy(tree: Tree | None, reader: Reader) -> Deploy:
    """`spec.deploy`; its defaults where it is wrong, which has been reported then."""
    mapping = reader.mapping(tree, "`deploy`", cure="write `deploy: {replicas: 2}`")
    if mapping is None:
        return Deploy()
    for _, part in walk(mapping):
        if isinstance(part, Scalar) and isinstance(part.value, str) and "{{" in part.value:
            message = "Kubernetes reads `deploy`; `{{` is not evaluated here"
            reader.error("HR127", message, part.span, "write `$(NAME)` for an environment variable of `env`")
    given = _given(to_json(mapping))
    check_model(
        Deploy, given, mapping, reader, owner="`deploy`", head=mapping.head, unknown=frozenset(),
        what="`deploy`",
    )  # fmt: skip
    try:
        return Deploy.model_validate(given)
    except ValidationError:
        return Deploy()


def _given(value: Json) -> dict[str, Json]:
    """Without keys that were left empty."""
    return (
        {key: member for key, member in value.items() if member is not None}
        if isinstance(value, dict)
        else {}
    )
