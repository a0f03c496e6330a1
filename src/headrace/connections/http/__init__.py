"""HTTP: a request out, a whole answer in, or an error in plain words. The only package that knows aiohttp."""

from headrace.connections.http.failure import HttpError, PermanentHttpError, TemporaryHttpError
from headrace.connections.http.response import HttpResponse, retry_after_s
from headrace.connections.http.transport import HttpTransport, Query

__all__ = [
    "HttpError",
    "HttpResponse",
    "HttpTransport",
    "PermanentHttpError",
    "Query",
    "TemporaryHttpError",
    "retry_after_s",
]
