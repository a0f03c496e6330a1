"""http-module: APIs over HTTP, in both directions."""

from headrace.components.http.client import Client
from headrace.components.http.server import Server
from headrace.sdk import Module

__all__ = ["HTTP"]

HTTP = Module("http-module", "APIs over HTTP, called and offered.", (Client, Server))
