"""Options that several commands have, and the values of some."""

import os
import re
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import click

from headrace import __version__
from headrace.app.session import DEFAULT_KEEP
from headrace.app.store_url import url_secrets
from headrace.cli.invocation import Invocation
from headrace.engine import Keep
from headrace.errors import UsageError
from headrace.sdk import Address
from headrace.sdk.resource import DEFAULT_ADDRESS
from headrace.sdk.settings import parse_duration

__all__ = [
    "DETAILS",
    "ENV_FILE",
    "GRACE",
    "IMAGE",
    "KEEP",
    "LISTEN",
    "MOST_RUNS",
    "READ_TOKEN",
    "STORE",
    "STORE_VARIABLE",
    "TOKEN",
    "VERBOSE",
    "default_image",
    "parse_address",
    "parse_keep",
    "parse_span",
    "store_option",
    "token_of",
]

STORE_VARIABLE = "HEADRACE_STORE"
"""The default of `--store`: who lists processes does not see a password in it."""
TOKEN = "HEADRACE_TOKEN"  # noqa: S105 - the name of a variable
READ_TOKEN = "HEADRACE_READ_TOKEN"  # noqa: S105 - likewise

MOST_RUNS = 1_000_000_000
"""No more are told of, or remembered, whatever is asked for."""
_LONGEST_S = 100 * 365 * 86_400.0
"""A hundred years: longer spans are taken for this one, whose nanoseconds a store can hold."""
_LAST_PORT = 65_535


def store_option(
    text: str, *, is_required: bool = False
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """The option `--store`; a password in its URL is masked in whatever the command says.

    Args:
        text: its help.
    """
    return click.option(
        "--store",
        metavar="URL",
        envvar=STORE_VARIABLE,
        show_envvar=True,
        required=is_required,
        callback=_mask_store,
        help=text,
    )


def _mask_store(context: click.Context, parameter: click.Parameter, url: str | None) -> str | None:
    if url and isinstance(context.obj, Invocation):
        context.obj.mask = url_secrets(url).mask
    return url or None


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
STORE = store_option(
    "Where runs are kept: memory, sqlite:///PATH or nats://HOST:4222; else in the home folder."
)
IMAGE = click.option("--image", metavar="NAME", help="Of workers; else headrace with this program's version.")
LISTEN = click.option(
    "--listen",
    metavar="HOST:PORT",
    default=str(DEFAULT_ADDRESS),
    show_default=True,
    help="Where http-module/server listens.",
)
DETAILS = click.option(
    "-v", "--verbose", is_flag=True, help="Show all details in the logs, on standard error."
)
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
            digits = text.lstrip("0")
            runs = int(digits or "0") if len(digits) < len(str(MOST_RUNS)) else MOST_RUNS
        else:
            for_ns = round(parse_span(text, "--keep takes a time or a number of runs") * 1e9)
    return Keep(for_ns, runs)


def parse_span(text: str, option: str) -> float:
    """The value of an option that is a time, such as `30s`, in seconds; a hundred years at most.

    Raises:
        UsageError: it is none.
    """
    try:
        return min(parse_duration(text), _LONGEST_S)
    except ValueError as error:
        raise UsageError(f"{option}: {error}") from error


def token_of(variable: str, environment: Mapping[str, str] | None = None) -> str:
    """The token that a variable of the environment holds, without blanks around it; empty if there is none.

    Raises:
        UsageError: it has a character that no header carries.
    """
    token = (os.environ if environment is None else environment).get(variable, "").strip()
    if token and not re.fullmatch("[!-~]+", token):
        raise UsageError(f"{variable} may have letters of ASCII, digits and punctuation alone, and no blanks")
    return token


def parse_address(text: str, option: str = "--listen", example: Address = DEFAULT_ADDRESS) -> Address:
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
        such = f"127.0.0.1:{port}" if is_port and not host else str(example)
        raise UsageError(f"{option} takes HOST:PORT, such as `{such}`, not `{text}`")
    return Address(host, int(port))
