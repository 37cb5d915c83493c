"""aiohttp's exceptions into faults: what was surely not sent may be sent again, all else may have been billed."""

import ssl

import aiohttp
import pytest
from aiohttp.client_reqrep import ConnectionKey

from chit.core.fault import Cause, Phase
from chit.openrouter.faults import read_connection_fault

KEY = ConnectionKey("openrouter.test", 443, True, True, None, None, None)
REFUSED = OSError(111, "refused")


@pytest.mark.parametrize(
    ("error", "cause"),
    [
        (aiohttp.ClientProxyConnectionError(KEY, REFUSED), "proxy"),
        (aiohttp.ClientConnectorDNSError(KEY, REFUSED), "dns"),
        (aiohttp.ClientConnectorSSLError(KEY, REFUSED), "tls"),
        (aiohttp.ClientConnectorCertificateError(KEY, ssl.SSLCertVerificationError("expired")), "tls"),
        (aiohttp.ClientConnectorError(KEY, REFUSED), "connect"),
        (aiohttp.ConnectionTimeoutError("slow"), "connect"),
    ],
)
def test_what_failed_before_the_connection_stood_is_unsent(error: Exception, cause: Cause) -> None:
    """Every failure of connecting says that nothing was sent, and which part failed."""
    fault = read_connection_fault(error, started=False)
    assert (fault.phase, fault.cause) == ("unsent", cause)


@pytest.mark.parametrize(
    ("error", "started", "phase", "cause"),
    [
        (aiohttp.ServerDisconnectedError(), False, "unanswered", "reset"),
        (aiohttp.ClientOSError(104, "reset"), False, "unanswered", "reset"),
        (aiohttp.ClientPayloadError("short"), False, "unanswered", "reset"),
        (ConnectionResetError(), False, "unanswered", "reset"),
        (ssl.SSLError("bad record"), False, "unanswered", "reset"),
        (aiohttp.SocketTimeoutError("silent"), False, "unanswered", "timeout"),
        (TimeoutError(), False, "unanswered", "timeout"),
        (aiohttp.InvalidURL("x"), False, "unanswered", "garbled"),
        (aiohttp.ServerDisconnectedError(), True, "streaming", "cut"),
        (aiohttp.ClientPayloadError("short"), True, "streaming", "cut"),
        (aiohttp.ClientError("odd"), True, "streaming", "cut"),
        (ssl.SSLError("bad record"), True, "streaming", "cut"),
        (aiohttp.SocketTimeoutError("silent"), True, "streaming", "stalled"),
        (aiohttp.ClientConnectorError(KEY, REFUSED), True, "streaming", "connect"),
    ],
)
def test_what_failed_later_may_have_been_billed(error: Exception, started: bool, phase: Phase, cause: Cause) -> None:
    """Nothing that can happen on a connection that stood is called unsent."""
    fault = read_connection_fault(error, started=started)
    assert (fault.phase, fault.cause) == (phase, cause)


def test_the_words_are_one_short_line() -> None:
    """The text of a fault is the exception's, on one line and cut; an empty one gives its type."""
    assert read_connection_fault(OSError("a\n  b"), started=False).text == "a b"
    assert read_connection_fault(TimeoutError(), started=False).text == "TimeoutError"
    assert len(read_connection_fault(OSError("x" * 1000), started=False).text) == 300
