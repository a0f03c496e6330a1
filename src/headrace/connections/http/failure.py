"""Why a request came to no answer, in plain words: aiohttp's errors as headrace's."""

import errno

import aiohttp
from yarl import URL

from headrace.connections.http.progress import Progress
from headrace.errors import ComponentError, PermanentError, TemporaryError

__all__ = [
    "HttpError",
    "PermanentHttpError",
    "TemporaryHttpError",
    "cut",
    "map_error",
    "place",
    "shown",
    "timeout",
]


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


def timeout(url: URL, progress: Progress, timeout_s: float) -> TemporaryHttpError:
    """That a request was not done in time, and how far it had come."""
    if not progress.connected:
        return TemporaryHttpError(f"could not connect to {place(url)} within {timeout_s:g} s", unsent=True)
    if not progress.answered:
        return TemporaryHttpError(f"{place(url)} did not answer within {timeout_s:g} s")
    return TemporaryHttpError(f"the answer of {place(url)} was not complete within {timeout_s:g} s")


def map_error(error: Exception, url: URL, progress: Progress) -> HttpError:
    """Aiohttp's errors, and those of the operating system, in plain words."""
    where = place(url)
    unsent = not progress.connected
    match error:
        case aiohttp.ClientConnectorCertificateError():
            reason = getattr(error.certificate_error, "verify_message", "") or error.certificate_error
            return PermanentHttpError(
                f"the TLS certificate of {where} is not trusted: {reason}", unsent=unsent
            )
        case aiohttp.ClientConnectorSSLError():
            return PermanentHttpError(
                f"no TLS connection to {where} is possible: {error.os_error.strerror or error.os_error}; "
                "does it speak https on that port?",
                unsent=unsent,
            )
        case aiohttp.ClientConnectorDNSError():
            return TemporaryHttpError(f"the host `{url.host}` cannot be found", unsent=unsent)
        case aiohttp.ClientConnectorError():
            refused = error.os_error.errno == errno.ECONNREFUSED or "Connect call failed" in str(error)
            why = "refused the connection" if refused else f"cannot be reached: {error.os_error.strerror}"
            return TemporaryHttpError(f"{where} {why}", unsent=unsent)
        case aiohttp.ClientPayloadError() if "content-encoding" in str(error):
            return TemporaryHttpError(f"the answer of {where} is not compressed as its header says")
        case aiohttp.ClientPayloadError():
            return TemporaryHttpError(f"{where} closed the connection before the answer was complete")
        case aiohttp.ServerDisconnectedError():
            return TemporaryHttpError(f"{where} closed the connection without an answer", unsent=unsent)
        case aiohttp.InvalidURL() | ValueError():
            return PermanentHttpError(f"the request to {where} is not valid: {error}", unsent=unsent)
        case aiohttp.ClientResponseError():
            reason = (error.message.splitlines() or ["no reason known"])[0].rstrip(":").lower()
            return TemporaryHttpError(f"{where} answered something that is not HTTP ({reason})")
        case ConnectionResetError() | BrokenPipeError():
            return TemporaryHttpError(f"{where} reset the connection", unsent=unsent)
        case OSError():
            if error.errno in (errno.ECONNRESET, errno.EPIPE):
                return TemporaryHttpError(f"{where} reset the connection", unsent=unsent)
            return TemporaryHttpError(f"the connection to {where} failed: {error}", unsent=unsent)
        case _:
            return TemporaryHttpError(f"the request to {where} failed: {error}", unsent=unsent)


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
