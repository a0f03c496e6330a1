"""`headrace serve`: all flows of a folder, with an HTTP API and a web page."""

import ipaddress
import re
import signal
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

import click

from headrace.app import home_folder, read_env_file
from headrace.app.secrets import Secrets
from headrace.app.store_url import url_secrets
from headrace.cli.invocation import Invocation
from headrace.cli.life import left_text, live, tell_flows, tell_stopping
from headrace.cli.logs import LogFormat, log_format_option, show_logs
from headrace.cli.option import (
    DETAILS,
    ENV_FILE,
    GRACE,
    KEEP,
    LISTEN,
    READ_TOKEN,
    STORE,
    TOKEN,
    parse_address,
    parse_keep,
    parse_span,
    token_of,
)
from headrace.cli.session import run_loop
from headrace.cli.wording import plural
from headrace.errors import UsageError
from headrace.sdk import Address

if TYPE_CHECKING:
    from headrace.web.server import Offer
    from headrace.web.site import Site

__all__ = ["command"]

_ADDRESS = Address("127.0.0.1", 8080)
_SHORTEST = 16


@click.command("serve")
@click.argument("folder", metavar="[DIR]", type=click.Path(path_type=Path), default=".")
@click.option(
    "--address",
    metavar="HOST:PORT",
    default=str(_ADDRESS),
    show_default=True,
    help="Of the API and the page; port 0: any that is free.",
)
@click.option(
    "--host-name", "host_names", metavar="NAME", multiple=True, help="A name by which it is asked, besides."
)
@LISTEN
@STORE
@KEEP
@ENV_FILE
@GRACE
@DETAILS
@log_format_option
@click.pass_obj
def command(
    invocation: Invocation,
    folder: Path,
    *,
    address: str,
    host_names: tuple[str, ...],
    listen: str,
    store: str | None,
    keep: tuple[str, ...],
    env_file: Path | None,
    grace: str,
    verbose: bool,
    log_format: LogFormat,
) -> int:
    """Execute all flows below the folder DIR, and serve an API and a web page about them.

    Files that change are taken over; what has begun goes on with its version. The printed link holds a token,
    new with each start unless HEADRACE_TOKEN is set; HEADRACE_READ_TOKEN is one for looking alone. An address
    that other machines reach needs HEADRACE_TOKEN. The page is plain HTTP: put a proxy with TLS before it.
    """
    web = import_module("headrace.web.server")
    access = import_module("headrace.web.access")
    bound = parse_address(address, "--address", _ADDRESS)
    secrets = url_secrets(store)
    invocation.mask = secrets.mask
    show_logs(2 if verbose else 1, secrets.mask, log_format)
    full, read = _tokens(bound)
    tokens = access.Tokens(full or access.new_token(), read or access.new_token())
    secrets.include(Secrets({"full": tokens.full, "read": tokens.read}))
    offer = web.Offer(
        root=folder,
        home=home_folder(),
        address=bound,
        tokens=tokens,
        host_names=tuple(map(_host_name, host_names)),
        hooks=parse_address(listen),
        store=store,
        keep=parse_keep(keep),
        env_file=read_env_file(env_file) if env_file else None,
        grace_s=parse_span(grace, "--grace"),
    )
    return run_loop(_serve(offer, secrets, shows_token=not full))


def _tokens(address: Address) -> tuple[str, str]:
    """The tokens of the environment; empty where there are none.

    Raises:
        UsageError: one is no token or too short, or there is none where other machines may ask.
    """
    full, read = token_of(TOKEN), token_of(READ_TOKEN)
    for name, token in ((TOKEN, full), (READ_TOKEN, read)):
        if token and len(token) < _SHORTEST:
            raise UsageError(f"{name} has {plural(len(token), 'character')}; {_SHORTEST} are the least")
    if full and full == read:
        raise UsageError(f"{TOKEN} and {READ_TOKEN} are the same, so the second would open everything")
    if not full and not is_loopback(address.host):
        raise UsageError(f"other machines reach {address}, so a token is needed that you know: set {TOKEN}")
    return full, read


def _host_name(text: str) -> str:
    """The value of `--host-name`.

    Raises:
        UsageError: it is more than a name, or less.
    """
    if not re.fullmatch(r"[\w.-]+|\[[0-9A-Fa-f:.]+\]", text):
        raise UsageError(
            f"--host-name takes a name such as `flows.example`, without scheme and port, not `{text}`"
        )
    return text


def is_loopback(host: str) -> bool:
    """Whether an address is reached from this machine alone."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


class _Told:
    """Says how it goes."""

    def __init__(self, offer: "Offer", *, shows_token: bool) -> None:
        self._offer = offer
        self._fragment = f"#token={offer.tokens.full}" if shows_token else ""

    def ready(self, site: "Site", bound: Address) -> None:
        """See `Listener`."""
        tell_flows("serves", site.folder, self._offer.root, "page")
        print(f"Open http://{bound}/{self._fragment}", flush=True)

    def stopping(self, runs: int) -> None:
        """See `Listener`."""
        tell_stopping(runs, self._offer.grace_s)


async def _serve(offer: "Offer", secrets: Secrets, *, shows_token: bool) -> int:
    serve, told = import_module("headrace.web.server").serve, _Told(offer, shows_token=shows_token)
    left, stop = await live(lambda stop: serve(offer, stop, told, secrets))
    print(left_text(left, is_lost=offer.store == "memory"))
    return 0 if stop.received is signal.SIGTERM and not left.waits else stop.exit_code
