"""Serves an editor, over standard input and output or over TCP."""

import logging
import os
import sys
from contextlib import suppress

from pygls.exceptions import JsonRpcException

from headrace.lsp.handler import register
from headrace.lsp.service import REFUSED, FlowServer
from headrace.sdk import Registry

__all__ = ["serve"]


def serve(registry: Registry, port: int | None = None) -> int:
    """Serve one editor until it leaves.

    Args:
        registry: the components that there are.
        port: of 127.0.0.1, where one editor may connect; None for standard input and output.

    Returns:
        The exit code of the protocol: 0 if the editor had shut the server down before it left, else 1.
    """
    server = FlowServer(registry)
    register(server)
    logging.getLogger("pygls.protocol.json_rpc").addFilter(_is_no_refusal)
    if port is None:
        # The library closes what it writes to, and nothing else may be written there.
        with os.fdopen(os.dup(sys.stdout.fileno()), "wb") as output:
            server.start_io(sys.stdin.buffer, output)
        return 0 if server.ended else 1
    with suppress(SystemExit):  # how the library ends
        server.start_tcp("127.0.0.1", port)
    return 0 if server.ended else 1


def _is_no_refusal(record: logging.LogRecord) -> bool:
    """Keeps what was refused out of the log: it is the user's mistake, and the editor shows it."""
    error = record.exc_info[1] if record.exc_info else None
    return not (isinstance(error, JsonRpcException) and error.code == REFUSED)
