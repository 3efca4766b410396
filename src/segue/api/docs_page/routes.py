"""The page and its three files."""

from __future__ import annotations

from functools import partial
from importlib.resources import files

from fastapi import APIRouter, Response

_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_FILES = {
    "swagger-ui-bundle.js": ("swagger_ui/swagger-ui-bundle.js", "text/javascript"),
    "swagger-ui.css": ("swagger_ui/swagger-ui.css", "text/css"),
    "start.js": ("start.js", "text/javascript"),
}
_HEADERS = {"content-security-policy": _POLICY, "cache-control": "max-age=3600"}


def docs_routes() -> APIRouter:
    """The routes; they are not part of the OpenAPI document."""
    routes = APIRouter(include_in_schema=False)

    @routes.get("/docs")
    async def get_page() -> Response:
        return Response(_read("page.html"), media_type="text/html", headers=_HEADERS)

    for name, (place, kind) in _FILES.items():
        routes.add_api_route(f"/docs/{name}", partial(_file, place, kind))

    return routes


async def _file(place: str, kind: str) -> Response:
    return Response(_read(place), media_type=kind, headers=_HEADERS)


def _read(place: str) -> bytes:
    return files(__package__).joinpath(place).read_bytes()
