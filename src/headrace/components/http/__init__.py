"""http-module: APIs over HTTP."""

from headrace.components.http.client import Client
from headrace.sdk import Module

__all__ = ["HTTP"]

HTTP = Module("http-module", "APIs over HTTP.", (Client,))
