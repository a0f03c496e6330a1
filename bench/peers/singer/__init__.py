"""Singer: a tap written with the Meltano SDK, piped into MeltanoLabs' target-postgres."""

import json

from peers.peer import Peer, Place

__all__ = ["SINGER"]


def _command(place: Place) -> list[str]:
    config = place.folder / "target.json"
    settings = {
        "sqlalchemy_url": place.database.replace("postgresql://", "postgresql+psycopg://"),
        "default_target_schema": "public",
        "use_copy": True,
        "add_record_metadata": False,
        "activate_version": False,
    }
    config.write_text(json.dumps(settings))
    tap = f"{place.bin}/python {SINGER.files}/tap.py --config=ENV"
    target = f"{place.bin}/target-postgres --config {config}"
    return ["/bin/bash", "-c", f"set -o pipefail; {tap} | {target}"]


SINGER = Peer("Singer, target-postgres", "singer", _command, is_slow=True)
