"""What callers are answered; errors in one shape: `{"error": {"code", "message"}, "run"?}`."""

from http import HTTPStatus

import msgspec

from headrace.values import Json, encode_json

__all__ = ["Refusal", "Reply", "error_reply", "json_reply"]

Headers = tuple[tuple[str, str], ...]


class Reply(msgspec.Struct, frozen=True):
    """A whole answer.

    Attributes:
        headers: names may repeat; without those that speak of the connection and the body's length.
        closes: whether the connection ends with it, since the rest of the request is not read.
    """

    status: int
    headers: Headers = ()
    body: bytes = b""
    closes: bool = False


def json_reply(status: int, value: Json, headers: Headers = ()) -> Reply:
    """A reply that is JSON."""
    return Reply(status, (("Content-Type", "application/json"), *headers), encode_json(value))


def error_reply(
    status: int,
    code: str,
    message: str,
    *,
    run: str | None = None,
    headers: Headers = (),
    closes: bool = False,
) -> Reply:
    """A reply that says what is wrong.

    Args:
        code: for programs, such as `not_found`.
        message: for people; holds no secret.
        run: the id of the run that it is about.
        headers: besides the content type.
        closes: see `Reply`.
    """
    error: dict[str, Json] = {"error": {"code": code, "message": message}}
    if run is not None:
        error["run"] = run
    reply = json_reply(status, error, headers)
    return Reply(reply.status, reply.headers, reply.body, closes)


class Refusal(Exception):
    """A request is not taken; its reply says why."""

    def __init__(
        self, status: HTTPStatus, code: str, message: str, *, headers: Headers = (), closes: bool = False
    ) -> None:
        super().__init__(message)
        self.reply = error_reply(status, code, message, headers=headers, closes=closes)
