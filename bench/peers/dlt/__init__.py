"""dlt: extract to files, normalize, load into a staging table, merge from there."""

from peers.peer import Peer, Place

__all__ = ["DLT", "DLT_TUNED"]


def _command(form: str, place: Place) -> list[str]:
    return [str(place.bin / "python"), str(DLT.files / "program.py"), form]


DLT = Peer("dlt, rest_api source", "dlt", lambda place: _command("plain", place), is_slow=True)
DLT_TUNED = Peer("dlt, tuned", "dlt", lambda place: _command("tuned", place), in_flight=2)
