"""Failed exchanges into `Fault`: the one seam where aiohttp's exceptions are known."""

import aiohttp

from chit.core.fault import Cause, Fault, Phase


def read_connection_fault(error: Exception, *, started: bool) -> Fault:
    """What the connection did. `started` tells whether a good reply had begun.

    Anything that failed before the connection stood is "unsent" and safe to try again; anything later may have been
    billed (security and reliability §3, retry table).
    """
    cause, unsent = _classify(error)
    phase: Phase = "streaming" if started else "unsent" if unsent else "unanswered"
    if started and cause in ("reset", "garbled"):
        cause = "cut"
    elif started and cause == "timeout":
        cause = "stalled"
    return Fault(phase=phase, cause=cause, text=_words(error))


def _classify(error: Exception) -> tuple[Cause, bool]:
    match error:
        case aiohttp.ClientProxyConnectionError() | aiohttp.ClientHttpProxyError():
            return "proxy", True
        case aiohttp.ClientConnectorDNSError():
            return "dns", True
        case aiohttp.ClientConnectorCertificateError() | aiohttp.ClientSSLError():
            return "tls", True
        case aiohttp.ConnectionTimeoutError() | aiohttp.ClientConnectorError():
            return "connect", True
        case TimeoutError():
            return "timeout", False
        case aiohttp.ClientPayloadError() | aiohttp.ClientConnectionError() | OSError():
            return "reset", False
        case _:
            return "garbled", False


def _words(error: Exception) -> str:
    text = " ".join(str(error).split())
    return text[:300] or type(error).__name__
