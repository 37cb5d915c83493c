"""How connections to OpenRouter are opened: the system's trust, the environment's proxy, no cookies."""

import ssl
from collections.abc import Mapping
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import aiohttp

from chit.core.fault import Fault
from chit.core.guidance import explain


def open_session(
    base_url: str,
    *,
    headers: Mapping[str, str],
    force_close: bool,
    response_class: type[aiohttp.ClientResponse] = aiohttp.ClientResponse,
) -> aiohttp.ClientSession:
    """A session for calls to `base_url`, which sends `headers` with each; `force_close` reuses no connection.

    Raises `UpstreamError` for a proxy that cannot be used.
    """
    secure: ssl.SSLContext | bool = True
    if base_url.startswith("https:"):
        import truststore

        secure = truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    proxy = _find_proxy(base_url)
    connector = aiohttp.TCPConnector(limit=0, force_close=force_close, ssl=secure)
    return aiohttp.ClientSession(
        connector=connector,
        cookie_jar=aiohttp.DummyCookieJar(),
        proxy=proxy,
        headers=headers,
        response_class=response_class,
    )


def _find_proxy(base_url: str) -> str | None:
    """From the environment. Not by aiohttp's `trust_env`, which refuses every call if a `.netrc` names the host."""
    address = urlsplit(base_url)
    proxy = None if proxy_bypass(address.netloc) else getproxies().get(address.scheme)
    if proxy is None or proxy.startswith(("http://", "https://")):
        return proxy
    text = f"{address.scheme}_proxy names no proxy that begins with http:// or https://"
    raise explain(Fault(phase="unsent", cause="proxy", text=text))
