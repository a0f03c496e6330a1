"""What an answer means for the budget of its API."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import NamedTuple

from headrace.connections.budget.quota import Quota, read_quotas
from headrace.connections.http.response import retry_after_s

__all__ = ["Verdict", "read_verdict"]


class Verdict(NamedTuple):
    """What an answer means for the budget of its API.

    Attributes:
        quotas: as its headers tell them.
        wait_s: how long the API asks to wait; None if it does not say.
        is_refused: the request was one too many, and was not acted on.
        is_well: it is what was asked for; what fails fast tells nothing of how fast the API is.
    """

    quotas: tuple[Quota, ...] = ()
    wait_s: float | None = None
    is_refused: bool = False
    is_well: bool = True


def read_verdict(status: int, headers: Mapping[str, str], now_ns: int) -> Verdict:
    """Judge an answer by its status and headers.

    429 refuses, and 503 that says when to come again. So does 403 that says when, or that nothing is left:
    GitHub answers so (https://docs.github.com/rest/using-the-rest-api/rate-limits-for-the-rest-api).

    Args:
        status: of the answer.
        headers: by lower-cased name.
        now_ns: Unix time in nanoseconds.
    """
    quotas = read_quotas(headers, now_ns)
    if status < HTTPStatus.BAD_REQUEST:
        return Verdict(quotas) if quotas else _WELL
    wait_s = retry_after_s(headers, now_ns) if "retry-after" in headers else None
    used_up_s = max((quota.reset_s for quota in quotas if not quota.remaining), default=None)
    is_refused = status == HTTPStatus.TOO_MANY_REQUESTS or (
        (status == HTTPStatus.SERVICE_UNAVAILABLE and wait_s is not None)
        or (status == HTTPStatus.FORBIDDEN and (wait_s is not None or used_up_s is not None))
    )
    if is_refused and wait_s is None:
        wait_s = used_up_s
    return Verdict(quotas, wait_s, is_refused, is_well=False)


_WELL = Verdict()
