"""Node-RED: a loop of 8 messages through an HTTP request node, and SQL by hand in a function node."""

from peers.peer import Peer, Place

__all__ = ["NODE_RED"]


def _command(place: Place) -> list[str]:
    node_red = place.home / "node_modules" / "node-red" / "red.js"
    files = NODE_RED.files
    options = ["--settings", str(files / "settings.js"), "--userDir", str(place.folder)]
    return [str(place.bin / "node"), str(node_red), *options, str(files / "flow.json")]


NODE_RED = Peer("Node-RED, SQL by hand", "node_red", _command, in_flight=8)
