"""What an API says of its quotas, in the headers of an answer.

Three families are read, the first that is understood counts: the structured fields `RateLimit` and
`RateLimit-Policy` (draft-ietf-httpapi-ratelimit-headers from 07 on), the trio `RateLimit-Limit`,
`-Remaining` and `-Reset` of its earlier versions, and `X-RateLimit-…`, which no document defines.
"""

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache

import msgspec

from headrace.connections.http.response import date_s

__all__ = ["Quota", "read_quotas"]

_LONGEST_S = 86_400.0
"""A quota that renews later is taken to renew in a day, as for `Retry-After`."""

_MOST_QUOTAS = 8
"""Of one answer; APIs have two or three."""

_MOST_CHARS = 2_000

_TRIOS = tuple(
    (f"{prefix}-limit", f"{prefix}-remaining", f"{prefix}-reset", f"{prefix}-reset-after")
    for prefix in ("ratelimit", "x-ratelimit", "x-rate-limit")
)

_ITEM = re.compile(
    r'\s*(?:"(?P<quoted>[^"\\]*)"|(?P<token>[\w.*/:%-]+))?(?P<params>(?:\s*;[^;,"]*(?:"[^"]*")?)*)\s*'
)
_PARAM = re.compile(r';\s*(?P<key>[\w*.-]+)\s*=\s*(?:"(?P<text>[^"]*)"|(?P<value>[^\s;,"]+))')
_PAIR = re.compile(r"\s*(limit|remaining|reset)\s*=\s*(\d+)\s*(?:;[^,]*)?")
_NUMBER = re.compile(r"\d{1,15}(?:\.\d{1,9})?", re.ASCII)

_LATEST_DELTA = 1e8
"""Three years in seconds; Unix time has passed it in 1973."""
_LATEST_SECONDS = 1e11
"""Unix time in seconds is above it in the year 5138, in milliseconds since 1973."""
_LATEST_MS = 1e14


class Quota(msgspec.Struct, frozen=True):
    """How much may still be asked.

    Attributes:
        name: of the policy; empty where an API has but one.
        remaining: requests that are left.
        reset_s: when there are more again, in seconds from the answer on.
        limit: requests that there are in all; None if it is not said.
    """

    name: str
    remaining: int
    reset_s: float
    limit: int | None = None


def read_quotas(headers: Mapping[str, str], now_ns: int) -> tuple[Quota, ...]:
    """The quotas that an answer tells of; what cannot be read, or makes no sense, is left out.

    Args:
        headers: by lower-cased name.
        now_ns: Unix time in nanoseconds, for those that tell a time and have no `Date`.
    """
    if "ratelimit" in headers and (told := tuple(_structured(headers))):
        return told[:_MOST_QUOTAS]
    for names in _TRIOS:
        if names[1] in headers:
            quota = _trio(headers, names, now_ns)
            if quota is not None:
                return (quota,)
    return ()


def _structured(headers: Mapping[str, str]) -> Iterator[Quota]:
    text = headers["ratelimit"][:_MOST_CHARS]
    policies = _policies(headers.get("ratelimit-policy", "")[:_MOST_CHARS])
    matches = filter(None, map(_PAIR.fullmatch, text.split(",")))
    pairs = {match[1]: match[2] for match in matches}
    if "remaining" in pairs and "reset" in pairs:  # `limit=100, remaining=50, reset=30`, of version 07
        quota = _checked("", pairs["remaining"], pairs["reset"], pairs.get("limit"))
        yield from (quota,) if quota is not None else ()
        return
    for name, params in _items(text):
        policy = policies.get(name, {})
        if policy.get("qu", "requests") != "requests":
            continue  # bytes, or requests at once
        quota = _checked(name, params.get("r"), params.get("t", policy.get("w")), policy.get("q"))
        if quota is not None:
            yield quota


@lru_cache(maxsize=32)
def _policies(text: str) -> dict[str, dict[str, str]]:
    """By name; an API says the same of them with each answer."""
    return dict(_items(text))


def _items(text: str) -> Iterator[tuple[str, dict[str, str]]]:
    """The members of a list with parameters (RFC 9651, section 3.1), up to what is none."""
    place = 0
    while place < len(text):
        match = _ITEM.match(text, place)
        if match is None or match.end() == place:
            return
        name = match["quoted"] or match["token"] or ""
        yield name, {p["key"]: p["text"] or p["value"] or "" for p in _PARAM.finditer(match["params"])}
        place = match.end() + 1
        if text[match.end() : place] not in (",", ""):
            return


def _trio(headers: Mapping[str, str], names: tuple[str, str, str, str], now_ns: int) -> Quota | None:
    limit, remaining, reset, after = map(headers.get, names)
    first, *policies = (limit or "").split(",", 1)  # `100, 100;w=60`
    reset = after or reset
    if reset is None and policies:
        reset = next((params["w"] for _, params in _items(policies[0]) if "w" in params), None)
    elif reset is not None and after is None and (at := _number(reset)) is not None and at > _LATEST_DELTA:
        seconds = at if at <= _LATEST_SECONDS else at / 1000
        reset = str(max(seconds - _server_time_s(headers, now_ns), 0.0)) if at <= _LATEST_MS else None
    return _checked("", remaining, reset, first)


def _checked(name: str, remaining: str | None, reset: str | None, limit: str | None) -> Quota | None:
    left, reset_s, of = _number(remaining), _number(reset), _number(limit)
    if left is None or reset_s is None or reset_s > _LATEST_DELTA:
        return None
    if of is not None and (of < 1 or left > of):
        if of < 1:
            return None  # a way to say that there is no limit
        of = None
    return Quota(name[:100], int(left), min(reset_s, _LONGEST_S), None if of is None else int(of))


def _number(text: str | None) -> float | None:
    text = (text or "").strip()
    return float(text) if _NUMBER.fullmatch(text) else None


def _server_time_s(headers: Mapping[str, str], now_ns: int) -> float:
    """Unix time by the server's own clock, which its other times are told by, too."""
    at_s = _date_s(headers.get("date", ""))
    return now_ns / 1e9 if at_s is None else at_s


_date_s = lru_cache(maxsize=32)(date_s)
"""Many answers come in a second."""
