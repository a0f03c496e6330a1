"""How a component is declared: its ports, its settings, its documentation; one class, one file."""

import inspect
import re
from collections.abc import Callable
from typing import Any, Protocol, TypeVar

import msgspec
from msgspec.structs import replace

from headrace.errors import InternalError
from headrace.sdk.arrival import Emits
from headrace.sdk.context import Context
from headrace.sdk.receiver import Receiver
from headrace.sdk.resource import Resources
from headrace.sdk.schedule import Firing, Schedule, SchedulePolicy
from headrace.sdk.settings import MessageModel, Settings
from headrace.sdk.transaction import Database
from headrace.values import Message

__all__ = ["Component", "Input", "Listening", "Output", "Spec", "Trigger", "component", "spec_of"]


class Input(msgspec.Struct, frozen=True):
    """An input port.

    Attributes:
        message: the model of the messages that it takes; None for any.
        reaches: the outputs at which something may come out below a message that enters here; None for
            all of them. Loops are found by this.
    """

    name: str
    summary: str = ""
    message: type[MessageModel] | None = None
    reaches: tuple[str, ...] | None = None


class Output(msgspec.Struct, frozen=True):
    """An output port.

    Attributes:
        detached: each message that leaves here becomes a task of its own (rule 1).
        adds: the member that is added to the base value at this port (`response`, `result`); `as:` renames.
        error: messages here are failures: the base value plus `error` and `errorDetail`. The engine sends
            a failure of `handle` here if the port is wired.
        emits: the shape of its messages; with `adds`, of the added member. None: what arrived where the
            component is transparent, the base value and the error at an error port, else anything.
    """

    name: str
    summary: str = ""
    detached: bool = False
    adds: str | None = None
    error: bool = False
    emits: Emits | None = None


class Spec(msgspec.Struct, frozen=True):
    """The declaration of a component.

    Attributes:
        name: `module/name`.
        inputs: in order; a node's `input:` shapes what reaches the first.
        dynamic_outputs: ports that depend on the settings (a router's rules): takes the settings as they
            stand in the file, where a value may be an unresolved template.
        detached_when: whether a static boolean setting makes all outputs detached (an iterator's `durable`).
        trigger: whether it starts runs; inputs that it has take what is for its callers.
        listens: whether it fires by what comes from outside: a trigger that is `Listening`.
        transparent: passes on exactly what arrived; the shape of messages does not change here.
        chooses: whether it may look into a message to decide where it goes on, if at all. What comes out
            is then not said to be of all the kinds that went in.
        samples: what a node's `sample` or `schema` describes, `bodyJson`; empty: nodes take neither.
        evaluates: the output whose messages `$` is in settings that are evaluated for each message; empty:
            what arrives, or what a trigger makes.
    """

    name: str
    factory: type[Any]
    summary: str
    settings: type[Settings]
    inputs: tuple[Input, ...]
    outputs: tuple[Output, ...]
    dynamic_outputs: Callable[[dict[str, Any]], tuple[Output, ...]] | None = None
    detached_when: str | None = None
    trigger: bool = False
    listens: bool = False
    transparent: bool = False
    chooses: bool = True
    samples: str = ""
    evaluates: str = ""
    documentation: str = ""

    def outputs_for(self, settings: dict[str, Any]) -> tuple[Output, ...]:
        """The outputs of a node with these settings as they stand in the file."""
        outputs = self.outputs
        if self.dynamic_outputs is not None:
            outputs = (*self.dynamic_outputs(settings), *outputs)
        if self.detached_when is not None and settings.get(self.detached_when) is True:
            outputs = tuple(replace(output, detached=True) for output in outputs)
        return outputs


class Component:
    """A node's behaviour. One instance a node and process; several messages may be handled at once."""

    lane_limit: int | None = None
    """How many of the tasks made at this node's detached outputs run at once in a run; None: no own limit."""

    concurrency: int = 0
    """How many tasks of a run the node wants to be executed at once, where the flow does not say."""

    database: Database | None = None
    """The database whose transaction commits with the node's tasks, set by `open`; None for none."""

    def __init__(self, settings: Any) -> None:  # noqa: ANN401 - each class takes its own Settings
        self.settings = settings

    async def open(self, resources: Resources) -> None:
        """Get what the node needs (a pool, a session); called once, before the first message."""

    async def close(self) -> None:
        """Give back what belongs to this node alone; shared resources close by themselves."""

    def repeats(self, message: Message) -> bool:
        """Whether handling a message twice within a task, of which nothing was committed, is as good as once.

        A task may then be tried as if nothing could fail, and if something does begin again. Not where it
        shows outside of the task's transaction: a request that changes something, a line printed.
        """
        return False

    async def handle(self, message: Message, context: Context) -> None:
        """Do the node's work for one message; returns when everything below it is done.

        Raises:
            PermanentError | TemporaryError: the work failed. The engine sends it to the error port if that
                is wired, else it rises to the sender.
        """
        raise NotImplementedError


class Trigger(Protocol):
    """A component that starts runs."""

    def __init__(self, settings: Any) -> None: ...  # noqa: ANN401 - each class takes its own Settings

    @property
    def schedule(self) -> Schedule | None:
        """When it fires by itself; None for on request alone."""
        ...

    @property
    def policy(self) -> SchedulePolicy:
        """How the schedule is followed."""
        ...

    def message(self, firing: Firing) -> Message:
        """The message of a firing.

        Raises:
            UsageError: the payload of a request cannot be one.
        """
        ...


class Listening(Trigger, Protocol):
    """A trigger that fires by what comes from outside; declared with `listens`."""

    async def listen(self, receiver: Receiver) -> str:
        """Take what comes from now on, and fire by `receiver`.

        Returns:
            Where, for people: `POST http://127.0.0.1:8090/orders`.

        Raises:
            UsageError: it cannot listen there.
        """
        ...

    def leave(self) -> None:
        """Take nothing more; what is being answered is answered. Another may listen there at once."""
        ...


Class = TypeVar("Class", bound=type[Any])
_NAME = re.compile(r"[a-z][a-z0-9-]*/[a-z][a-z0-9-]*")


def component(
    name: str,
    *,
    summary: str,
    settings: type[Settings],
    inputs: tuple[Input, ...] = (),
    outputs: tuple[Output, ...] = (),
    dynamic_outputs: Callable[[dict[str, Any]], tuple[Output, ...]] | None = None,
    detached_when: str | None = None,
    trigger: bool = False,
    listens: bool = False,
    transparent: bool = False,
    chooses: bool = True,
    samples: str = "",
    evaluates: str = "",
) -> Callable[[Class], Class]:
    """Declare a class to be a component. It is not registered: list it in a `Module`."""
    if not _NAME.fullmatch(name):
        raise InternalError(f"a component is named like `module/name`, not `{name}`")

    def declare(cls: Class) -> Class:
        cls.spec = Spec(
            name=name,
            factory=cls,
            summary=summary,
            settings=settings,
            inputs=inputs,
            outputs=outputs,
            dynamic_outputs=dynamic_outputs,
            detached_when=detached_when,
            trigger=trigger,
            listens=listens,
            transparent=transparent,
            chooses=chooses,
            samples=samples,
            evaluates=evaluates,
            documentation=inspect.cleandoc(cls.__doc__ or ""),
        )
        return cls

    return declare


def spec_of(cls: type[Any]) -> Spec:
    """The declaration of a component class.

    Raises:
        InternalError: the class was not declared with `@component`.
    """
    spec = cls.__dict__.get("spec")
    if not isinstance(spec, Spec):
        raise InternalError(f"{cls.__module__}.{cls.__qualname__} is not declared with @component")
    return spec
