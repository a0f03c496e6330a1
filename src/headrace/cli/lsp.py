"""`headrace lsp`: flow files in editors."""

import os
import signal
import socket
import sys
from importlib import import_module

import click

from headrace.app import full_registry
from headrace.cli.collector import keep_loaded
from headrace.errors import UsageError

__all__ = ["command"]


@click.command("lsp")
@click.option(
    "--tcp", "port", type=click.IntRange(1, 65535), metavar="PORT",
    help="Listen on this port of 127.0.0.1 for one editor, instead of standard input.",
)  # fmt: skip
def command(port: int | None) -> int:
    """Serve an editor: the Language Server Protocol over standard input and output.

    Editors start it; docs/editors.md has the settings of each.
    """
    try:
        server = import_module("headrace.lsp.server")
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] not in {"pygls", "lsprotocol"}:
            raise
        raise UsageError("`headrace lsp` needs a package: pip install 'headrace[lsp]'") from None
    registry = full_registry()
    if port is not None:
        _see_that_it_is_free(port)
        print(f"listening on 127.0.0.1:{port}", file=sys.stderr, flush=True)
    elif sys.stdin.isatty():
        print("this speaks with editors, over standard input; Ctrl-C ends it", file=sys.stderr, flush=True)
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # there is nothing to be closed, and a read to be left
    keep_loaded()
    status: int = server.serve(registry, port)
    return status


def _see_that_it_is_free(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as the server will
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            reason = os.strerror(error.errno).lower() if error.errno else str(error)
            raise UsageError(f"port {port} of 127.0.0.1 cannot be had: {reason}") from error
