"""Everything that can go wrong upstream, and by hand what it must be called: for the library's and the CLI's tests."""

import asyncio
import json
import ssl
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any, Literal

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from tests.upstream import DONE, Exchange, text_chunk

from chit.sandbox.failure_table import FAILURES
from chit.sandbox.reply import Reply

Delivery = Literal["unary", "start", "middle"]
"""A refusal of a unary request, of a stream, or an error after the first text of a stream."""

PARTIAL = "Half an ans"

NOTHING, REFUSED, MONEY, UPSTREAM = 3, 4, 5, 6
EXITS: Mapping[str, int] = {
    **dict.fromkeys(("key_missing", "key_rejected", "key_wrong_kind"), NOTHING),
    **dict.fromkeys(("no_model", "model_unknown", "model_unavailable", "data_policy", "guardrail"), REFUSED),
    **dict.fromkeys(("no_endpoint", "moderation", "content_blocked", "attestation"), REFUSED),
    **dict.fromkeys(("request_invalid", "context_too_long", "payload_too_large"), REFUSED),
    **dict.fromkeys(("credits_exhausted", "credits_insufficient", "credits_in_flight", "key_limit"), MONEY),
    **dict.fromkeys(("budget", "free_quota", "rate_limited", "capacity"), MONEY),
    **dict.fromkeys(("provider_failed", "provider_overloaded", "upstream_timeout", "upstream_error"), UPSTREAM),
    **dict.fromkeys(("bad_gateway_page", "stream_error", "stream_cut", "empty_completion"), UPSTREAM),
    **dict.fromkeys(("stalled", "offline", "tls", "unexpected_reply"), UPSTREAM),
    "unknown": REFUSED,  # where OpenRouter says 403 and no more; its own status decides
}
"""Exit codes of the command line by kind."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """What a failure must be called."""

    kind: str
    retryable: bool = False
    in_the_middle: str | None = None
    """Its kind after the first text, where that is another."""


def same(kind: str, *names: str, retryable: bool = False, in_the_middle: str | None = None) -> dict[str, Expected]:
    """Several failures of one kind."""
    return dict.fromkeys(names, Expected(kind=kind, retryable=retryable, in_the_middle=in_the_middle))


EXPECTED: Mapping[str, Expected] = {
    **same("no_model", "no-models"),
    **same("model_unknown", "model-unknown", "availability-model-not-found"),
    **same("request_invalid", "too-many-models", "no-input", "empty-input", "temperature", "resource"),
    **same("request_invalid", "precondition-412", "unprocessable-422", "type-string-too-long", "type-invalid-request"),
    **same("request_invalid", "type-invalid-prompt", "type-not-found", "type-precondition-failed"),
    **same("request_invalid", "type-unprocessable", "type-invalid-image", "type-image-too-large"),
    **same("request_invalid", "type-image-too-small", "type-unsupported-image-format", "type-image-not-found"),
    **same("request_invalid", "type-image-download-failed"),
    **same("context_too_long", "context", "excluded-context-length", "type-context-length-exceeded"),
    **same("context_too_long", "type-max-tokens-exceeded", "type-token-limit-exceeded"),
    **same("payload_too_large", "too-large-413", "type-payload-too-large"),
    **same("key_missing", "auth-missing"),
    **same("key_rejected", "auth-user", "auth-none", "auth-cookie", "auth-disabled", "auth-expired"),
    **same("key_rejected", "type-authentication"),
    **same("key_wrong_kind", "management-only", "management-key"),
    **same("data_policy", "data-policy", "data-policy-free-training", "data-policy-paid-training", "data-policy-502"),
    **same("data_policy", "privacy-zdr", "availability-privacy-restricted", "excluded-data-policy-zdr"),
    **same("data_policy", "excluded-data-policy-training"),
    **same("guardrail", "guardrail", "guardrail-reasons", "guardrail-502"),
    **same("no_endpoint", "allowed-providers", "tools", "image-input", "modalities", "parameters", "no-endpoints"),
    **same("no_endpoint", "restrictions", "availability-no-endpoints", "availability-constraint-filtered"),
    **same("no_endpoint", "excluded-geo", "excluded-data-region", "excluded-max-price", "excluded-quantization"),
    **same("no_endpoint", "excluded-require-parameters", "excluded-allowed-providers"),
    **same("model_unavailable", "harness", "region", "availability-region-restricted", "availability-wrong-endpoint"),
    **same("model_unavailable", "availability-model-deprecated", "availability-model-unavailable-upstream"),
    **same("model_unavailable", "availability-free-variant-ended"),
    **same("moderation", "moderation", "type-content-policy-violation", "type-refusal"),
    **same("content_blocked", "content-blocked"),
    **same("attestation", "attestation"),
    **same("unknown", "type-permission-denied"),
    **same("budget", "budget"),
    **same("key_limit", "key-limit-403", "key-limit-daily", "key-limit-weekly", "key-limit-monthly", "key-limit-402"),
    **same("key_limit", "credits-afford-key"),
    **same("credits_exhausted", "credits", "credits-never", "type-payment-required"),
    **same("credits_insufficient", "credits-afford", "prompt-tokens"),
    **same("credits_in_flight", "in-flight", retryable=True),
    **same("free_quota", "free-daily", "free-daily-high"),
    **same("free_quota", "free-minute", retryable=True),
    **same("rate_limited", "provider-pool", "provider-own-key", "type-rate-limit-exceeded", retryable=True),
    **same("capacity", "capacity", "availability-capacity-exhausted", retryable=True),
    **same("provider_failed", "bad-gateway-502", "type-provider-unavailable", retryable=True),
    **same("provider_failed", "availability-temporarily-unavailable", retryable=True),
    **same("provider_overloaded", "overloaded-503", "overloaded-529", "type-provider-overloaded", retryable=True),
    **same("provider_overloaded", "empty-503", retryable=True),
    **same("upstream_timeout", "timeout-408", "timeout-504", "timeout-524", "type-timeout", retryable=True),
    **same(
        "upstream_error", "internal-500", "type-server", "type-unmapped", retryable=True, in_the_middle="stream_error"
    ),
    **same("upstream_error", "empty-500", "empty-502", retryable=True),
    **same("bad_gateway_page", "html-502", "html-403", "html-524", "ddos-html", retryable=True),
}
"""By the name of the sandbox's failure."""


def deliveries(name: str) -> tuple[Delivery, ...]:
    """How a failure of the sandbox can arrive: a page or an empty body is never part of a stream."""
    return ("unary", "start") if isinstance(FAILURES[name].body, str) else ("unary", "start", "middle")


def break_off_with(error: Mapping[str, Any], *, times: int = 1) -> Reply:
    """A stream that begins well and then carries this error object (field guide §3.7)."""
    choice = {"index": 0, "delta": {"content": ""}, "finish_reason": "error"}
    last = {"id": "gen-1", "model": "a/b", "choices": [choice], "error": dict(error)}
    body = text_chunk(PARTIAL) + b"data: " + json.dumps(last).encode() + b"\n\n" + DONE
    return Reply(body=body, content_type="text/event-stream", headers={"X-Generation-Id": "gen-1"}, times=times)


def find_error_object(name: str) -> Mapping[str, Any]:
    """The error object of a failure of the sandbox, as it would stand in a stream."""
    body = FAILURES[name].body
    assert not isinstance(body, str)
    error: Mapping[str, Any] = json.loads(json.dumps(body["error"]).replace("{model}", "a/b"))
    return error


# --- what the connection does ----------------------------------------------------------------------------------------

Answer = Callable[[Exchange], Awaitable[None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """A server that behaves badly, and what each delivery of that must be called."""

    behave: Answer
    kinds: Mapping[Delivery, str]

    async def answer(self, exchange: Exchange) -> None:
        """Behave badly to completions; whatever else is asked for is not there."""
        if exchange.request.method == "POST":
            await self.behave(exchange)
        else:
            await exchange.reply(404, b'{"error": {"code": 404, "message": "Resource not found"}}')


def _always(status: int, body: bytes, content_type: str = "application/json") -> Answer:
    async def answer(exchange: Exchange) -> None:
        await exchange.reply(status, body, {"Content-Type": content_type})

    return answer


def _after_text(then: Callable[[Exchange], Awaitable[None]]) -> Answer:
    """Text first, in a stream; without one, half an object."""

    async def answer(exchange: Exchange) -> None:
        if json.loads(exchange.request.body).get("stream"):
            await exchange.open_stream()
            await exchange.chunk(text_chunk(PARTIAL))
        else:
            await exchange.send(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 99\r\n\r\n{")
        await then(exchange)

    return answer


async def _hang_up(exchange: Exchange) -> None:
    exchange.hang_up()


async def _reset(exchange: Exchange) -> None:
    exchange.reset()


async def _be_silent(exchange: Exchange) -> None:
    await exchange.gone()


async def _say_nonsense(exchange: Exchange) -> None:
    await exchange.chunk(b"data: {nonsense\n\n")
    await exchange.chunk(b"")


async def _say_nothing(exchange: Exchange) -> None:
    if json.loads(exchange.request.body).get("stream"):
        await exchange.open_stream()
        await exchange.chunk(b": OPENROUTER PROCESSING\n\n" + DONE)
        await exchange.chunk(b"")
    else:
        await exchange.reply(200, b'{"id": "gen-1", "model": "a/b", "choices": []}')


_ERROR = b'{"error": {"code": 500, "message": "Internal Server Error"}}'
_IN_CHOICE = json.dumps(
    {
        "id": "gen-1",
        "choices": [{"index": 0, "finish_reason": "error", "error": {"code": 502, "message": "Provider disconnected"}}],
    }
).encode()


def certify_oneself(folder: Path) -> ssl.SSLContext:
    """A server's side of TLS with a certificate that nobody vouches for."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (folder / "server.pem").write_bytes(private + certificate.public_bytes(Encoding.PEM))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "server.pem")
    return context


async def speak_plainly(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answer a greeting in TLS as a server does that knows none."""
    await reader.read(65536)
    writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
    writer.close()
    with suppress(ConnectionError):
        await writer.wait_closed()


TROUBLES: Mapping[str, Trouble] = {
    "a TCP reset before the reply": Trouble(
        behave=_reset, kinds={"unary": "upstream_error", "start": "upstream_error"}
    ),
    "a close before the reply": Trouble(behave=_hang_up, kinds={"unary": "upstream_error", "start": "upstream_error"}),
    "silence before the reply": Trouble(
        behave=_be_silent, kinds={"unary": "upstream_timeout", "start": "upstream_timeout"}
    ),
    "a cut": Trouble(behave=_after_text(_hang_up), kinds={"unary": "stream_cut", "middle": "stream_cut"}),
    "a TCP reset in the middle": Trouble(
        behave=_after_text(_reset), kinds={"unary": "stream_cut", "middle": "stream_cut"}
    ),
    "a stall": Trouble(behave=_after_text(_be_silent), kinds={"unary": "stalled", "middle": "stalled"}),
    "nonsense in a stream": Trouble(behave=_after_text(_say_nonsense), kinds={"middle": "stream_cut"}),
    "an empty completion": Trouble(
        behave=_say_nothing, kinds={"unary": "empty_completion", "start": "empty_completion"}
    ),
    "a page for an answer": Trouble(
        behave=_always(200, b"<!DOCTYPE html><html>Log in</html>", "text/html"),
        kinds={"unary": "unexpected_reply", "start": "unexpected_reply"},
    ),
    "a redirect": Trouble(
        behave=_always(302, b"", "text/html"), kinds={"unary": "unexpected_reply", "start": "unexpected_reply"}
    ),
    "an error for an answer": Trouble(
        behave=_always(200, _ERROR), kinds={"unary": "stream_error", "start": "stream_error"}
    ),
    "an error in a choice": Trouble(
        behave=_always(200, _IN_CHOICE), kinds={"unary": "provider_failed", "start": "provider_failed"}
    ),
    "bytes that are no JSON": Trouble(
        behave=_always(200, b"\x00\xff garbled"), kinds={"unary": "unexpected_reply", "start": "unexpected_reply"}
    ),
}
"""What is no word of OpenRouter's, by name. A person may try again after every one of them."""
