"""The probe against real sockets, encrypted and not: what it sees, and what it never sends."""

import ipaddress
import ssl
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from tests.upstream import Exchange, Upstream

from chit.errors import UpstreamError
from chit.openrouter import probe as probe_module
from chit.openrouter.probe import Tls, probe_connection
from chit.sandbox.server import Sandbox

SECONDS = 20.0
NOW = datetime(2026, 5, 1, 12, 0, 0, tzinfo=UTC)


def answer_with(**headers: str) -> object:
    """A refusal with these headers."""

    async def answer(exchange: Exchange) -> None:
        await exchange.reply(401, b"{}", headers)

    return answer


def make_certificate(folder: Path, *, organisation: str | None = "Test Trust", start: datetime | None = None) -> Path:
    """A certificate for 127.0.0.1 with its key, signed by itself, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    parts = [x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")]
    if organisation:
        parts.append(x509.NameAttribute(NameOID.ORGANIZATION_NAME, organisation))
    start = start or datetime.now(UTC) - timedelta(hours=1)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(x509.Name(parts))
        .issuer_name(x509.Name(parts))
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(start)
        .not_valid_after(start + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), False)
        .sign(key, hashes.SHA256())
    )
    path = folder / "server.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path.write_bytes(certificate.public_bytes(serialization.Encoding.PEM) + private)
    return path


class Encrypted:
    """An address that answers 401 over TLS."""

    def __init__(self, certificate: Path) -> None:
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.load_cert_chain(certificate)

    async def __aenter__(self) -> str:
        import asyncio

        async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.readuntil(b"\r\n\r\n")
            writer.write(b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}")
            await writer.drain()
            writer.close()

        self._server = await asyncio.start_server(answer, "127.0.0.1", 0, ssl=self._context)
        return f"https://127.0.0.1:{self._server.sockets[0].getsockname()[1]}/api/v1"

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        await self._server.wait_closed()


@pytest.fixture
def trusted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A certificate that this process trusts as the system's."""
    certificate = make_certificate(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    return certificate


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    """A sandbox."""
    async with Sandbox() as sandbox:
        yield sandbox


async def test_a_plain_connection(sandbox: Sandbox) -> None:
    """Over plain http there is no TLS; the clock of the same machine is right, and no key was needed."""
    probe = await probe_connection(sandbox.base_url, seconds=SECONDS)
    assert (probe.status, probe.tls) == (401, None)
    assert probe.skew is not None
    assert abs(probe.skew) < 2
    assert 0 < probe.seconds < SECONDS


async def test_no_key_is_sent() -> None:
    """The call carries our name and nothing that says who calls."""
    async with Upstream(answer_with()) as upstream:  # type: ignore[arg-type]
        await probe_connection(upstream.base_url, seconds=SECONDS)
    (request,) = upstream.requests
    assert (request.method, request.target) == ("GET", "/api/v1/key")
    assert "authorization" not in request.headers
    assert "cookie" not in request.headers


async def test_an_encrypted_connection_is_described(trusted: Path) -> None:
    """Version, cipher and the organisation that signed are told; without a date nothing is said of clocks."""
    async with Encrypted(trusted) as base_url:
        probe = await probe_connection(base_url, seconds=SECONDS)
    assert probe.tls == Tls(version="TLSv1.3", cipher="TLS_AES_256_GCM_SHA384", issuer="Test Trust")
    assert (probe.status, probe.skew) == (401, None)


@pytest.mark.usefixtures("trusted")
async def test_a_certificate_that_the_system_does_not_trust_is_refused(tmp_path: Path) -> None:
    """One that somebody else signed is an error of its own kind, with its hint."""
    (tmp_path / "other").mkdir()
    async with Encrypted(make_certificate(tmp_path / "other")) as base_url:
        with pytest.raises(UpstreamError) as raised:
            await probe_connection(base_url, seconds=SECONDS)
    assert (raised.value.kind, "clock" in raised.value.hint) == ("tls", True)


@pytest.mark.parametrize(
    ("certificate", "issuer"),
    [
        (None, None),
        ({}, None),
        ({"issuer": ((("commonName", "R11"),), (("organizationName", "Let's Encrypt"),))}, "Let's Encrypt"),
        ({"issuer": ((("commonName", "Home CA"),),)}, "Home CA"),
        ({"issuer": ((("organizationName", 7),),)}, None),
    ],
)
def test_the_issuer(certificate: dict[str, object] | None, issuer: str | None) -> None:
    """Its organisation, else its name; None where the system's library shows no certificate."""
    assert probe_module._find_issuer(certificate) == issuer


@pytest.mark.parametrize("seconds", [0, 90, -90, 7200, -1e6])
async def test_the_clocks_difference(seconds: float) -> None:
    """Positive where the clock here is ahead; half a second is the best guess of what the header leaves out."""
    async with Upstream(answer_with(Date=format_datetime(NOW, usegmt=True))) as upstream:  # type: ignore[arg-type]
        probe = await probe_connection(
            upstream.base_url, seconds=SECONDS, clock=lambda: NOW.timestamp() + seconds + 0.5
        )
    assert probe.skew == pytest.approx(seconds)


@pytest.mark.parametrize(("date", "skew"), [("yesterday", None), ("", None), ("Fri, 01 May 2026 12:00:00 -0000", -0.5)])
async def test_a_date_that_is_none(date: str, skew: float | None) -> None:
    """Nonsense is no time; a time without a zone is UTC, as the standard has it."""
    async with Upstream(answer_with(Date=date)) as upstream:  # type: ignore[arg-type]
        probe = await probe_connection(upstream.base_url, seconds=SECONDS, clock=NOW.timestamp)
    assert probe.skew == skew


async def test_silence_ends() -> None:
    """An address that never answers is given up when the time is over."""

    async def wait(exchange: Exchange) -> None:
        await exchange.gone()

    began = time.monotonic()
    async with Upstream(wait) as upstream:
        with pytest.raises(UpstreamError) as raised:
            await probe_connection(upstream.base_url, seconds=0.1)
    assert raised.value.kind == "upstream_timeout"
    assert time.monotonic() >= began + 0.1


def test_what_is_not_encrypted_has_no_cipher() -> None:
    """A handshake that never was, and none at all, are no encryption."""
    context = ssl.create_default_context()
    idle = context.wrap_bio(ssl.MemoryBIO(), ssl.MemoryBIO(), server_hostname="localhost")
    assert probe_module._read_tls(idle) is None
    assert probe_module._read_tls(None) is None
