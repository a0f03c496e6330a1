"""A rate as flow files write it."""

import re

__all__ = ["parse_rate"]

_PER_S = {"s": 1.0, "m": 60.0, "h": 3600.0}
_RATE = re.compile(r"(\d+)\s*/\s*(s|m|h)")


def parse_rate(value: object) -> float:
    """Requests a second from text such as `10/s`, `100/m` or `5000/h`.

    Raises:
        ValueError: with what to write instead.
    """
    match = _RATE.fullmatch(value.strip()) if isinstance(value, str) else None
    if match is None or int(match[1]) == 0:
        raise ValueError(f"`{value}` is no rate; write it like `10/s`, `100/m` or `5000/h`")
    return int(match[1]) / _PER_S[match[2]]
