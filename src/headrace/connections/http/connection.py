"""One connection to a server: a request out, its answer in, by the parser of Node.js (llhttp)."""

import asyncio
from typing import cast

import httptools
import msgspec

from headrace.connections.http.encoding import Decoder, EncodingError, make_decoder
from headrace.connections.http.progress import Progress

__all__ = [
    "MAX_HEADERS",
    "MAX_HEADER_BYTES",
    "BodyTooLargeError",
    "BrokenAnswerError",
    "ClosedError",
    "Connection",
    "HeadTooLargeError",
    "RawAnswer",
]

MAX_HEADERS = 256
MAX_HEADER_BYTES = 64 * 1024
"""Of one header. Policies and links of real servers pass the 8 KiB that many take."""
_MAX_HEAD_BYTES = 1024 * 1024
_NO_FINAL = range(100, 200)
_SWITCHING = 101


class BrokenAnswerError(Exception):
    """What came is no HTTP; says why.

    Attributes:
        beginning: of what came.
    """

    def __init__(self, reason: str, beginning: bytes) -> None:
        super().__init__(reason)
        self.beginning = beginning


class HeadTooLargeError(Exception):
    """The head of the answer is larger than is taken; says what of it."""


class BodyTooLargeError(Exception):
    """The body, decompressed, is larger than is wanted."""


class ClosedError(Exception):
    """The server closed the connection before the answer was complete.

    Attributes:
        in_answer: a part of it had come.
    """

    def __init__(self, *, in_answer: bool) -> None:
        super().__init__("closed")
        self.in_answer = in_answer


class RawAnswer(msgspec.Struct):
    """An answer as it came, its body decompressed.

    Attributes:
        headers: in order, names and values as bytes.
    """

    status: int
    headers: list[tuple[bytes, bytes]]
    body: bytes

    def get(self, name: bytes) -> bytes | None:
        """The first header of a lower-cased name."""
        return next((value for key, value in self.headers if key.lower() == name), None)


class Connection(asyncio.Protocol):
    """A kept-alive connection; one request at a time.

    Attributes:
        idle_since_s: since when it has no request, on the loop's clock; its pool sets and reads it.
    """

    def __init__(self) -> None:
        self.idle_since_s = 0.0
        self._transport: asyncio.Transport | None = None
        self._reading: _Reading | None = None
        self._is_dirty = False

    @property
    def is_open(self) -> bool:
        """Whether a request can be sent on it; not where something came that nobody asked for."""
        transport = self._transport
        return transport is not None and not transport.is_closing() and not self._is_dirty

    async def exchange(self, method: str, request: bytes, max_bytes: int, now: Progress) -> RawAnswer:
        """Send a request and wait for the whole answer.

        Args:
            method: of the request.
            request: its head and body.
            max_bytes: of the answer's body, decompressed.
            now: told when the answer begins.

        Raises:
            ClosedError | OSError: the connection was closed or broken.
            BrokenAnswerError | HeadTooLargeError | BodyTooLargeError | EncodingError: of the answer.
        """
        transport = self._transport
        if transport is None or transport.is_closing():
            raise ClosedError(in_answer=False)
        self._reading = reading = _Reading(method, max_bytes, now, asyncio.get_running_loop().create_future())
        try:
            transport.write(request)
            return await reading.answer
        except BaseException:
            self.abort()
            raise
        finally:
            self._reading = None
            reading.release()
            if not reading.keeps_alive or transport.get_write_buffer_size():
                self.close()

    def close(self) -> None:
        """Close when all is sent."""
        if self._transport is not None:
            self._transport.close()

    def abort(self) -> None:
        """Close at once."""
        if self._transport is not None:
            self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Called by the loop."""
        self._transport = cast("asyncio.Transport", transport)  # uvloop's is none by its class

    def data_received(self, data: bytes) -> None:
        """Called by the loop."""
        reading = self._reading
        if reading is None or reading.answer.done():
            self._is_dirty = True
            self.abort()
            return
        reading.feed(data)
        self._is_dirty = reading.has_surplus

    def connection_lost(self, error: Exception | None) -> None:
        """Called by the loop."""
        self._transport = None
        if self._reading is not None:
            self._reading.end(error)


class _Reading:
    """An answer while it comes; also what the parser calls back."""

    def __init__(
        self, method: str, max_bytes: int, now: Progress, answer: "asyncio.Future[RawAnswer]"
    ) -> None:
        self.answer = answer
        self.keeps_alive = False
        self.has_surplus = False
        self._is_head = method == "HEAD"
        self._max_bytes = max_bytes
        self._now = now
        self._parser = httptools.HttpResponseParser(self)
        self._headers: list[tuple[bytes, bytes]] = []
        self._header_count = 0
        self._status = 0
        self._has_head = False
        self._ends_with_connection = False
        self._decoder: Decoder | None = None
        self._pieces: list[bytes] = []
        self._size = 0
        self._received = 0
        self._beginning = b""

    def feed(self, data: bytes) -> None:
        """Take what came."""
        if not self._received:
            self._beginning = data[:64]
        self._received += len(data)
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            self._finish()  # with the status that it has: none that is final
        except httptools.HttpParserCallbackError as error:
            self._fail(error.__context__ if isinstance(error.__context__, Exception) else error)
        except httptools.HttpParserError as error:
            self._fail(BrokenAnswerError(str(error), self._beginning))
        else:
            if not self._has_head and self._received > _MAX_HEAD_BYTES:
                self._fail(HeadTooLargeError(f"more than {_MAX_HEAD_BYTES} bytes"))
            elif self._received > 2 * self._max_bytes + _MAX_HEAD_BYTES:
                self._fail(BodyTooLargeError())

    def end(self, error: Exception | None) -> None:
        """The connection is closed, or lost by an error."""
        if self.answer.done():
            return
        if error is None and self._has_head and self._ends_with_connection:
            self._finish()
        elif error is None or self._has_head:
            self._fail(ClosedError(in_answer=self._has_head))
        else:
            self._fail(error)

    def release(self) -> None:
        """Let go of the parser, which holds this: else both stay until cycles are looked for."""
        del self._parser, self._pieces

    def on_message_begin(self) -> None:
        """A further answer, that nobody asked for, ends nothing but the connection."""
        self.has_surplus = self.answer.done()

    def on_header(self, name: bytes, value: bytes) -> None:
        """A header, or after the body a trailer, which is passed over."""
        self._header_count += 1
        if self._header_count > MAX_HEADERS:
            raise HeadTooLargeError("too many headers")
        if len(name) + len(value) > MAX_HEADER_BYTES:
            raise HeadTooLargeError(f"a header has more than {MAX_HEADER_BYTES} bytes")
        if not self._has_head:
            self._headers.append((name, value))

    def on_headers_complete(self) -> None:
        """The head is there."""
        self._status = self._parser.get_status_code()
        if self._status in _NO_FINAL and self._status != _SWITCHING:
            self._headers.clear()
            self._header_count = self._received = 0
            return
        self._has_head = self._now.answered = True
        head = RawAnswer(self._status, self._headers, b"")
        coding = head.get(b"transfer-encoding")
        is_chunked = coding is not None and coding.lower().rstrip().endswith(b"chunked")
        self._ends_with_connection = not is_chunked and (
            coding is not None or head.get(b"content-length") is None
        )
        if self._is_head:
            self.keeps_alive = self._parser.should_keep_alive()
            self._finish()
            return
        encoding = head.get(b"content-encoding")
        if encoding is not None:
            self._decoder = make_decoder(encoding.decode("latin-1"))

    def on_body(self, data: bytes) -> None:
        """A part of the body."""
        if self.answer.done():  # of an answer to HEAD, which has no body
            self.has_surplus = True
            return
        for piece in (data,) if self._decoder is None else self._decoder.feed(data):
            self._size += len(piece)
            if self._size > self._max_bytes:
                raise BodyTooLargeError
            self._pieces.append(piece)

    def on_message_complete(self) -> None:
        """The answer is whole, unless another follows that is final."""
        if self._has_head and not self.answer.done():
            self.keeps_alive = self._parser.should_keep_alive()
            self._finish()

    def _finish(self) -> None:
        try:
            if self._decoder is not None:
                self._decoder.finish()
        except EncodingError as error:
            self._fail(error)
            return
        if not self.answer.done():
            body = self._pieces[0] if len(self._pieces) == 1 else b"".join(self._pieces)
            status = self._status or self._parser.get_status_code()
            self.answer.set_result(RawAnswer(status, self._headers, body))

    def _fail(self, error: Exception) -> None:
        self.keeps_alive = False
        if not self.answer.done():
            self.answer.set_exception(error)
