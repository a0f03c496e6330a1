"""Why a request came to no answer, in plain words."""

import errno
import re
import socket
import ssl

from yarl import URL

from headrace.connections.http.connection import (
    BodyTooLargeError,
    BrokenAnswerError,
    ClosedError,
    HeadTooLargeError,
)
from headrace.connections.http.encoding import EncodingError
from headrace.connections.http.progress import Progress
from headrace.errors import ComponentError, PermanentError, TemporaryError

__all__ = [
    "FAILURES",
    "HttpError",
    "PermanentHttpError",
    "TemporaryHttpError",
    "cut",
    "map_error",
    "place",
    "shown",
    "timeout",
]

_TLS_ALERT = b"\x15\x03"
"""How an alert begins (RFC 8446, section 5.1)."""
_WANTS_CERTIFICATE = "ALERT_CERTIFICATE_REQUIRED"
"""By TLS 1.3 it is said after the handshake, with the answer (RFC 8446, section 6.2)."""
FAILURES = (
    OSError,
    ValueError,
    BodyTooLargeError,
    BrokenAnswerError,
    ClosedError,
    HeadTooLargeError,
)
"""What `map_error` knows."""


class HttpError(ComponentError):
    """A request came to no answer.

    Attributes:
        unsent: it is certain that no byte of the request left this machine, so that repeating a POST is
            safe (rule 10).
    """

    code = "HR310"

    def __init__(self, message: str, *, unsent: bool = False, code: str | None = None) -> None:
        super().__init__(message, code=code)
        self.unsent = unsent


class TemporaryHttpError(HttpError, TemporaryError):
    """A request came to no answer; trying again may help."""

    retryable = True


class PermanentHttpError(HttpError, PermanentError):
    """A request cannot be made, or its answer cannot be taken; trying again cannot help."""


def timeout(now: Progress, timeout_s: float) -> TemporaryHttpError:
    """That a request was not done in time, and how far it had come."""
    where = place(now.url)
    if not now.connected:
        return TemporaryHttpError(f"could not connect to {where} within {timeout_s:g} s", unsent=not now.sent)
    if not now.answered:
        return TemporaryHttpError(f"{where} did not answer within {timeout_s:g} s")
    return TemporaryHttpError(f"the answer of {where} was not complete within {timeout_s:g} s")


def map_error(error: Exception, now: Progress, max_bytes: int) -> HttpError:
    """Errors of connections, of answers and of the operating system, in plain words."""
    where = place(now.url)
    unsent = not now.sent
    match error:
        case ssl.SSLCertVerificationError():
            reason = error.verify_message or str(error)
            return PermanentHttpError(
                f"the TLS certificate of {where} is not trusted: {reason}", unsent=unsent
            )
        case ssl.SSLError() if not now.connected:
            return PermanentHttpError(
                f"no TLS connection to {where} is possible: {_tls_reason(error)}; "
                "does it speak https on that port?",
                unsent=unsent,
            )
        case socket.gaierror():
            return TemporaryHttpError(f"the host `{now.url.host}` cannot be found", unsent=unsent)
        case ClosedError(in_answer=True):
            return TemporaryHttpError(f"{where} closed the connection before the answer was complete")
        case ClosedError():
            return TemporaryHttpError(f"{where} closed the connection without an answer", unsent=unsent)
        case BrokenAnswerError():
            return _no_http(error, where)
        case HeadTooLargeError():
            return PermanentHttpError(f"the head of the answer of {where} is too large: {error}")
        case BodyTooLargeError():
            return PermanentHttpError(
                f"the answer of {where} is larger than {max_bytes} bytes (maxResponseBytes)"
            )
        case EncodingError():
            make = PermanentHttpError if error.is_unknown else TemporaryHttpError
            return make(f"the answer of {where} {error}")
        case ValueError():
            return PermanentHttpError(f"the request to {where} is not valid: {error}", unsent=unsent)
        case OSError() if _WANTS_CERTIFICATE in str(error):
            return PermanentHttpError(f"{where} wants a client certificate, and there is none")
        case OSError():
            return TemporaryHttpError(f"{where} {_why(error)}", unsent=unsent)
        case _:
            return TemporaryHttpError(f"the request to {where} failed: {error}", unsent=unsent)


def _why(error: OSError) -> str:
    if error.errno == errno.ECONNREFUSED or "Connect call failed" in str(error):  # at several addresses
        return "refused the connection"
    if isinstance(error, ConnectionError) or error.errno in (errno.ECONNRESET, errno.EPIPE):
        return "reset the connection"
    return f"cannot be reached: {error.strerror or error}"


def _tls_reason(error: OSError) -> str:
    """OpenSSL's reason, without its place in a C file: `[SSL: X] the reason (_ssl.c:1)`."""
    return re.sub(r"^\[.*?\] | \(_ssl\.c:\d+\)$", "", error.strerror or str(error))


def _no_http(error: BrokenAnswerError, where: str) -> HttpError:
    """What the parser says of an answer."""
    if error.beginning.startswith(_TLS_ALERT):
        return PermanentHttpError(f"{where} speaks TLS on that port; write `https://`")
    reason = str(error).lower()
    if reason.startswith("expected http/"):
        reason = "bad status line"
    return TemporaryHttpError(f"{where} answered something that is not HTTP ({reason})")


def place(url: URL) -> str:
    """Host and port, for messages."""
    host = f"[{url.host}]" if url.host and ":" in url.host else url.host
    return f"{host}:{url.port}"


def shown(url: URL) -> str:
    """A URL without what may be secret: user, password, query."""
    return str(url.with_user(None).with_query(None).with_fragment(None))


def cut(text: str) -> str:
    """The beginning of something that should have been a URL, without a query."""
    return text.partition("?")[0][:100]
