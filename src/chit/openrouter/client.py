"""The only place that talks to OpenRouter.

A paid POST never reuses an idle connection: a server that closed it silently would read as "may have been billed". It
comes back as a `Reply` or, for anything but a good status, as a `Fault`; free GETs raise the explained error instead.
"""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Self
from urllib.parse import quote

import aiohttp
from yarl import URL

from chit.about import NAME, VERSION
from chit.core.fault import Fault, find_generation_id, read_fault, scrub_fault
from chit.core.guidance import explain
from chit.core.jsontext import JsonInvalid, decode_object
from chit.core.scrub import Scrubber, scrub_bytes
from chit.core.secret import Secret
from chit.errors import UpstreamError
from chit.openrouter.faults import read_connection_fault
from chit.openrouter.reply import Reply
from chit.openrouter.session import open_session
from chit.openrouter.whole import Refusal, Whole

MAX_ERROR_BYTES = 1024 * 1024
MAX_RECORD_BYTES = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeouts:
    """Seconds (design §4). There is no limit on a whole completion."""

    connect: float = 10.0
    first_byte_streaming: float = 120.0
    first_byte_unary: float = 600.0
    idle: float = 120.0
    lookup: float = 30.0
    """For the free GETs, as a whole."""


class OpenRouterClient:
    """One account at one base URL. An asynchronous context manager; nothing is opened before the first call."""

    def __init__(
        self,
        *,
        base_url: str,
        key: Callable[[], Secret],
        app_name: str = NAME,
        app_url: str | None = None,
        timeouts: Timeouts | None = None,
        scrub: Callable[[str], str] = lambda text: text,
    ) -> None:
        """`key` is asked before each call and may raise `KeyUnavailable`, which the call then raises.

        `scrub` hides the keys that the caller knows; those that were sent here, and look-alikes, are hidden anyway.
        """
        self._base_url = base_url.rstrip("/")
        self._key = key
        self._attribution = {"X-OpenRouter-Title": app_name, "User-Agent": f"chit/{VERSION}"}
        if app_url:
            self._attribution["HTTP-Referer"] = app_url
        self._timeouts = timeouts or Timeouts()
        self._scrub = scrub
        self._sent: frozenset[Secret] = frozenset()
        self._scrubber = Scrubber(())
        self._paid: aiohttp.ClientSession | None = None
        self._free: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Close every connection. Idempotent."""
        for session in (self._paid, self._free):
            if session is not None:
                await session.close()
        self._paid = self._free = None

    def scrub(self, text: str) -> str:
        """`text` without keys, for whatever upstream says of a failure."""
        return self._scrub(self._scrubber.scrub(text))

    async def open_completion(
        self, body: bytes, *, streamed: bool, model: str | None = None, uses_tools: bool = False
    ) -> Reply | Fault:
        """POST `/chat/completions`, once. `model` and `uses_tools` go into the fault, to explain and to retry by.

        Raises as `post`.
        """
        outcome = await self.post(
            "/chat/completions", body, streamed=streamed, model=model, uses_tools=uses_tools, headers={}
        )
        return outcome.fault if isinstance(outcome, Refusal) else outcome

    async def post(
        self,
        path: str,
        body: bytes,
        *,
        streamed: bool,
        headers: Mapping[str, str],
        model: str | None = None,
        uses_tools: bool = False,
    ) -> Reply | Refusal | Fault:
        """POST to `path`, its query included, once; `headers` go over our own, but for the key.

        Raises `KeyUnavailable`, and `UpstreamError` for a proxy that cannot be used; every failure of the exchange is a
        `Refusal` where upstream has answered, else a `Fault`.
        """
        if self._paid is None:
            self._paid = self._open_session(force_close=True)
        limits = self._timeouts
        first_byte = limits.first_byte_streaming if streamed else limits.first_byte_unary
        sent = {**headers, **self._headers(), "Content-Type": "application/json"}
        if streamed:
            sent["Accept"] = "text/event-stream"
        timeout = aiohttp.ClientTimeout(
            total=None, connect=limits.connect, sock_connect=limits.connect, sock_read=first_byte
        )
        try:
            response = await self._paid.post(
                self._address(path), data=body, headers=sent, timeout=timeout, allow_redirects=False
            )
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            return scrub_fault(read_connection_fault(error, started=False), self.scrub)
        if 200 <= response.status < 300:
            return Reply(response, idle_seconds=limits.idle)
        return await self._read_failure(response, model=model, uses_tools=uses_tools)

    async def fetch_generation(self, generation_id: str) -> dict[str, Any]:
        """`GET /generation`: the record, unknown fields kept. Raises `UpstreamError`; status 404 means "not yet"."""
        return await self._fetch_data(f"/generation?id={quote(generation_id, safe='')}")

    async def fetch_credits(self, *, key: Callable[[], Secret] | None = None) -> dict[str, Any]:
        """`GET /credits`: `total_credits` and `total_usage`, lifetime totals in USD. `key` gives a management key."""
        return await self._fetch_data("/credits", key)

    async def fetch_key(self, *, key: Callable[[], Secret] | None = None) -> dict[str, Any]:
        """`GET /key`: what the calling key, or the one that `key` gives, is and may still spend (field guide §5.2)."""
        return await self._fetch_data("/key", key)

    async def fetch_models(self) -> list[dict[str, Any]]:
        """`GET /models`: the public catalogue, text models."""
        return await self._fetch_list("/models")

    async def fetch_my_models(self) -> list[dict[str, Any]]:
        """`GET /models/user`: the catalogue after the account's preferences and guardrails."""
        return await self._fetch_list("/models/user")

    async def fetch_whole(self, path: str) -> Whole:
        """GET `path`, its query included, as it comes; a `Refusal` where its status is bad.

        Raises `UpstreamError` where no answer came.
        """
        status, headers, body = await self._get(path)
        if 200 <= status < 300:
            return Whole(status=status, headers=headers, body=body)
        return self._refuse(status, headers, body)

    async def fetch_providers(self) -> list[dict[str, Any]]:
        """`GET /providers`."""
        return await self._fetch_list("/providers")

    def _open_session(self, *, force_close: bool) -> aiohttp.ClientSession:
        return open_session(self._base_url, headers=self._attribution, force_close=force_close)

    def _headers(self, give_key: Callable[[], Secret] | None = None) -> dict[str, str]:
        key = (give_key or self._key)()
        if key not in self._sent:
            self._sent |= {key}
            self._scrubber = Scrubber(self._sent)
        return {"Authorization": f"Bearer {key.reveal()}"}

    async def _read_failure(self, response: aiohttp.ClientResponse, *, model: str | None, uses_tools: bool) -> Refusal:
        body = b""
        try:
            async with asyncio.timeout(self._timeouts.idle):
                while len(body) < MAX_ERROR_BYTES and (data := await response.content.readany()):
                    body += data
        except (aiohttp.ClientError, TimeoutError, OSError):
            pass  # the status alone says enough; the rest of an error text changes nothing
        finally:
            response.close()
        return self._refuse(response.status, _lower(response.headers), body, model=model, uses_tools=uses_tools)

    def _refuse(
        self,
        status: int,
        headers: Mapping[str, str],
        body: bytes,
        *,
        model: str | None = None,
        uses_tools: bool = False,
    ) -> Refusal:
        fault = read_fault(
            phase="replied",
            status=status,
            headers=headers,
            body=body,
            generation_id=headers.get("x-generation-id") or find_generation_id(body),
            requested_model=model,
            uses_tools=uses_tools,
        )
        return Refusal(
            fault=scrub_fault(fault, self.scrub),
            status=status,
            headers={name: self.scrub(text) for name, text in headers.items()},
            body=scrub_bytes(body, self.scrub),
        )

    async def _fetch_data(self, path: str, key: Callable[[], Secret] | None = None) -> dict[str, Any]:
        reply = await self._fetch(path, key)
        data = reply.get("data")
        if not isinstance(data, dict):
            raise explain(_unexpected(path))
        return data

    async def _fetch_list(self, path: str) -> list[dict[str, Any]]:
        data = (await self._fetch(path)).get("data")
        if not isinstance(data, list):
            raise explain(_unexpected(path))
        return [item for item in data if isinstance(item, dict)]

    async def _fetch(self, path: str, key: Callable[[], Secret] | None = None) -> Mapping[str, Any]:
        record = _decode_record(path, *await self._get(path, key))
        if isinstance(record, Fault):
            raise self._explain(record)
        return record

    async def _get(self, path: str, key: Callable[[], Secret] | None = None) -> tuple[int, Mapping[str, str], bytes]:
        if self._free is None:
            self._free = self._open_session(force_close=False)
        timeout = aiohttp.ClientTimeout(total=self._timeouts.lookup, connect=self._timeouts.connect)
        try:
            async with self._free.get(
                self._address(path), headers=self._headers(key), timeout=timeout, allow_redirects=False
            ) as response:
                return response.status, _lower(response.headers), await _read_capped(response)
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise self._explain(read_connection_fault(error, started=False)) from error

    def _address(self, path: str) -> str | URL:
        """A query goes on as it was written."""
        return URL(f"{self._base_url}{path}", encoded=True) if "?" in path else f"{self._base_url}{path}"

    def _explain(self, fault: Fault) -> UpstreamError:
        return explain(scrub_fault(fault, self.scrub))


async def _read_capped(response: aiohttp.ClientResponse) -> bytes:
    pieces: list[bytes] = []
    received = 0
    while received <= MAX_RECORD_BYTES and (data := await response.content.readany()):
        pieces.append(data)
        received += len(data)
    return b"".join(pieces)


def _decode_record(path: str, status: int, headers: Mapping[str, str], body: bytes) -> Mapping[str, Any] | Fault:
    if status != 200:
        return read_fault(phase="replied", status=status, headers=headers, body=body)
    try:
        record = decode_object(body)
    except JsonInvalid:
        return _unexpected(path, body.decode("utf-8", "replace"))
    if record.get("error") is not None:
        return read_fault(phase="replied", status=status, headers=headers, body=body)
    return record


def _unexpected(path: str, raw: str | None = None) -> Fault:
    text = f"the answer to {path.partition('?')[0]} is not the record it should be"
    return Fault(phase="replied", cause="garbled", status=200, text=text, raw=raw)


def _lower(headers: Mapping[str, str]) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}
