"""A DBOS program: a workflow, each page a step of it or, from a queue, a workflow of its own."""

from peers.peer import Peer, Place

__all__ = ["DBOS", "DBOS_QUEUE"]


def _command(form: str, place: Place) -> list[str]:
    return [str(place.bin / "python"), str(DBOS.files / "program.py"), form]


DBOS = Peer("DBOS, a step a page", "dbos", lambda place: _command("steps", place))
DBOS_QUEUE = Peer(
    "DBOS, a queue of 8", "dbos", lambda place: _command("queue", place), in_flight=8, is_slow=True
)
