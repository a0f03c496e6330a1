"""The head of a request as bytes, and headers of answers as text."""

import base64
import re
from collections.abc import Mapping
from functools import lru_cache

from yarl import URL

from headrace import __version__
from headrace.connections.http.encoding import ACCEPTED

__all__ = ["basic_credentials", "is_token", "readable", "request_bytes"]

_TOKEN = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
"""RFC 9110, section 5.6.2."""
_SPLITS = re.compile(r"[\r\n\0]")
_OWN = frozenset({"host", "content-length", "transfer-encoding"})
_DEFAULTS = {"user-agent": f"headrace/{__version__}", "accept": "*/*", "accept-encoding": ACCEPTED}
_WITH_BODY = frozenset({"POST", "PUT", "PATCH"})


def request_bytes(method: str, url: URL, headers: Mapping[str, str], body: bytes | None) -> bytes:
    """A request, with its body.

    Raises:
        ValueError: the method or a header cannot be sent.
    """
    if not is_token(method):
        raise ValueError(f"`{method}` is no method")
    own, lines = _header_lines(tuple(headers.items()))
    host = own["host"] if "host" in own else _host(url)
    head = f"{method} {url.raw_path_qs} HTTP/1.1\r\nHost: {host}\r\n{lines}"
    if url.raw_user is not None and "authorization" not in own:
        head += f"Authorization: {basic_credentials(url.user or '', url.password or '')}\r\n"
    if body is not None or method in _WITH_BODY:
        head += f"Content-Length: {len(body or b'')}\r\n"
    return f"{head}\r\n".encode() + (body or b"")


@lru_cache(maxsize=128)
def _header_lines(headers: tuple[tuple[str, str], ...]) -> tuple[dict[str, str], str]:
    """Headers by lower-cased name; and as lines, with those that a request has anyway.

    Raises:
        ValueError: one cannot be sent.
    """
    own = {name.lower(): value for name, value in headers}
    lines = [(name, value) for name, value in headers if name.lower() not in _OWN]
    lines += [(name, value) for name, value in _DEFAULTS.items() if name not in own]
    for name, value in headers:
        if not is_token(name):
            raise ValueError(f"`{name}` is no name of a header")
        if _SPLITS.search(value):
            raise ValueError("a header has a line break in it")
    return own, "".join(f"{name}: {value}\r\n" for name, value in lines)


def is_token(text: str) -> bool:
    """Whether a text can be the name of a header, or a method."""
    return _TOKEN.fullmatch(text) is not None


def basic_credentials(username: str, password: str) -> str:
    """The value of `Authorization` for a user name and a password (RFC 7617)."""
    return f"Basic {base64.b64encode(f'{username}:{password}'.encode()).decode()}"


def readable(value: bytes) -> str:
    """A header as text: UTF-8, or Latin-1 as of old."""
    try:
        return value.decode()
    except UnicodeDecodeError:
        return value.decode("latin-1")


def _host(url: URL) -> str:
    host = url.raw_host or ""
    host = f"[{host}]" if ":" in host else host
    return host if url.is_default_port() else f"{host}:{url.port}"
