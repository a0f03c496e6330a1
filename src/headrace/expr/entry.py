"""The short way to write a `Function` or a `Method`: its signature says its arguments."""

import re
from collections.abc import Callable, Mapping

from headrace.expr.declaration import types_of
from headrace.expr.signature import Callback, Example, Function, Method, Receiver, Result
from headrace.values import Json

__all__ = ["function", "method"]

_SIGNATURE = re.compile(r"(?:\w+\.)?(?P<name>\w+)\((?P<parameters>.*)\)")
_NO_CALLBACKS: Mapping[int, Callback] = {}


def function(
    signature: str,
    types: str,
    call: Callable[..., Json],
    summary: str,
    *examples: str,
    result: Result | None = None,
    callbacks: Mapping[int, Callback] = _NO_CALLBACKS,
    environment: bool = False,
    suggested: bool = True,
) -> Function:
    """Declare a function or a global.

    Args:
        signature: `Math.round(number)`; `x?` may be left out, `...x` is any number of arguments.
        types: what it takes and gives, `text?, scalar → text?`; see `declaration`.
        call: the implementation.
        summary: one sentence for the reference page.
        examples: `round(2.5) → 3`, or `fail('no') → HR229`.
        result: what it gives for some arguments, where `types` does not say it all.
        callbacks: by position.
        environment: whether `call` takes the `Environment` first.
        suggested: whether completion offers it.
    """
    minimum, maximum = _arity(signature)
    return Function(
        signature.partition("(")[0],
        call,
        minimum,
        maximum,
        summary,
        tuple(map(_example, examples)),
        callbacks,
        environment,
        signature,
        suggested,
        types_of(types, result),
    )


def method(
    signature: str,
    types: str,
    calls: Mapping[Receiver, Callable[..., Json]],
    summary: str,
    *examples: str,
    result: Result | None = None,
    callbacks: Mapping[int, Callback] = _NO_CALLBACKS,
) -> Method:
    """Declare a method, `text.slice(start?, end?)`, as `function` does; its types leave out the receiver."""
    minimum, maximum = _arity(signature)
    parts = _SIGNATURE.fullmatch(signature)
    name = parts["name"] if parts else signature
    found = tuple(map(_example, examples))
    return Method(
        name, calls, minimum, maximum, summary, found, callbacks, signature, types_of(types, result)
    )


def _arity(signature: str) -> tuple[int, int | None]:
    parts = _SIGNATURE.fullmatch(signature)
    if parts is None:
        raise ValueError(f"{signature} is no signature")
    parameters = [part.strip() for part in parts["parameters"].split(",") if part]
    needed = [part for part in parameters if not part.endswith("?") and not part.startswith("...")]
    is_open = any(part.startswith("...") for part in parameters)
    return len(needed), None if is_open else len(parameters)


def _example(text: str) -> Example:
    expression, _, value = text.rpartition(" → ")
    return Example(expression, value)
