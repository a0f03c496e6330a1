"""The URL of a store may hold a password: what people are shown of it, and what is masked everywhere."""

import re
from urllib.parse import unquote

from headrace.app.secrets import Secrets

__all__ = ["shown_url", "url_secrets"]

_HIDDEN = "•••"
_FILES = ("sqlite:",)
"""URLs of these have a path, in which `@` is a letter like others."""
_WHO = re.compile(r"^([\w+.-]*://)?(.*)@", re.DOTALL)
"""Greedy: a password with an `@` of its own is hidden as well."""


def shown_url(url: str) -> str:
    """A URL for people: without user, password and token."""
    return url if url.startswith(_FILES) else _WHO.sub(rf"\1{_HIDDEN}@", url)


def url_secrets(url: str | None) -> Secrets:
    """The password or token that a URL holds."""
    found = None if url is None or url.startswith(_FILES) else _WHO.match(url)
    if found is None:
        return Secrets({})
    user, colon, password = found[2].partition(":")
    secret = password if colon else user
    return Secrets({"password": secret, "decoded": unquote(secret)})
