"""`spec.hooks`: whom a flow tells that its runs fail, and that they go well again."""

import re
import time
from collections.abc import Mapping

from headrace.errors import ExpressionError, Finding, FlowError
from headrace.expr import Environment, Scope
from headrace.flow.field import Reader
from headrace.flow.model import Hook, Hooks, Webhook
from headrace.flow.resource import FLOW_NAME
from headrace.flow.tree import Mapping as MappingTree
from headrace.flow.tree import Tree
from headrace.values import Json

__all__ = ["read_hooks", "resolve_webhook"]

_ADDRESS = re.compile(r"https?://\S+")
_WRITTEN = "write `flow: name` or `webhook: {url: …}`"
_NO_ADDRESS = "`url` of `webhook` must begin with https:// or http://"


def read_hooks(tree: Tree | None, reader: Reader) -> Hooks:
    """`spec.hooks`, as far as it can be understood."""
    mapping = reader.mapping(tree, "`hooks`", ("onFailure", "onRecovery"), cure="write `onFailure: {…}`")
    if mapping is None:
        return Hooks()
    failure = _read_hook(mapping.optional("onFailure"), "`onFailure`", ("after",), reader)
    recovery = _read_hook(mapping.optional("onRecovery"), "`onRecovery`", (), reader)
    return Hooks(failure, recovery)


def _read_hook(tree: Tree | None, what: str, more: tuple[str, ...], reader: Reader) -> Hook | None:
    mapping = reader.mapping(tree, what, (*more, "flow", "trigger", "webhook"), cure=_WRITTEN)
    if mapping is None:
        return None
    after = reader.number(mapping.optional("after"), "`after`", least=1, whole=True) if more else None
    flow, trigger = mapping.optional("flow"), mapping.optional("trigger")
    webhook = mapping.optional("webhook")
    if flow is None and webhook is None:
        reader.error("HR116", f"`flow` or `webhook` is required by {what}", mapping.head, _WRITTEN)
    elif webhook is not None and (other := flow or trigger) is not None:
        name = "flow" if flow is not None else "trigger"
        reader.error("HR126", f"`{name}` and `webhook` exclude each other", other.span)
    name = reader.text(flow, "`flow`") or ""
    if flow is not None and name and not FLOW_NAME.fullmatch(name):
        reader.error("HR125", f"`{name}` is no name for a flow", flow.span)
    return Hook(
        after=1 if after is None else int(after),
        flow=name,
        trigger=reader.text(trigger, "`trigger`") or "",
        webhook=_read_webhook(webhook, reader),
    )


def _read_webhook(tree: Tree | None, reader: Reader) -> Webhook | None:
    mapping = reader.mapping(tree, "`webhook`", ("url", "headers"), cure="write `webhook: {url: …}`")
    if mapping is None:
        return None
    url = mapping.optional("url")
    if url is None:
        reader.error("HR116", "`url` is required by `webhook`", mapping.head)
        return None
    headers = mapping.optional("headers")
    for entry in _entries(reader.mapping(headers, "`headers`")):
        reader.text(entry, "a header")
    text = reader.text(url, "`url`")
    template = reader.compile(mapping, Scope.SETTINGS)
    if text is not None and "{{" not in text and not _ADDRESS.fullmatch(text):
        reader.error("HR115", _NO_ADDRESS, url.span)
    return Webhook(template, url.span)


def _entries(headers: MappingTree | None) -> list[Tree]:
    return [] if headers is None else [entry.value for entry in headers.entries.values()]


def resolve_webhook(
    webhook: Webhook, vars: dict[str, Json], secrets: Mapping[str, str]
) -> tuple[str, dict[str, str]]:
    """The address and the headers, with the values of secrets.

    Raises:
        FlowError: it has no such value; never tells that of a secret.
    """
    message: Json = {"vars": vars, "secrets": dict(secrets)}
    try:
        value = webhook.template.evaluate(message, Environment(now_ns=time.time_ns, vars=vars))
    except ExpressionError as error:
        finding = error.finding
        told = Finding(finding.code, "the webhook of a hook has no value", finding.span)
        raise FlowError([told]) from None  # the cause may show a secret
    members = value if isinstance(value, dict) else {}
    url, headers = members.get("url"), members.get("headers") or {}
    if not isinstance(url, str) or not _ADDRESS.fullmatch(url):
        raise FlowError([Finding("HR115", _NO_ADDRESS, webhook.span)])
    texts = (
        {name: text for name, text in headers.items() if isinstance(text, str)}
        if isinstance(headers, dict)
        else {}
    )
    if not isinstance(headers, dict) or len(texts) < len(headers):
        raise FlowError([Finding("HR115", "headers of `webhook` must be text", webhook.span)])
    return url, texts
