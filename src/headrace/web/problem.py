"""Errors as the API tells them: `{"error": {code, message, place}}`, whatever went wrong."""

from http import HTTPStatus

from starlette.responses import Response

from headrace.values import Json, encode_json

__all__ = ["ApiError", "problem"]


class ApiError(Exception):
    """What was asked for cannot be done; the message is for people."""

    def __init__(self, status: HTTPStatus, code: str, message: str, place: str | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.place = place


def problem(
    status: int,
    code: str,
    message: str,
    place: str | None = None,
    headers: dict[str, str] | None = None,
) -> Response:
    """The response that tells of an error."""
    body: Json = {"error": {"code": code, "message": message, "place": place}}
    return Response(encode_json(body), status, headers, "application/json")
