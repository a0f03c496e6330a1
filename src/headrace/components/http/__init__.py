"""http-module: APIs over HTTP, in both directions."""

from headrace.sdk import Lazy, Module

__all__ = ["HTTP"]

HTTP = Module(
    "http-module",
    "APIs over HTTP, called and offered.",
    (
        Lazy("http-module/client", "headrace.components.http.client:Client"),
        Lazy("http-module/pages", "headrace.components.http.pages:Pages"),
        Lazy("http-module/server", "headrace.components.http.server:Server"),
    ),
)
