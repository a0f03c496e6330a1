"""n8n: the HTTP Request node's own pagination, a Code node, and SQL written by hand, a query a page."""

import json
from urllib.parse import parse_qs, urlsplit

from peers.peer import Peer, Place

__all__ = ["N8N"]

_WORKFLOW = "benchpeers000001"
_SETTINGS = {
    "N8N_DIAGNOSTICS_ENABLED": "false",
    "N8N_VERSION_NOTIFICATIONS_ENABLED": "false",
    "N8N_TEMPLATES_ENABLED": "false",
    "N8N_PERSONALIZATION_ENABLED": "false",
    "EXECUTIONS_DATA_SAVE_ON_SUCCESS": "none",
    "N8N_LOG_LEVEL": "error",
}
"""No calls home; and data of executions that succeed is not kept, as "Scaling" recommends."""


def _n8n(place: Place, *arguments: str) -> str:
    settings = " ".join(f"{name}={value}" for name, value in _SETTINGS.items())
    program = place.home / "node_modules" / "n8n" / "bin" / "n8n"
    return f"{settings} N8N_USER_FOLDER={place.folder} {place.bin}/node {program} {' '.join(arguments)}"


def _prepare(place: Place) -> list[str]:
    """Bring in the workflow and what it may use."""
    text = (N8N.files / "workflow.json").read_text()
    workflow = text.replace("{BENCH_API}", place.api).replace("{BENCH_TOKEN}", place.token)
    (place.folder / "workflow.json").write_text(workflow)
    url = urlsplit(place.database)
    data = {
        "host": place.socket_folder,
        "port": int(parse_qs(url.query)["port"][0]),
        "database": url.path.removeprefix("/"),
        "user": "postgres",
        "password": "",
        "ssl": "disable",
    }
    credentials = [{"id": "benchpostgres001", "name": "Postgres", "type": "postgres", "data": data}]
    (place.folder / "credentials.json").write_text(json.dumps(credentials))
    imports = (
        _n8n(place, f"import:{what}", f"--input={place.folder}/{what}.json")
        for what in ("credentials", "workflow")
    )
    return ["/bin/sh", "-c", " && ".join(imports)]


def _command(place: Place) -> list[str]:
    return ["/bin/sh", "-c", _n8n(place, "execute", f"--id={_WORKFLOW}")]


N8N = Peer("n8n, SQL by hand", "n8n", _command, _prepare, is_slow=True)
