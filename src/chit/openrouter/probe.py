"""One look at the connection itself, without a key: TLS, the server's clock, how long an answer takes."""

import ssl
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC
from email.utils import parsedate_to_datetime
from typing import Any, Self

import aiohttp

from chit.about import VERSION
from chit.core.guidance import explain
from chit.openrouter.faults import read_connection_fault
from chit.openrouter.session import open_session


@dataclass(frozen=True, slots=True, kw_only=True)
class Tls:
    """How a connection is encrypted. It was checked against the system's certificates before anything was said."""

    version: str
    cipher: str
    issuer: str | None
    """The organisation that signed the certificate, where the system tells."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """What one small call showed."""

    status: int
    """HTTP's; 401 is as it should be, since no key was sent."""
    tls: Tls | None
    """None for plain http."""
    skew: float | None
    """Seconds by which the clock here is ahead of the server's; None if it did not tell the time."""
    seconds: float
    """From the look-up of the name to the end of the answer's head."""


class _Watched(aiohttp.ClientResponse):
    """Keeps hold of the encryption, which aiohttp lets go as soon as a short answer is whole."""

    secure: Any = None

    async def start(self, connection: aiohttp.connector.Connection) -> Self:
        """See aiohttp."""
        transport = connection.transport
        self.secure = transport.get_extra_info("ssl_object") if transport else None
        await super().start(connection)
        return self


async def probe_connection(base_url: str, *, seconds: float, clock: Callable[[], float] = time.time) -> Probe:
    """Ask for `/key` without one, for at most `seconds`. `clock` gives unix seconds.

    Raises `UpstreamError` where no answer comes: offline, TLS refused, a proxy that cannot be used.
    """
    timeout = aiohttp.ClientTimeout(total=seconds)
    headers = {"User-Agent": f"chit/{VERSION}"}
    async with open_session(base_url, headers=headers, force_close=True, response_class=_Watched) as session:
        began = time.monotonic()
        try:
            async with session.get(f"{base_url}/key", timeout=timeout, allow_redirects=False) as response:
                now = clock()
                return Probe(
                    status=response.status,
                    tls=_read_tls(getattr(response, "secure", None)),
                    skew=_find_skew(response.headers, now),
                    seconds=time.monotonic() - began,
                )
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise explain(read_connection_fault(error, started=False)) from error


def _read_tls(secure: ssl.SSLObject | None) -> Tls | None:
    cipher = secure.cipher() if secure is not None else None
    if secure is None or cipher is None:
        return None
    return Tls(version=secure.version() or "TLS", cipher=cipher[0], issuer=_find_issuer(secure.getpeercert()))


def _find_issuer(certificate: Mapping[str, Any] | None) -> str | None:
    """Its organisation. Where another library than OpenSSL does the checking, as on macOS, there is nothing to read."""
    names = {name: value for group in (certificate or {}).get("issuer", ()) for name, value in group}
    found = names.get("organizationName") or names.get("commonName")
    return found if isinstance(found, str) else None


def _find_skew(headers: Mapping[str, str], now: float) -> float | None:
    """The header counts whole seconds, so that half a one is the best guess of the rest."""
    try:
        told = parsedate_to_datetime(headers.get("Date", ""))
    except ValueError:
        return None
    return now - (told if told.tzinfo else told.replace(tzinfo=UTC)).timestamp() - 0.5
