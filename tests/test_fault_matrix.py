"""The fault matrix: every kind of error, in every delivery, by the number of POSTs that upstream received.

The numbers are the retry table of security and reliability §3, by hand: what may have been billed is sent once.
"""

import asyncio
import json
import socket
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from tests.failing import PARTIAL, TROUBLES, Delivery, break_off_with, speak_plainly
from tests.upstream import Upstream, collect, opened, shown_text

from chit.app import App
from chit.core import retry
from chit.core.events import Event, Retrying, Started
from chit.core.guidance_kinds import KINDS
from chit.core.messages import TextPart
from chit.errors import UpstreamError
from chit.openrouter.client import Timeouts
from chit.running import Running
from chit.sandbox.reply import Reply
from chit.sandbox.server import Sandbox

BACK_OFF = (0.001, 0.002, 0.003)
"""Seconds, in place of 1, 4 and 10."""
HURRIED = Timeouts(connect=5, first_byte_streaming=0.2, first_byte_unary=0.2, idle=0.2)
ID = {"X-Generation-Id": "gen-seen"}
TOOL = {"type": "function", "function": {"name": "weather", "parameters": {"type": "object", "properties": {}}}}
PAGE = "<!DOCTYPE html><html><title>Error</title></html>"
PRIVACY = "https://openrouter.ai/settings/privacy"


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One failure that upstream gives to every request, what it is called, and how often it may be asked for."""

    kind: str
    status: int
    posts: int = 1
    text: str = "No"
    metadata: Mapping[str, Any] = field(default_factory=dict)
    availability: Mapping[str, Any] = field(default_factory=dict)
    page: str | None = None
    """The body, where it is not OpenRouter's JSON."""
    members: Mapping[str, Any] = field(default_factory=dict)
    """Of the request, beside model and messages."""
    in_the_middle: str | None = None
    """The kind after the first text, where that is another."""

    @property
    def error(self) -> dict[str, Any]:
        """The error object."""
        given = {"metadata": dict(self.metadata), "availability": dict(self.availability)}
        return {"code": self.status, "message": self.text} | {name: value for name, value in given.items() if value}

    def reply(self, **headers: str) -> Reply:
        """As the whole reply, as often as it is asked for."""
        body = json.dumps({"error": self.error}) if self.page is None else self.page
        content_type = "application/json" if self.page is None else "text/html"
        return Reply(status=self.status, headers=headers, body=body, content_type=content_type, times=99)


NEVER = (
    Cell(kind="no_model", status=400, text="No models provided"),
    Cell(kind="model_unknown", status=400, text="a/c is not a valid model ID"),
    Cell(kind="request_invalid", status=400),
    Cell(kind="request_invalid", status=404),
    Cell(kind="request_invalid", status=412),
    Cell(kind="request_invalid", status=422),
    Cell(kind="context_too_long", status=400, metadata={"error_type": "context_length_exceeded"}),
    Cell(kind="payload_too_large", status=413),
    Cell(kind="key_missing", status=401, text="Missing Authentication header"),
    Cell(kind="key_rejected", status=401),
    Cell(kind="key_wrong_kind", status=403, text="Management keys cannot perform this operation"),
    Cell(kind="credits_exhausted", status=402),
    Cell(kind="credits_insufficient", status=402, text="You requested up to 9 tokens, but can only afford 4"),
    Cell(kind="key_limit", status=402, text="Key limit exceeded (total limit)"),
    Cell(kind="key_limit", status=403, text="Key limit exceeded (daily limit)"),
    Cell(kind="budget", status=403, text="Workspace monthly budget of $5.00 exceeded"),
    Cell(kind="moderation", status=403, metadata={"reasons": ["violence"]}),
    Cell(kind="content_blocked", status=403, metadata={"patterns": ["ignore"]}),
    Cell(kind="attestation", status=403, metadata={"missing_attestation_types": ["age_18plus"]}),
    Cell(kind="unknown", status=403),
    Cell(kind="no_endpoint", status=404, text="No endpoints found for a/b."),
    Cell(kind="model_unavailable", status=404, availability={"code": "model_deprecated", "retryable": False}),
    Cell(kind="data_policy", status=404, metadata={"failed_routing_step": "Filter by Data Policy"}),
    Cell(kind="data_policy", status=502, text=f"No endpoints found matching your data policy. Configure: {PRIVACY}"),
    Cell(
        kind="data_policy",
        status=502,
        text="Provider returned error",
        metadata={"raw": json.dumps({"error": {"message": f"No endpoints. Configure: {PRIVACY}"}})},
    ),
    Cell(kind="guardrail", status=404, metadata={"failed_routing_step": "Filter by Guardrails"}),
    Cell(kind="guardrail", status=502, text="No endpoints available matching your guardrail restrictions"),
)
"""502 that names a data policy, and any 400, 401, 402, 403, 404, 413, 422: no."""

UNKNOWN = (
    Cell(kind="upstream_timeout", status=408),
    Cell(kind="upstream_error", status=500, in_the_middle="stream_error"),
    Cell(kind="upstream_error", status=500, page=""),
    Cell(kind="upstream_error", status=502, page=""),
    Cell(kind="upstream_timeout", status=504),
    Cell(kind="upstream_timeout", status=504, page=""),
    Cell(kind="upstream_timeout", status=524),
    Cell(kind="upstream_timeout", status=522, page=""),
    Cell(kind="upstream_error", status=520, in_the_middle="stream_error"),
    Cell(kind="provider_overloaded", status=529),
    Cell(kind="bad_gateway_page", status=502, page=PAGE),
    Cell(kind="bad_gateway_page", status=524, page=PAGE),
    Cell(kind="bad_gateway_page", status=503, page=PAGE),
    Cell(kind="bad_gateway_page", status=429, page=PAGE),
    Cell(kind="provider_overloaded", status=503, page=""),
    Cell(kind="rate_limited", status=429, page=""),
    Cell(kind="unexpected_reply", status=302, page=""),
    Cell(kind="unknown", status=418, in_the_middle="stream_error"),
)
"""Bare 500, 504, 52x, 408, and whatever is not OpenRouter's JSON: no, the outcome is unknown."""

UP_TO_THREE = (
    Cell(kind="rate_limited", status=429, posts=4),
    Cell(kind="rate_limited", status=429, posts=4, metadata={"limit_source": "upstream_provider_shared_pool"}),
    Cell(kind="free_quota", status=429, posts=4, metadata={"limit_source": "openrouter_free_tier_minute"}),
    Cell(kind="capacity", status=429, posts=4, availability={"code": "capacity_exhausted", "retryable": True}),
    Cell(kind="provider_overloaded", status=503, posts=4),
    Cell(kind="provider_failed", status=503, posts=4, availability={"code": "temporarily_unavailable"}),
    Cell(kind="rate_limited", status=429, posts=4, members={"tools": [TOOL]}),
    Cell(kind="provider_overloaded", status=503, posts=4, members={"plugins": [{"id": "web"}]}),
    Cell(kind="free_quota", status=429, posts=1, metadata={"limit_source": "openrouter_free_tier_daily"}),
    Cell(kind="free_quota", status=429, posts=1, text="Rate limit exceeded: free-models-per-day"),
)
"""429 or 503 with OpenRouter's JSON error and no id: yes, at most three times; never for a daily quota."""

ONCE = (
    Cell(kind="credits_in_flight", status=402, posts=2, metadata={"reason": "in_flight_budget_exhausted"}),
    Cell(kind="provider_failed", status=502, posts=2),
    Cell(kind="provider_failed", status=502, posts=2, metadata={"raw": "Blocked by guardrail x", "provider_name": "P"}),
    Cell(kind="provider_failed", status=502, posts=1, members={"tools": [TOOL]}),
    Cell(kind="provider_failed", status=502, posts=1, members={"plugins": [{"id": "web"}]}),
)
"""In-flight requests, and another 502 with a JSON error, no tools or plugins: yes, once."""

CELLS: Sequence[Cell] = (*NEVER, *UNKNOWN, *UP_TO_THREE, *ONCE)
BY_THE_CONNECTION = {"stream_error", "stream_cut", "empty_completion", "stalled", "offline", "tls"}
"""Kinds that no refused reply has; their tests are below."""
NOT_UPSTREAM = {"locked"}


def label(cell: Cell) -> str:
    """What tells a cell apart."""
    details = "".join(str(each) for each in (*cell.metadata.values(), *cell.availability.values(), *cell.members))
    return f"{cell.status} {cell.kind} {'' if cell.page is None else 'bare'} {details[:30]}".strip()


cells = pytest.mark.parametrize("cell", [pytest.param(cell, id=label(cell)) for cell in CELLS])


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """The back-off takes milliseconds."""
    monkeypatch.setattr(retry, "_BACK_OFF", BACK_OFF)


async def ask(app: App, delivery: Delivery, **members: Any) -> tuple[Running, list[Event]]:
    """One question to its end."""
    parameters = {"model": "sandbox/echo", **members}
    running = await app.engine.send([TextPart("Hello?")], parameters=parameters, stream=delivery != "unary")
    return running, await collect(running)


def check_repetitions(events: Sequence[Event], kind: str, posts: int) -> None:
    """Every attempt but the last was announced, with its number, its wait and its cause."""
    told = [event for event in events if isinstance(event, Retrying)]
    assert [event.attempt for event in told] == list(range(1, posts))
    assert [event.error.kind for event in told] == [kind] * (posts - 1)
    assert all(wait <= event.delay <= 1.5 * wait for event, wait in zip(told, BACK_OFF, strict=False))
    assert list(events[: len(told)]) == told


@pytest.mark.parametrize("delivery", ["unary", "start"])
@cells
async def test_a_refusal_is_repeated_as_the_table_has_it(cell: Cell, delivery: Delivery, tmp_path: Path) -> None:
    """A refusal without an id is asked for as often as its row allows, visibly, with the same bytes, and then told."""
    async with Sandbox(pace=0) as sandbox, opened(sandbox.base_url, tmp_path) as app:
        sandbox.queue(cell.reply())
        running, events = await ask(app, delivery, **cell.members)
    assert isinstance(running.error, UpstreamError)
    assert running.error.kind == cell.kind
    assert len(sandbox.ledger.requests) == cell.posts
    assert len({received.raw for received in sandbox.ledger.requests}) == 1
    check_repetitions(events, cell.kind, cell.posts)


@pytest.mark.parametrize("delivery", ["unary", "start"])
@cells
async def test_an_id_ends_every_repetition(cell: Cell, delivery: Delivery, tmp_path: Path) -> None:
    """The same refusal with a generation id may be billed: it is asked for once, and its id is kept."""
    async with Sandbox(pace=0) as sandbox, opened(sandbox.base_url, tmp_path) as app:
        sandbox.queue(cell.reply(**ID))
        running, events = await ask(app, delivery, **cell.members)
    assert running.error is not None
    assert running.error.kind == cell.kind
    assert running.generation.generation_id == ID["X-Generation-Id"]
    assert len(sandbox.ledger.requests) == 1
    check_repetitions(events, cell.kind, 1)


@pytest.mark.parametrize("delivery", ["unary", "start"])
async def test_an_id_in_the_body_counts_too(delivery: Delivery, tmp_path: Path) -> None:
    """A refusal whose body carries the generation id is asked for once, and what it cost is looked up."""
    body = b'{"id": "gen-7", "error": {"code": 503, "message": "busy"}}'
    async with Sandbox(pace=0) as sandbox, opened(sandbox.base_url, tmp_path) as app:
        sandbox.queue(Reply(status=503, body=body, times=9))
        running, events = await ask(app, delivery)
        row = await app.store.get_generation(running.generation.id)
    assert len(sandbox.ledger.requests) == 1
    assert row.settlement is not None
    assert (row.state, row.settlement.generation_id, row.settlement.state) == ("failed", "gen-7", "pending")
    check_repetitions(events, "provider_overloaded", 1)


@pytest.mark.parametrize("has_text", [True, False], ids=["after text", "before text"])
@pytest.mark.parametrize("cell", [pytest.param(cell, id=label(cell)) for cell in CELLS if cell.page is None])
async def test_nothing_is_repeated_once_a_stream_has_begun(cell: Cell, has_text: bool, tmp_path: Path) -> None:
    """The same error inside a stream is asked for once, whether or not any text came, and what came is kept."""
    reply = replace(break_off_with(cell.error), times=99)
    if not has_text:
        reply = replace(reply, body=reply.sent[reply.sent.index(b"\n\n") + 2 :])
    async with Sandbox(pace=0) as sandbox, opened(sandbox.base_url, tmp_path) as app:
        sandbox.queue(reply)
        running, events = await ask(app, "start", **cell.members)
    assert running.error is not None
    assert running.error.kind == (cell.in_the_middle or cell.kind)
    assert len(sandbox.ledger.requests) == 1
    assert isinstance(events[0], Started)
    assert shown_text(events) == running.message.text == (PARTIAL if has_text else "")
    assert ("is kept" in running.error.hint) == has_text


TROUBLED = [(name, delivery) for name, trouble in TROUBLES.items() for delivery in trouble.kinds]


@pytest.mark.parametrize(("name", "delivery"), TROUBLED)
async def test_what_was_sent_is_not_sent_again(name: str, delivery: Delivery, tmp_path: Path) -> None:
    """Resets, cuts, stalls, timeouts, pages and empty replies leave the outcome open: one POST."""
    trouble = TROUBLES[name]
    async with Upstream(trouble.answer) as upstream, opened(upstream.base_url, tmp_path, timeouts=HURRIED) as app:
        running, events = await ask(app, delivery)
    assert running.error is not None
    assert running.error.kind == trouble.kinds[delivery]
    assert [request.method for request in upstream.requests] == ["POST"]
    check_repetitions(events, trouble.kinds[delivery], 1)


@pytest.mark.parametrize("delivery", ["unary", "start"])
async def test_a_refused_connection_is_tried_three_times_more(delivery: Delivery, tmp_path: Path) -> None:
    """Nobody listens: four attempts, each announced, and nothing was sent."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        async with opened(f"http://127.0.0.1:{taken.getsockname()[1]}/api/v1", tmp_path) as app:
            running, events = await ask(app, delivery)
    assert (running.generation.state, running.generation.generation_id) == ("failed", None)
    check_repetitions(events, "offline", 4)


@pytest.mark.parametrize("delivery", ["unary", "start"])
async def test_a_name_that_leads_nowhere_is_tried_three_times_more(delivery: Delivery, tmp_path: Path) -> None:
    """DNS fails: four attempts, each announced, and nothing was sent."""
    async with opened("https://no-such-host.invalid/api/v1", tmp_path) as app:
        running, events = await ask(app, delivery)
    assert running.generation.state == "failed"
    check_repetitions(events, "offline", 4)


@pytest.mark.parametrize("delivery", ["unary", "start"])
async def test_a_failed_handshake_is_tried_three_times_more(delivery: Delivery, tmp_path: Path) -> None:
    """TLS fails: four connections, and no request came over any of them."""
    greetings = 0

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal greetings
        greetings += 1
        await speak_plainly(reader, writer)

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server, opened(f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}/api/v1", tmp_path) as app:
        running, events = await ask(app, delivery)
    assert running.generation.state == "failed"
    assert greetings == 4
    check_repetitions(events, "tls", 4)


def test_no_kind_is_left_out() -> None:
    """Every kind that a reply or a connection can have stands in the matrix, and the statuses of the table do too."""
    seen = {cell.kind for cell in CELLS} | {kind for each in TROUBLES.values() for kind in each.kinds.values()}
    assert seen | BY_THE_CONNECTION | NOT_UPSTREAM == set(KINDS)
    assert BY_THE_CONNECTION - seen == {"offline", "tls"}
    named = {400, 401, 402, 403, 404, 413, 422, 408, 429, 500, 502, 503, 504, 520, 522, 524}
    assert {cell.status for cell in CELLS} >= named
