"""What every request meets first: is it addressed to us, and does it come from a page of ours or from a program?

The rules are those of security and reliability §2, and no rule trusts a header that a proxy would add.
"""

import re
from collections.abc import Sequence
from typing import Literal

from aiohttp import web

from chit.errors import InputError
from chit.web.refusal import Refused

LOOPBACK_NAMES = ("127.0.0.1", "localhost", "[::1]")
_HTTP_PORT = 80
_ALLOWED_HOST = re.compile(r"(?=[a-z0-9])[a-z0-9.-]{1,253}(:[0-9]{1,5})?")
_OWN_SITES = {"same-origin", "none"}
_SIMPLE_TYPES = {"", "application/x-www-form-urlencoded", "multipart/form-data", "text/plain"}
"""What a page of any site may send without asking first; "" is no type at all."""

_TYPES = {"json": ("application/json", "JSON"), "bytes": ("application/octet-stream", "the bytes as they are")}
"""What a route takes, and how it is told."""


class Guard:
    """Knows our names. `allowed_hosts` are those of a proxy in front, as `Host` gives them: `name` or `name:port`."""

    def __init__(self, *, port: int, allowed_hosts: Sequence[str] = ()) -> None:
        """Raises `InputError` for an allowed host that cannot be one."""
        own = [f"{name}:{port}" for name in LOOPBACK_NAMES]
        own += LOOPBACK_NAMES if port == _HTTP_PORT else ()  # browsers leave it out there
        self._origins = {host: {f"http://{host}"} for host in own}
        for host in map(_check_host, allowed_hosts):
            self._origins[host] = {f"https://{host}", f"http://{host}"}

    def check(self, request: web.BaseRequest, *, is_shell: bool) -> None:
        """Raises `Refused`. `is_shell` says whether the empty page is asked for, which a link may lead to."""
        target = request.raw_path  # as it stood in the request line
        if not target.startswith("/") and (request.method, target) != ("OPTIONS", "*"):
            raise Refused(400, "Only the path belongs here.")
        hosts = request.headers.getall("Host", [])
        if len(hosts) != 1:
            raise Refused(400, "There must be one Host.")
        origins = self._origins.get(hosts[0])
        if origins is None:
            raise Refused(421, "Chit does not answer to this name. Open the address that `chit serve` printed.")
        if any(origin not in origins for origin in request.headers.getall("Origin", [])):
            raise Refused(403, "This is not for pages of other origins.")
        sites = request.headers.getall("Sec-Fetch-Site", ["none"])
        if set(sites) - _OWN_SITES and not (is_shell and _is_top_level(request)):
            raise Refused(403, "This is not for pages of other sites.")

    def check_content(self, request: web.BaseRequest, takes: Literal["json", "bytes"] = "json") -> None:
        """Of a request that may change something: its body must be of a type that no form can send. Raises `Refused`.

        That is JSON, or no body at all, unless the route takes bytes: then they must say that they are nothing else.
        """
        wanted, words = _TYPES[takes]
        kinds = [text.partition(";")[0].strip().lower() for text in request.headers.getall("Content-Type", [])]
        if kinds == [wanted] or (takes == "json" and not (kinds or request.body_exists)):
            return
        is_simple = any(kind in _SIMPLE_TYPES for kind in kinds or [""])
        raise Refused(403 if is_simple else 415, f"Send {words}, with Content-Type: {wanted}.")


def _is_top_level(request: web.BaseRequest) -> bool:
    """A person follows a link or OpenRouter leads back; no frame, no script."""
    wanted = {"Sec-Fetch-Mode": ["navigate"], "Sec-Fetch-Dest": ["document"]}
    return request.method == "GET" and all(request.headers.getall(name, []) == text for name, text in wanted.items())


def _check_host(host: str) -> str:
    if not _ALLOWED_HOST.fullmatch(host.lower()):
        raise InputError(
            f"{host!r} cannot be an allowed host",
            hint="Write it as browsers send it: name, or name:port; no https:// and no *.",
        )
    return host.lower()
