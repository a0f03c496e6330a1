"""A connection as uvicorn has it, with an end to what comes that is no request."""

import asyncio
from http import HTTPStatus
from typing import cast

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from headrace.web.problem import problem

__all__ = ["MOST_CONNECTIONS", "Connection"]

MOST_CONNECTIONS = 500
"""At once; what the flows need files and connections for is the same process."""
_HEAD_S = 15.0
"""From the beginning of a connection, or the first byte of a further request, to the end of the head."""
_HEAD_BYTES = 64 * 1024
"""Of a head, and of what else is no body: what httptools has taken of it lies in memory."""


class Connection(HttpToolsProtocol):
    """What is no request, or none in time, is answered as all errors are, and ends the connection."""

    _deadline: asyncio.TimerHandle | None = None
    _beside = 0  # bytes that came since the last ones of a body

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        """See `asyncio.Protocol`."""
        super().connection_made(transport)
        if len(self.connections) > MOST_CONNECTIONS:
            self._refuse(HTTPStatus.TOO_MANY_REQUESTS, "too_many_requests", "too many connections at once")
        else:
            self._expect_head()

    def connection_lost(self, exc: Exception | None) -> None:
        """See `asyncio.Protocol`."""
        self._expect_nothing()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """See `asyncio.Protocol`."""
        if self._deadline is None and self._is_idle:
            self._expect_head()
        self._beside += len(data)
        super().data_received(data)
        if self._beside > _HEAD_BYTES:
            status = HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE
            self._refuse(status, "too_large", f"a request's head has {_HEAD_BYTES // 1024} KiB at most")

    def on_headers_complete(self) -> None:
        """See `httptools`."""
        self._expect_nothing()
        self._beside = 0
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """See `httptools`."""
        self._beside = 0
        super().on_body(body)

    def send_400_response(self, msg: str) -> None:
        """See `HttpToolsProtocol`."""
        self._refuse(HTTPStatus.BAD_REQUEST, "bad_request", "this is no HTTP request")

    @property
    def _is_idle(self) -> bool:
        cycle = cast("RequestResponseCycle | None", self.cycle)
        return cycle is None or cycle.response_complete

    def _expect_head(self) -> None:
        self._deadline = self.loop.call_later(_HEAD_S, self._let_go)

    def _let_go(self) -> None:
        if self._beside:
            late = f"no whole request has come within {_HEAD_S:g} s"
            self._refuse(HTTPStatus.REQUEST_TIMEOUT, "timeout", late)
        else:  # a browser that has connected in advance would take it for the answer to what it asks next
            self.transport.close()

    def _expect_nothing(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _refuse(self, status: HTTPStatus, code: str, message: str) -> None:
        """Tell of an error, unless another answer is due before it, and end the connection."""
        if self.transport.is_closing():
            return
        if self._is_idle or not (self.cycle.response_started or self.pipeline):
            response = problem(status, code, message, headers={"Connection": "close"})
            lines = [f"HTTP/1.1 {status.value} {status.phrase}".encode()]
            lines += [name + b": " + value for name, value in response.raw_headers]
            self.transport.write(b"\r\n".join([*lines, b"", bytes(response.body)]))
            if not self._is_idle:
                self.cycle.disconnected = True  # so nothing more is written
        self.transport.close()
