"""Which hosts may be spoken to."""

from collections.abc import Iterable

from headrace.errors import UsageError

__all__ = ["HostPatterns"]


class HostPatterns:
    """A list of hosts: `api.example.com`, `*.example.com`, `localhost:8080`, `[::1]:8080`.

    A star stands for one label or more; `*.example.com` is not `example.com` itself. A pattern without a
    port allows all ports.
    """

    def __init__(self, patterns: Iterable[str]) -> None:
        """Read the patterns; none at all allow every host.

        Raises:
            UsageError: one of them is no host, but a URL, say.
        """
        self._patterns = [_parse(pattern) for pattern in patterns]

    def allow(self, host: str, port: int | None) -> bool:
        """Whether a host and port may be spoken to."""
        host = host.lower().rstrip(".")
        return not self._patterns or any(
            (wanted is None or wanted == port)
            and (host.endswith(name[1:]) and len(host) >= len(name) if name[0] == "*" else host == name)
            for name, wanted in self._patterns
        )


def _parse(pattern: str) -> tuple[str, int | None]:
    text = pattern.strip().lower()
    name, port = text, ""
    if text.startswith("["):
        name, _, rest = text[1:].partition("]")
        port = rest.removeprefix(":")
    elif text.count(":") == 1:
        name, _, port = text.partition(":")
    name = name.rstrip(".")
    star_elsewhere = "*" in name.removeprefix("*.")
    if not name or "/" in name or star_elsewhere or (port and not port.isdecimal()):
        raise UsageError(
            f"`{pattern}` in `allowedHosts` is no host; write `api.example.com` or `*.example.com`"
        )
    return name, int(port) if port else None
