"""What the local API answers: whoever serves it makes routes of these."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Literal

from aiohttp import web

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """One method of one path. Each needs a local token, which `LocalApi.admit` has found before the handler runs."""

    method: Literal["GET", "POST"]
    path: str
    """As aiohttp writes it."""
    handler: Handler
    """Raises nothing but bugs, aiohttp's own errors, and `ConnectionError` for a reply that broke off."""
