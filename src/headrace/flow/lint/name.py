"""Secrets and vars that do not exist."""

from headrace.expr.reading import Reading
from headrace.expr.suggestion import did_you_mean
from headrace.flow.field import Reader
from headrace.flow.lint.view import View

__all__ = ["check_secrets", "check_vars"]


def check_secrets(view: View, reader: Reader) -> None:
    """HR119: a secret that `spec.secrets` does not name."""
    for reading in _in_settings(view):
        name = _member(reading, ("$", "secrets"))
        if name is not None and name not in view.draft.secrets:
            hint = did_you_mean(name, view.draft.secrets)
            reader.error("HR119", f"secret `{name}` is not in `spec.secrets`{hint}", reading.span)


def check_vars(view: View, reader: Reader) -> None:
    """HR128: a var that `spec.vars` does not have."""
    found = [reading for template in view.message_templates() for reading in template.readings]
    for reading in _in_settings(view):
        _check_var(_member(reading, ("$", "vars")), reading, view, reader)
    for reading in (*_in_settings(view), *found):
        _check_var(_member(reading, ("$vars",)), reading, view, reader)


def _member(reading: Reading, below: tuple[str, ...]) -> str | None:
    """The key that is read right below a path."""
    depth = len(below)
    name = reading.keys[depth] if reading.keys[:depth] == below and len(reading.keys) > depth else None
    return name if isinstance(name, str) else None


def _check_var(name: str | None, reading: Reading, view: View, reader: Reader) -> None:
    if name is not None and name not in view.draft.vars:
        hint = did_you_mean(name, view.draft.vars)
        reader.error("HR128", f"var `{name}` is not in `spec.vars`{hint}", reading.span)


def _in_settings(view: View) -> list[Reading]:
    hooks = (view.draft.hooks.on_failure, view.draft.hooks.on_recovery)
    templates = [node.settings_template for node in view.draft.nodes.values()]
    templates += [hook.webhook.template for hook in hooks if hook is not None and hook.webhook is not None]
    return [reading for template in templates if template is not None for reading in template.readings]
