"""The web page, and what machines ask: whether the process lives, and how it fares."""

from http import HTTPStatus
from importlib.resources import files
from pathlib import Path
from typing import Any

from fastapi import FastAPI, Request
from starlette.responses import FileResponse, Response
from starlette.staticfiles import StaticFiles

from headrace.monitor.metrics import CONTENT_TYPE
from headrace.web.problem import ApiError
from headrace.web.site import Site

__all__ = ["add_page"]

STATIC = Path(str(files("headrace.web") / "static"))
"""What `ui/` is built to."""
_DOCUMENTS = frozenset({"favicon.svg", "licenses.txt"})


def add_page(app: FastAPI) -> None:
    """Add the page: its assets, whose names change with their content, and one document for all addresses."""

    @app.get("/live", include_in_schema=False)
    async def live() -> dict[str, str]:
        return {"status": "live"}

    @app.get("/ready", include_in_schema=False)
    async def ready() -> dict[str, str]:
        return {"status": "ready"}

    @app.get("/metrics", include_in_schema=False)
    async def metrics(request: Request) -> Response:
        site: Site = request.app.state.site
        return Response(await site.metrics.render(site.engine), media_type=CONTENT_TYPE)

    app.mount("/assets", _Assets(directory=STATIC / "assets", check_dir=False))

    @app.get("/{path:path}", include_in_schema=False)
    async def page(path: str) -> Response:
        if path.startswith("api/"):
            raise ApiError(HTTPStatus.NOT_FOUND, "not_found", f"the API has no `/{path[:200]}`")
        document = STATIC / (path if path in _DOCUMENTS else "index.html")
        return FileResponse(document, headers={"Cache-Control": "no-cache"})


class _Assets(StaticFiles):
    """Files that never change under their names."""

    def file_response(self, *args: Any, **options: Any) -> Response:  # noqa: ANN401 - as the base has it
        response = super().file_response(*args, **options)
        response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
        return response
