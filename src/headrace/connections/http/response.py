"""A whole answer, and what its headers say."""

import codecs
from collections.abc import Mapping
from datetime import UTC
from email.utils import parsedate_to_datetime

import msgspec

from headrace.connections.http.media import charset_of

__all__ = ["HttpResponse", "date_s", "retry_after_s"]

_LONGEST_WAIT_S = 86_400.0
"""A server that asks for more is taken to mean a day: a run must not sleep for years on one number."""

_NO_CHARSETS = frozenset({"idna", "punycode", "raw-unicode-escape", "undefined", "unicode-escape", "utf-7"})
"""Encodings that Python knows and the web does not: they make half characters, or take for ever."""


class HttpResponse(msgspec.Struct, frozen=True):
    """A whole answer.

    Attributes:
        headers: by lower-cased name; repeated ones are joined by `, `.
        body: decompressed.
        url: where it came from, after redirects.
        elapsed_ms: from the request to the last byte, with redirects.
    """

    status: int
    headers: dict[str, str]
    body: bytes
    url: str
    elapsed_ms: int

    def text(self) -> str:
        """The body as text: by the charset of the content type, else UTF-8; bad bytes become U+FFFD."""
        charset = charset_of(self.headers.get("content-type", ""))
        try:
            name = codecs.lookup(charset).name
            if name != "utf-8" and name not in _NO_CHARSETS:
                return self.body.decode(name, "replace")
        except (LookupError, ValueError):  # a charset that does not exist, or is no text (`zlib`)
            pass
        return self.body.removeprefix(codecs.BOM_UTF8).decode("utf-8", "replace")


def retry_after_s(headers: Mapping[str, str], now_ns: int) -> float | None:
    """How long the server asks to wait, in seconds from now, a day at most.

    None if it does not say, or not readably.

    Args:
        headers: by lower-cased name.
        now_ns: Unix time in nanoseconds, for `Retry-After` as a date (RFC 9110, section 10.2.3).
    """
    text = headers.get("retry-after", "").strip()
    if text.isascii() and text.isdecimal():
        return min(float(text), _LONGEST_WAIT_S)
    at_s = date_s(text)
    return None if at_s is None else min(max(at_s - now_ns / 1e9, 0.0), _LONGEST_WAIT_S)


def date_s(text: str) -> float | None:
    """A date of a header (RFC 9110, section 5.6.7) as Unix time in seconds; None if it is none."""
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, OverflowError):  # the latter: a year beyond all calendars
        return None
    if moment.tzinfo is None:  # of C's asctime, which names no zone: UTC
        moment = moment.replace(tzinfo=UTC)
    return moment.timestamp()
