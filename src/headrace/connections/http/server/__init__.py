"""Requests that come in, by the server of aiohttp. Apart, since who only asks need not load it."""

from headrace.connections.http.server.incoming import IncomingRequest
from headrace.connections.http.server.listener import HttpListener
from headrace.connections.http.server.reply import Refusal, Reply, error_reply, json_reply
from headrace.connections.http.server.route import Route

__all__ = ["HttpListener", "IncomingRequest", "Refusal", "Reply", "Route", "error_reply", "json_reply"]
