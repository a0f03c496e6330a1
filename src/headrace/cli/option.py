"""Options that several commands have, and the values of some."""

from collections.abc import Iterable
from pathlib import Path

import click

from headrace import __version__
from headrace.app.session import DEFAULT_KEEP
from headrace.engine import Keep
from headrace.errors import UsageError
from headrace.sdk import Address
from headrace.sdk.settings import parse_duration

__all__ = [
    "ENV_FILE",
    "GRACE",
    "IMAGE",
    "KEEP",
    "STORE",
    "VERBOSE",
    "default_image",
    "parse_address",
    "parse_grace",
    "parse_keep",
]

_LAST_PORT = 65_535

ENV_FILE = click.option(
    "--env-file", metavar="F", type=click.Path(path_type=Path), help="Secrets, as NAME=value lines."
)
GRACE = click.option(
    "--grace", metavar="TIME", default="30s", show_default=True, help="For running tasks, at a stop."
)
KEEP = click.option(
    "--keep",
    metavar="HOW",
    multiple=True,
    help="How long ended runs are remembered: a time, a number of each flow, or both.  [30d, 10000]",
)
STORE = click.option(
    "--store", metavar="URL", help="Where runs are kept: memory, or sqlite:///PATH; else in the home folder."
)
IMAGE = click.option("--image", metavar="NAME", help="Of workers; else headrace with this program's version.")
VERBOSE = click.option("-v", "--verbose", count=True, help="Show logs on standard error; -vv: all details.")


def default_image() -> str:
    """The image that holds this very version."""
    return f"headrace:{__version__}"


def parse_keep(texts: Iterable[str]) -> Keep:
    """The values of `--keep`: a time such as `30d`, a number of runs; what is not given has no limit.

    Raises:
        UsageError: one is neither.
    """
    given = list(texts)
    if not given:
        return DEFAULT_KEEP
    for_ns: int | None = None
    runs: int | None = None
    for text in given:
        if text.isascii() and text.isdecimal():
            runs = int(text)
            continue
        try:
            for_ns = round(parse_duration(text) * 1e9)
        except ValueError as error:
            raise UsageError(f"--keep takes a time or a number of runs: {error}") from error
    return Keep(for_ns, runs)


def parse_grace(text: str) -> float:
    """The value of `--grace`, in seconds.

    Raises:
        UsageError: it is no time.
    """
    try:
        return parse_duration(text)
    except ValueError as error:
        raise UsageError(f"--grace: {error}") from error


def parse_address(text: str, option: str = "--listen") -> Address:
    """The value of an option that is an address: `127.0.0.1:8090`, `[::1]:8090`, `localhost:0`.

    Raises:
        UsageError: it is none.
    """
    host, _, port = text.strip().rpartition(":")
    if host.startswith("[") and host.endswith("]"):
        host = host[1:-1]
    elif ":" in host:
        host = ""  # IPv6 without brackets, which cannot be told from the port
    is_port = port.isascii() and port.isdecimal() and int(port) <= _LAST_PORT
    if not host or not is_port:
        example = f"127.0.0.1:{port}" if is_port and not host else "127.0.0.1:8090"
        raise UsageError(f"{option} takes HOST:PORT, such as `{example}`, not `{text}`")
    return Address(host, int(port))
