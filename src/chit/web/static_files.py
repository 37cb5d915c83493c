"""The files that pages are made of, read once: what is asked for is looked up, never opened."""

from pathlib import Path

from aiohttp import web

from chit.web.routes import Route

FOLDER = Path(__file__).parent / "static"
SHELL = "index.html"
_TYPES = {
    ".css": "text/css",
    ".js": "text/javascript",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".woff2": "font/woff2",
}
"""What else lies in the folder is not served."""


def static_routes(folder: Path = FOLDER) -> list[Route]:
    """One route for each file, under `/static/`."""
    return [
        _route(f"/static/{path.relative_to(folder).as_posix()}", path.read_bytes(), _TYPES[path.suffix])
        for path in sorted(folder.rglob("*"))
        if path.suffix in _TYPES and path.is_file()
    ]


def _route(path: str, content: bytes, kind: str) -> Route:
    async def serve(_request: web.Request) -> web.StreamResponse:
        return web.Response(body=content, content_type=kind, charset="utf-8" if kind.startswith("text/") else None)

    return Route(method="GET", path=path, handler=serve, kind="static", needs="nothing")
