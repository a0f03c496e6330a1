"""HTTP: a request out, a whole answer in, or an error in plain words; in `server` requests that come in.

Requests go out by the parser of `httptools`, and come in by the server of `aiohttp`; nobody else knows them.
"""

from headrace.connections.http.failure import HttpError, PermanentHttpError, TemporaryHttpError
from headrace.connections.http.head import basic_credentials, is_token
from headrace.connections.http.media import charset_of, is_json_type, media_type
from headrace.connections.http.response import HttpResponse, retry_after_s
from headrace.connections.http.transport import HttpTransport, Query

__all__ = [
    "HttpError",
    "HttpResponse",
    "HttpTransport",
    "PermanentHttpError",
    "Query",
    "TemporaryHttpError",
    "basic_credentials",
    "charset_of",
    "is_json_type",
    "is_token",
    "media_type",
    "retry_after_s",
]
