"""An answer through the transport and the client's reading of it, over a real connection."""

import asyncio
import time
from functools import cache
from typing import Any

from fuzz.answer import Answer
from fuzz.corpus import documented
from headrace.components.http.response import is_success, read_response, stated_total, status_error
from headrace.connections.http import HttpError, HttpTransport, retry_after_s
from headrace.errors import ComponentError, PermanentError, TemporaryError
from headrace.values import decode_json, encode_json

__all__ = ["exchange"]

TIMEOUT_S = 0.2
HANGING_S = 5.0
LIMIT_BYTES = 300_000
_NOW_NS = 1_767_322_985 * 10**9


class _Server(asyncio.Protocol):
    """Sends the answer whose number is the path, or the first one, for whatever ends like the head of a request."""

    answers: tuple[Answer, ...] = ()

    def __init__(self) -> None:
        self.asked = b""

    def connection_made(self, transport: Any) -> None:
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self.asked += data
        if self.asked.endswith(b"\r\n\r\n"):
            number = self.asked.partition(b" /")[2].partition(b" ")[0]
            self.asked = b""
            self.send(_Server.answers[int(number) if number.isdigit() and len(number) < 3 else 0], 0)

    def send(self, answer: Answer, piece: int) -> None:
        if self.transport.is_closing():
            return
        if piece < len(answer.pieces):
            self.transport.write(answer.pieces[piece])
            asyncio.get_running_loop().call_soon(self.send, answer, piece + 1)
        elif answer.then == "close":
            self.transport.close()
        elif answer.then == "reset":
            self.transport.abort()


class _Exchange:
    """A loop, a server and a transport: one for all answers of a process."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self.failures: list[dict[str, Any]] = []
        self.loop.set_exception_handler(lambda _loop, context: self.failures.append(context))
        self.loop.run_until_complete(self._open())

    async def _open(self) -> None:
        listener = await self.loop.create_server(_Server, "127.0.0.1", 0)
        place = f"127.0.0.1:{listener.sockets[0].getsockname()[1]}"
        self.url = f"http://{place}/"
        self.transport = HttpTransport(allowed_hosts=[place])

    def run(self, answers: tuple[Answer, ...]) -> None:
        _Server.answers = answers
        began = time.monotonic()
        self.loop.run_until_complete(self._ask_all(answers))
        assert time.monotonic() - began < HANGING_S, "it hangs"
        failures, self.failures = self.failures, []
        assert not failures, failures

    async def _ask_all(self, answers: tuple[Answer, ...]) -> None:
        asking = [self._ask(number, answer.method) for number, answer in enumerate(answers)]
        ends = await asyncio.gather(*asking, return_exceptions=True)
        for answer, end in zip(answers, ends, strict=True):
            if end is not None:
                end.add_note(repr(answer))
                raise end

    async def _ask(self, number: int, method: str) -> None:
        try:
            response = await self.transport.request(
                method, f"{self.url}{number}", timeout_s=TIMEOUT_S, max_response_bytes=LIMIT_BYTES
            )
        except HttpError as error:
            check_error(error)
            return
        assert len(response.body) <= LIMIT_BYTES
        wait_s = retry_after_s(response.headers, _NOW_NS)
        assert wait_s is None or 0 <= wait_s <= 86_400
        check_error(status_error(method, response, wait_s, is_temporary=not is_success(response.status)))
        try:
            value = read_response(response, response.url)
        except TemporaryError as error:
            check_error(error)
            return
        assert decode_json(encode_json(value)) == value
        stated_total(value)


def check_error(error: ComponentError) -> None:
    """Plain words in one line, a documented code, a class, facts that are JSON."""
    assert isinstance(error, TemporaryError) != isinstance(error, PermanentError)
    assert error.retryable == isinstance(error, TemporaryError)
    assert error.code in documented() or error.code.startswith("HTTP ")
    assert error.message
    assert len(error.message) < 1000, error.message
    assert error.message.isprintable(), repr(error.message)
    assert not any(word in error.message for word in ("aiohttp", "Error(", " object at 0x", "Traceback"))
    encode_json({"error": error.message, "detail": error.detail})


_opened = cache(_Exchange)


def exchange(answers: tuple[Answer, ...]) -> None:
    """For each answer a value that is JSON, or a mapped error, within a bounded time."""
    _opened().run(answers)
