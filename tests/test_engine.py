"""The verbs, against the sandbox and raw servers: what is recorded, sent, shown, kept and adopted."""

import asyncio
import base64
import json
import signal
import sys
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import apsw
import pytest
from tests.canaries import find_canary
from tests.upstream import (
    DONE,
    Exchange,
    Upstream,
    collect,
    event,
    opened,
    shown_reasoning,
    shown_text,
    text_chunk,
    until,
)

from chit.app import App
from chit.core import retry
from chit.core.conversation import Conversation
from chit.core.events import Ended, Event, MediaAdded, Retrying, Started, TextAdded
from chit.core.generation import Generation
from chit.core.messages import AnnotationPart, MediaPart, Message, TextPart, ToolCallPart, ToolResultPart
from chit.core.stream import CompletionStream
from chit.errors import DiskFull, InputError, NotFound
from chit.openrouter.client import Timeouts
from chit.running import Running
from chit.sandbox.account import SANDBOX_KEY
from chit.sandbox.reply import Reply as Canned
from chit.sandbox.server import Sandbox
from chit.store import sqlite as sqlite_module
from chit.store.connection import open_connection
from chit.store.ids import new_id
from chit.store.sqlite import SqliteStore

HELLO = (TextPart("Hello?"),)
TOOLS = [
    {
        "type": "function",
        "function": {"name": name, "parameters": {"type": "object", "properties": {"city": {"type": "string"}}}},
    }
    for name in ("weather", "time")
]


async def ask(app: App, model: str, *, stream: bool = True, **members: Any) -> tuple[Running, list[Event]]:
    """One question to its end."""
    running = await app.engine.send(HELLO, parameters={"model": model, **members}, stream=stream)
    events = await collect(running)
    await running.wait()
    return running, events


async def reread(home: Path, running: Running) -> tuple[Message, Generation]:
    """Message and row, as another process finds them."""
    async with opened("http://127.0.0.1:9/api/v1", home) as app:
        message = await app.store.get_message(running.message.id)
        return message, await app.store.get_generation(running.generation.id)


def read_only(home: Path) -> apsw.Connection:
    """A second connection to the database."""
    return apsw.Connection(str(home / "chit.db"), flags=apsw.SQLITE_OPEN_READONLY)


# --- states ----------------------------------------------------------------------------------------------------------

STATES = {
    "sandbox/echo": ("done", "done"),
    "sandbox/no-done": ("done", "done"),
    "sandbox/no-header": ("done", "done"),
    "sandbox/debug": ("done", "done"),
    "sandbox/empty": ("done", "done"),
    "sandbox/byok": ("done", "done"),
    "sandbox/cached": ("done", "done"),
    "sandbox/citations": ("done", "done"),
    "sandbox/cut": ("cut", "cut"),
    "sandbox/cut-clean": ("cut", "failed"),
    "sandbox/mid-error": ("failed", "failed"),
    "sandbox/mid-error-string": ("failed", "failed"),
    "sandbox/mid-error-bare": ("failed", "failed"),
    "sandbox/choice-error": ("failed", "failed"),
    "sandbox/body-error": ("failed", "failed"),
}
"""Of a stream and of a unary reply."""


@pytest.mark.parametrize("model", STATES)
async def test_every_reply_ends_in_its_state(model: str, tmp_path: Path) -> None:
    """Streamed or not: state, text, id and cost are the sandbox's own, live, on the message, and read again."""
    async with Sandbox(pace=0) as sandbox, opened(sandbox.base_url, tmp_path) as app:
        streamed = await ask(app, model)
        unary = await ask(app, model, stream=False)
        truths = list(sandbox.ledger.generations)
    for (running, events), state, truth in zip((streamed, unary), STATES[model], truths, strict=True):
        message, row = await reread(tmp_path, running)
        assert (running.generation.state, row.state) == (state, state)
        assert row.generation_id == running.generation.generation_id == truth.id
        assert (message.parts, row.usage) == (running.message.parts, running.generation.usage)
        assert (running.error is None) == (state == "done")
        assert (row.error or {}).get("kind") == (running.error.kind if running.error else None)
        if truth.streamed:
            assert shown_text(events) == message.text
            assert shown_reasoning(events) == message.reasoning
        if state == "done":
            assert truth.billed is not None
            assert row.usage.cost == truth.billed.cost
            assert (row.model, row.provider) == (truth.model, truth.provider)
        assert row.settlement is not None
        assert row.settlement.state == "pending"


async def test_a_reset_in_a_stream_is_told_apart_by_its_id(tmp_path: Path) -> None:
    """After a TCP reset, which may swallow what was under way, the state follows from whether an id arrived."""
    async with Sandbox(pace=0) as sandbox, opened(sandbox.base_url, tmp_path) as app:
        running, events = await ask(app, "sandbox/reset")
    assert running.generation.state == ("unknown" if running.generation.generation_id is None else "cut")
    assert shown_text(events) == running.message.text


async def test_a_stalled_stream_is_cut_after_the_idle_limit(tmp_path: Path) -> None:
    """Silence ends a stream; what had come is kept and upstream sees the caller leave."""
    quick = Timeouts(idle=0.2)
    async with Sandbox(pace=0) as sandbox, opened(sandbox.base_url, tmp_path, timeouts=quick) as app:
        running, events = await ask(app, "sandbox/stall")
        await until(lambda: sandbox.ledger.generations[0].state == "cancelled")
    assert running.generation.state == "cut"
    assert running.error is not None
    assert running.error.kind == "stalled"
    assert shown_text(events) == running.message.text != ""


@pytest.mark.parametrize(
    ("body", "content_type", "state"),
    [
        (b"<html>hello</html>", "text/html", "unknown"),
        (b"", "application/json", "unknown"),
        (b'{"id": "gen-x", "choices": []}', "application/json", "failed"),
        (b"garbage\n\n\xff\xfe\x00", "text/event-stream", "unknown"),
        (b"data: [DONE]\n\n", "text/event-stream", "failed"),
        (b'{"id":"gen-x","choices":[{"message":{"content":"Hi"},"finish_reason":"stop"}]}', "application/json", "done"),
        (b'{"error":{"message":"no","code":500}}', "application/json", "failed"),
    ],
)
async def test_any_good_status_ends_in_a_state(body: bytes, content_type: str, state: str, tmp_path: Path) -> None:
    """Whatever a server answers to a request to stream, the generation ends in a stated outcome."""
    async with Sandbox(pace=0) as sandbox, opened(sandbox.base_url, tmp_path) as app:
        sandbox.queue(Canned(body=body, content_type=content_type))
        running, _ = await ask(app, "a/b")
    assert running.generation.state == state
    assert (running.error is None) == (state == "done")


# --- records before it sends, commits before it shows ----------------------------------------------------------------


async def test_a_request_is_recorded_before_it_is_sent(tmp_path: Path) -> None:
    """When upstream reads the request, another connection already sees it, its messages and the state `sent`."""
    seen: list[Any] = []

    async def answer(exchange: Exchange) -> None:
        seen.extend(
            read_only(tmp_path).execute("SELECT state, request, (SELECT count(*) FROM messages) FROM generations")
        )
        await exchange.reply(200, b"{}")

    async with Upstream(answer) as upstream, opened(upstream.base_url, tmp_path) as app:
        await ask(app, "a/b", stream=False)
    assert seen == [("sent", upstream.requests[0].body.decode(), 2)]


async def test_everything_shown_is_in_the_database(tmp_path: Path) -> None:
    """At each event, another connection finds the id with its job, and at least the text shown so far."""
    async with Sandbox(pace=0) as sandbox, opened(sandbox.base_url, tmp_path) as app:
        running = await app.engine.send(HELLO, parameters={"model": "sandbox/long", "max_tokens": 150})
        database, shown, checks = read_only(tmp_path), "", 0
        async for _, seen in running.watch():
            checks += 1
            row_id, state, named = database.execute("SELECT id, state, generation_id FROM generations").get
            assert database.execute("SELECT count(*) FROM settlements WHERE generation_id = ?", (named,)).get == 1
            assert state == "done" if isinstance(seen, Ended) else state in ("streaming", "done")
            shown += seen.text if isinstance(seen, TextAdded) else ""
            assert _stored_text(database, row_id).startswith(shown)
        database.close()
    assert checks > 100
    assert shown == running.message.text


def _stored_text(database: apsw.Connection, row_id: str) -> str:
    """What the database knows of the reply now, in one transaction."""
    with database:
        pieces = [row[0] for row in database.execute("SELECT bytes FROM received_bytes ORDER BY seq")]
        parts = database.execute(
            "SELECT parts FROM messages WHERE id = (SELECT message FROM generations WHERE id = ?)", (row_id,)
        ).get
    stream = CompletionStream()
    stream.feed(b"".join(pieces))
    message = stream.fold.completion()["choices"][0]["message"] if pieces else {}
    return (message.get("content") or "") + "".join(part.get("text", "") for part in json.loads(parts))


async def test_a_unary_call_takes_two_commits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """On the path of a unary call there are at most two commits: before it is sent, and at its end."""
    commits: list[None] = []

    def note() -> bool:
        commits.append(None)
        return False  # let it commit

    def open_counted(path: Path) -> apsw.Connection:
        connection = open_connection(path)
        connection.set_commit_hook(note)
        return connection

    async with Sandbox(pace=0) as sandbox:
        monkeypatch.setattr(sqlite_module, "open_connection", open_counted)
        async with opened(sandbox.base_url, tmp_path) as app:
            await ask(app, "sandbox/echo", stream=False)
            commits.clear()
            await ask(app, "sandbox/echo", stream=False)
            assert len(commits) == 2


async def test_a_full_disk_refuses_before_money_is_spent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without room for a reply neither verb sends or records anything."""

    def no_room(_: SqliteStore) -> None:
        raise DiskFull("no room")

    async with Sandbox(pace=0) as sandbox, opened(sandbox.base_url, tmp_path) as app:
        monkeypatch.setattr(SqliteStore, "check_room", no_room)
        with pytest.raises(DiskFull):
            await app.engine.send(HELLO)
        with pytest.raises(DiskFull):
            await app.engine.send_request(b"{}")
    assert sandbox.ledger.requests == []
    assert read_only(tmp_path).execute("SELECT count(*) FROM generations").get == 0


# --- stopping --------------------------------------------------------------------------------------------------------


async def test_stop_closes_the_upstream_and_still_settles(tmp_path: Path) -> None:
    """Upstream sees the close, bills what was said, and that bill is fetched; the text is kept."""
    async with Sandbox(pace=0, settle_after=0) as sandbox, opened(sandbox.base_url, tmp_path) as app:
        running = await app.engine.send(HELLO, parameters={"model": "sandbox/stall"})
        async for _, seen in running.watch():
            if isinstance(seen, TextAdded):
                break
        message = await running.stop()
        await until(lambda: sandbox.ledger.generations[0].state == "cancelled")
        (job,) = await app.settler.settle_now([running.generation.generation_id or ""])
        truth = sandbox.ledger.generations[0]
    assert running.generation.state == "stopped"
    assert message.text
    assert job.state == "settled"
    assert job.info is not None
    assert truth.billed is not None
    assert job.info.cancelled
    assert job.info.total_cost == truth.billed.cost


async def test_stop_before_any_answer_is_unknown(tmp_path: Path) -> None:
    """A request that upstream has read and not answered may be billed; there is nothing to settle."""
    async with Sandbox(pace=0) as sandbox, opened(sandbox.base_url, tmp_path) as app:
        sandbox.queue(Canned(status=0, hang=True))
        running = await app.engine.send(HELLO, parameters={"model": "a/b"})
        await until(lambda: sandbox.ledger.requests)
        await running.stop()
        row = await app.store.get_generation(running.generation.id)
    assert (row.state, row.generation_id, row.settlement) == ("unknown", None, None)


async def test_closing_the_app_stops_what_runs(tmp_path: Path) -> None:
    """Leaving the app keeps the text of a running stream and closes its upstream."""
    async with Sandbox(pace=0) as sandbox:
        async with opened(sandbox.base_url, tmp_path) as app:
            running = await app.engine.send(HELLO, parameters={"model": "sandbox/stall"})
            async for _, seen in running.watch():
                if isinstance(seen, TextAdded):
                    break
        await until(lambda: sandbox.ledger.generations[0].state == "cancelled")
    message, row = await reread(tmp_path, running)
    assert row.state == "stopped"
    assert message.text == running.message.text != ""


# --- sending again ---------------------------------------------------------------------------------------------------


def failure(status: int, *, times: int = 1, **error: Any) -> Canned:
    """A reply with OpenRouter's JSON error."""
    body = json.dumps({"error": {"message": "no", "code": status, **error}})
    return Canned(status=status, body=body, times=times)


@pytest.mark.parametrize(
    ("replies", "members", "posts", "state"),
    [
        ([failure(429)], {}, 2, "done"),
        ([failure(503, times=3)], {}, 4, "done"),
        ([failure(503, times=4)], {}, 4, "failed"),
        ([failure(429, metadata={"limit_source": "openrouter_free_tier_daily"})], {}, 1, "failed"),
        ([failure(402, metadata={"reason": "in_flight_budget_exhausted"})], {}, 2, "done"),
        ([failure(402, metadata={"reason": "in_flight_budget_exhausted"}, times=2)], {}, 2, "failed"),
        ([failure(502)], {}, 2, "done"),
        ([failure(502, times=2)], {}, 2, "failed"),
        ([failure(502)], {"tools": TOOLS}, 1, "failed"),
        ([failure(502)], {"plugins": [{"id": "web"}]}, 1, "failed"),
        ([failure(502, message="No endpoints found matching your data policy")], {}, 1, "failed"),
        *[([failure(status)], {}, 1, "failed") for status in (400, 401, 402, 403, 404, 413, 422)],
        *[([Canned(status=status)], {}, 1, "unknown") for status in (408, 500, 502, 504, 520, 524)],
        ([failure(500)], {}, 1, "unknown"),
        ([Canned(status=429, body="<html>", content_type="text/html")], {}, 1, "failed"),
        ([Canned(status=503, headers={"X-Generation-Id": "gen-z"}, body='{"error": {"code": 503}}')], {}, 1, "failed"),
        ([Canned(status=0)], {}, 1, "unknown"),
    ],
)
async def test_what_may_have_been_billed_is_never_sent_again(
    replies: Sequence[Canned],
    members: dict[str, Any],
    posts: int,
    state: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The retry table, by the number of POSTs that upstream received; each repetition is announced."""
    monkeypatch.setattr(retry, "_BACK_OFF", (0.0,))
    async with Sandbox(pace=0) as sandbox, opened(sandbox.base_url, tmp_path) as app:
        sandbox.queue(*replies)
        running, events = await ask(app, "sandbox/echo", **members)
        assert len(sandbox.ledger.requests) == posts
        assert len({received.raw for received in sandbox.ledger.requests}) == 1
    assert running.generation.state == state
    assert sum(isinstance(seen, Retrying) for seen in events) == posts - 1


async def test_retry_after_is_honoured(tmp_path: Path) -> None:
    """The announced delay is at least what the server asked for."""
    async with Sandbox(pace=0) as sandbox, opened(sandbox.base_url, tmp_path) as app:
        sandbox.queue(Canned(status=429, body='{"error": {"code": 429}}', headers={"Retry-After": "50"}))
        running = await app.engine.send(HELLO, parameters={"model": "a/b"})
        _, seen = await anext(running.watch())
        await running.stop()
    assert isinstance(seen, Retrying)
    assert 50 <= seen.delay <= 51
    assert len(sandbox.ledger.requests) == 1


# --- what is sent ----------------------------------------------------------------------------------------------------

ODD_BODIES = [
    b'{"model":"sandbox/echo","messages":[{"role":"user","content":"hi"}],"seed":1,"seed":2}',
    b'{"model":"sandbox/echo","messages":[{"role":"user","content":"hi"}],"seed":123456789012345678901234567890}',
    b'{"model":"sandbox/echo","messages":[{"role":"user","content":"half \\ud83d pair"}],"stream":true}',
    b' \n{ "model" :\t"sandbox/echo", "messages" : [ { "role":"user" , "content":"hi" } ] }\r\n ',
    b'{"model":"sandbox/echo","messages":[{"role":"user","content":"hi"}],"x_unknown":{"a":[1.0,1e2,-0.0,1e999]}}',
    b'{"model":"sandbox/echo","messages":[{"role":"user","content":"\\u0062lob:sha256:%s"}]}' % (b"0" * 64),
    b'{"model":"sandbox/echo","messages":[{"role":"user","content":"%s"}]}' % (b"QUJD" * 4000),
    '{"model":"sandbox/echo","messages":[{"role":"user","content":"\u2028 \u0085 \U0001f600 \\u0000"}]}'.encode(),
    b'{"model":"sandbox/echo","messages":[]}',
    b'{"model":"sandbox/echo"}',
    b'{"messages":"text"}',
    b'{"model":5,"models":["sandbox/echo"],"messages":[null,5,{"role":7},{"content":{"a":1}},{"role":"tool"}]}',
    b'{"models":[],"messages":{}}',
]


@pytest.mark.parametrize("body", ODD_BODIES)
async def test_a_request_is_sent_and_recorded_byte_for_byte(body: bytes, tmp_path: Path) -> None:
    """However odd a JSON object is, upstream and the record get exactly its bytes."""
    async with Sandbox(pace=0) as sandbox, opened(sandbox.base_url, tmp_path) as app:
        running = await app.engine.send_request(body)
        await running.wait()
    assert sandbox.ledger.requests[0].raw == body
    message, row = await reread(tmp_path, running)
    assert row.request == body
    assert message.parts == running.message.parts


@pytest.mark.parametrize("body", [b"", b"[]", b'"text"', b'{"a":', b'{"a": NaN}', b'{"a": "\xff"}', b"[" * 100_000])
async def test_what_is_no_json_object_is_refused(body: bytes, tmp_path: Path) -> None:
    """Such a body is an input error; nothing is recorded or sent."""
    async with Sandbox(pace=0) as sandbox, opened(sandbox.base_url, tmp_path) as app:
        with pytest.raises(InputError):
            await app.engine.send_request(body)
    assert sandbox.ledger.requests == []
    assert read_only(tmp_path).execute("SELECT count(*) FROM messages").get == 0


async def test_the_messages_of_a_request_become_a_conversation(tmp_path: Path) -> None:
    """Roles become sources, what we do not model is kept beside them, and the last question names the conversation."""
    messages = [
        {"role": "developer", "content": "Be brief.", "name": "boss"},
        {"role": "user", "content": "First"},
        {
            "role": "assistant",
            "content": None,
            "tool_calls": [{"id": "c", "function": {"name": "f", "arguments": "{}"}}],
        },
        {"role": "tool", "tool_call_id": "c", "content": "4"},
        {"role": "user", "content": "Second \ud83d"},
    ]
    body = json.dumps({"model": "sandbox/echo", "messages": messages}).encode()
    async with Sandbox(pace=0) as sandbox, opened(sandbox.base_url, tmp_path) as app:
        running = await app.engine.send_request(body, origin="cli")
        await running.wait()
        conversation = await app.store.get_conversation(running.message.conversation_id)
        stored = await app.store.list_messages(conversation.id)
    assert (conversation.title, conversation.origin) == ("Second \ufffd", "cli")
    assert [message.source for message in stored] == ["system", "user", "actor", "client", "user", "actor"]
    assert stored[0].extra["OpenRouter"]["wire"] == {"role": "developer", "name": "boss"}
    assert stored[2].parts == (ToolCallPart("c", "f", "{}"),)
    assert [message.parent_id for message in stored] == [None, *[message.id for message in stored[:-1]]]


async def test_the_default_model_is_used_when_none_is_given(tmp_path: Path) -> None:
    """The preference fills in for a missing model; a parameter wins; without either none is named."""
    async with Sandbox(pace=0) as sandbox:
        async with opened(sandbox.base_url, tmp_path, model="sandbox/echo") as app:
            await (await app.engine.send(HELLO)).wait()
            await (await app.engine.send(HELLO, parameters={"model": "sandbox/empty"})).wait()
        async with opened(sandbox.base_url, tmp_path) as app:
            running = await app.engine.send(HELLO)
            await running.wait()
    first, second, third = (received.body for received in sandbox.ledger.requests)
    assert (first["model"], second["model"], "model" in third) == ("sandbox/echo", "sandbox/empty", False)
    assert (running.generation.model or "").startswith("openai/gpt-5-mini")
    assert running.generation.requested_model is None


async def test_parameters_win_over_everything(tmp_path: Path) -> None:
    """What the caller gives replaces what the engine would put there, and unknown members pass through."""
    parameters = {"model": "sandbox/echo", "session_id": "mine", "stream": False, "odd": {"a": 2**70}}
    async with Sandbox(pace=0) as sandbox, opened(sandbox.base_url, tmp_path) as app:
        running = await app.engine.send(HELLO, parameters=parameters)
        await running.wait()
    body = json.loads(sandbox.ledger.requests[0].raw)
    assert body == {**parameters, "messages": [{"role": "user", "content": "Hello?"}]}
    assert not running.generation.streamed


async def test_a_conversation_can_begin_anew(tmp_path: Path) -> None:
    """With an empty parent nothing of what was said is sent, and the question stands beside the first one."""
    async with Sandbox(pace=0) as sandbox, opened(sandbox.base_url, tmp_path, model="sandbox/echo") as app:
        first = await app.engine.send((TextPart("one"),))
        await first.wait()
        conversation_id = first.message.conversation_id
        second = await app.engine.send((TextPart("two"),), conversation_id=conversation_id, parent_id="")
        await second.wait()
        stored = await app.store.list_messages(conversation_id)
    assert [message.parent_id for message in stored] == [None, stored[0].id, None, stored[2].id]
    sent = [[turn["content"] for turn in received.body["messages"]] for received in sandbox.ledger.requests]
    assert sent == [["one"], ["two"]]


async def test_a_branch_goes_on_from_where_it_is_told(tmp_path: Path) -> None:
    """Without a parent the newest leaf is continued; with one, exactly the path to it is sent."""
    async with Sandbox(pace=0) as sandbox, opened(sandbox.base_url, tmp_path, model="sandbox/echo") as app:
        first = await app.engine.send((TextPart("one"),), system="Be kind.")
        await first.wait()
        conversation_id = first.message.conversation_id
        await (await app.engine.send((TextPart("two"),), conversation_id=conversation_id)).wait()
        fork = await app.engine.send((TextPart("three"),), conversation_id=conversation_id, parent_id=first.message.id)
        await fork.wait()
        with pytest.raises(NotFound):
            await app.engine.send(HELLO, conversation_id=conversation_id, parent_id="nobody")
        with pytest.raises(NotFound):
            await app.engine.send(HELLO, conversation_id="nothing")
        title = (await app.store.get_conversation(conversation_id)).title
    sent = [[turn["content"] for turn in received.body["messages"]] for received in sandbox.ledger.requests]
    assert sent == [["Be kind.", "one"], ["Be kind.", "one", "one", "two"], ["Be kind.", "one", "one", "three"]]
    assert {received.body["session_id"] for received in sandbox.ledger.requests} == {conversation_id}
    assert title == "one"


async def test_an_empty_conversation_can_be_continued(tmp_path: Path) -> None:
    """A conversation without messages is gone on with from its root."""
    async with Sandbox(pace=0) as sandbox, opened(sandbox.base_url, tmp_path, model="sandbox/echo") as app:
        gone = Conversation(id=new_id(), title="", origin="cli")
        await _record_orphan(app, [], None, conversation=gone, bare=True)
        await app.engine.adopt()
        running = await app.engine.send(HELLO, conversation_id=gone.id)
        assert (await running.wait()).text == "Hello?"


async def test_reasoning_goes_back_unmodified(tmp_path: Path) -> None:
    """The next turn carries the details, signature included, as the unary reply would have held them."""
    async with Sandbox(pace=0) as sandbox, opened(sandbox.base_url, tmp_path) as app:
        unary, _ = await ask(app, "sandbox/reasoning", stream=False)
        first, events = await ask(app, "sandbox/reasoning")
        second = await app.engine.send(
            HELLO, conversation_id=first.message.conversation_id, parameters={"model": "sandbox/echo"}
        )
        await second.wait()
    assert unary.generation.completion is not None
    details = unary.generation.completion["choices"][0]["message"]["reasoning_details"]
    back = sandbox.ledger.requests[-1].body["messages"][1]
    assert back["role"] == "assistant"
    assert back["reasoning_details"] == details != []
    assert back["content"] == first.message.text
    assert shown_reasoning(events) == first.message.reasoning == unary.message.reasoning != ""


async def test_tool_calls_and_their_results_go_back(tmp_path: Path) -> None:
    """Calls come in as parts; each result goes out as a message of the tool's role after them."""
    async with Sandbox(pace=0) as sandbox, opened(sandbox.base_url, tmp_path) as app:
        first, _ = await ask(app, "sandbox/tools", tools=TOOLS)
        calls = [part for part in first.message.parts if isinstance(part, ToolCallPart)]
        results = [ToolResultPart(call.id, f"{call.name} done") for call in calls]
        second = await app.engine.send(
            results,
            conversation_id=first.message.conversation_id,
            parameters={"model": "sandbox/tools", "tools": TOOLS},
        )
        answer = await second.wait()
        third = await app.engine.send(
            [*results[:1], TextPart("and?")],
            conversation_id=first.message.conversation_id,
            parent_id=first.message.id,
            parameters={"model": "sandbox/echo"},
        )
        await third.wait()
    assert [call.name for call in calls] == ["weather", "time"]
    assert first.generation.finish_reason == "tool_calls"
    assert answer.text == "Thank you, the tool results arrived."
    back = sandbox.ledger.requests[1].body["messages"][1:]
    assert [(call["id"], call["function"]) for call in back[0]["tool_calls"]] == [
        (call.id, {"name": call.name, "arguments": call.arguments}) for call in calls
    ]
    assert back[1:] == [{"role": "tool", "tool_call_id": call.id, "content": f"{call.name} done"} for call in calls]
    assert [turn["role"] for turn in sandbox.ledger.requests[2].body["messages"]] == [
        "user",
        "assistant",
        "tool",
        "user",
    ]


async def test_file_annotations_go_back(tmp_path: Path) -> None:
    """A parsed file that came with a reply is sent back, so that parsing is not paid twice."""
    parsed = {"type": "file", "file": {"hash": "abc", "name": "a.pdf", "content": [{"type": "text", "text": "x"}]}}
    chunk = event({"id": "gen-1", "choices": [{"delta": {"content": "Read.", "annotations": [parsed]}}]})
    body = chunk + text_chunk("", finish="stop") + DONE
    async with Sandbox(pace=0) as sandbox, opened(sandbox.base_url, tmp_path) as app:
        sandbox.queue(Canned(body=body, content_type="text/event-stream"))
        first, _ = await ask(app, "a/b")
        await (
            await app.engine.send(
                HELLO, conversation_id=first.message.conversation_id, parameters={"model": "sandbox/echo"}
            )
        ).wait()
    assert AnnotationPart(parsed) in first.message.parts
    assert sandbox.ledger.requests[1].body["messages"][1]["annotations"] == [parsed]


# --- what comes in ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("stream", [True, False])
async def test_split_emoji_are_joined(stream: bool, tmp_path: Path) -> None:
    """Halves over two chunks become one emoji, a lone half U+FFFD, live and stored alike."""
    async with Sandbox(pace=0) as sandbox, opened(sandbox.base_url, tmp_path) as app:
        running, events = await ask(app, "sandbox/surrogates", stream=stream)
    message, _ = await reread(tmp_path, running)
    assert message.text == running.message.text == "Split: \U0001f600, alone: \ufffd."
    if stream:
        assert shown_text(events) == message.text


@pytest.mark.parametrize("stream", [True, False])
async def test_unknown_integers_are_kept_exactly(stream: bool, tmp_path: Path) -> None:
    """A member beyond 64 bits that nobody knows is in the message's extra data, to the last digit."""
    async with Sandbox(pace=0) as sandbox, opened(sandbox.base_url, tmp_path) as app:
        running, _ = await ask(app, "sandbox/bigint", stream=stream)
    message, _ = await reread(tmp_path, running)
    assert message.extra["OpenRouter"]["completion"]["sandbox_bigint"] == 2**70 + 1


@pytest.mark.parametrize("model", ["sandbox/image", "sandbox/audio"])
async def test_media_end_up_in_parts(model: str, tmp_path: Path) -> None:
    """Images and sound are parts of the message, the same from a stream as from a unary reply."""
    async with Sandbox(pace=0) as sandbox, opened(sandbox.base_url, tmp_path) as app:
        streamed, events = await ask(app, model)
        unary, _ = await ask(app, model, stream=False)
    message, _ = await reread(tmp_path, streamed)
    media = [part for part in message.parts if isinstance(part, MediaPart)]
    assert len(media) == 1
    assert message.parts == streamed.message.parts == unary.message.parts
    assert any(isinstance(seen, MediaAdded) for seen in events)


async def test_large_media_rest_in_blobs(tmp_path: Path) -> None:
    """A large image leaves the database for a file of its own and comes back whole."""
    data = base64.b64encode(bytes(range(256)) * 64).decode()
    image = {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{data}"}}
    chunk = event({"id": "gen-1", "choices": [{"delta": {"images": [image]}, "finish_reason": "stop"}]})
    async with Sandbox(pace=0) as sandbox, opened(sandbox.base_url, tmp_path) as app:
        sandbox.queue(Canned(body=chunk + DONE, content_type="text/event-stream"))
        running, _ = await ask(app, "a/b")
    message, _ = await reread(tmp_path, running)
    assert message.parts == (MediaPart(image),)
    (blob,) = (tmp_path / "blobs").iterdir()
    assert blob.read_text() == data
    assert data not in read_only(tmp_path).execute("SELECT group_concat(parts) FROM messages").get


# --- adoption --------------------------------------------------------------------------------------------------------

_CHILD = """
import asyncio, sys
from pathlib import Path
from chit.core.events import Started, TextAdded
from chit.core.messages import TextPart
from tests.upstream import opened

async def main(base_url, home, model):
    async with opened(base_url, Path(home)) as app:
        running = await app.engine.send([TextPart("Hello?")], parameters={"model": model})
        async for _, seen in running.watch():
            if isinstance(seen, Started):
                print("id", seen.generation_id, flush=True)
            elif isinstance(seen, TextAdded):
                print("text", seen.text, flush=True)

asyncio.run(main(*sys.argv[1:]))
"""


async def _start_child(base_url: str, home: Path, model: str) -> asyncio.subprocess.Process:
    root = Path(__file__).parent.parent
    return await asyncio.create_subprocess_exec(
        sys.executable, "-c", _CHILD, base_url, str(home), model, cwd=root, stdout=asyncio.subprocess.PIPE
    )


async def _kill(child: asyncio.subprocess.Process) -> str:
    child.send_signal(signal.SIGKILL)
    rest, _ = await child.communicate()
    return rest.decode()


async def test_a_killed_stream_is_adopted_with_all_that_was_shown(tmp_path: Path) -> None:
    """After SIGKILL in mid-stream the next start finds id and every shown character, calls it cut, and settles it."""
    async with Sandbox(pace=0, settle_after=0) as sandbox:
        child = await _start_child(sandbox.base_url, tmp_path, "sandbox/stall")
        assert child.stdout is not None
        said = ""
        while "never" not in said:
            said += (await child.stdout.readline()).decode()
        said += await _kill(child)
        lines = said.splitlines()
        shown = "".join(line.removeprefix("text ") for line in lines if line.startswith("text "))
        async with opened(sandbox.base_url, tmp_path) as app:
            row_id = read_only(tmp_path).execute("SELECT id FROM generations").get
            row = await app.store.get_generation(row_id)
            message = await app.store.get_message(row.message_id)
            await until(lambda: sandbox.ledger.generations[0].state == "cancelled")
            (job,) = await app.settler.settle_now([row.generation_id or ""])
    assert (row.state, row.owner) == ("cut", None)
    assert lines[0] == f"id {row.generation_id}"
    assert message.text.startswith(shown)
    assert shown
    assert (row.error or {}).get("kind") is not None
    assert job.state == "settled"


async def test_a_call_killed_before_any_id_is_unknown(tmp_path: Path) -> None:
    """After SIGKILL while the request was out, the next start lists it as one that may have been billed."""
    async with Sandbox(pace=0) as sandbox:
        sandbox.queue(Canned(status=0, hang=True))
        child = await _start_child(sandbox.base_url, tmp_path, "a/b")
        await until(lambda: sandbox.ledger.requests)
        assert await _kill(child) == ""
        async with opened(sandbox.base_url, tmp_path) as app:
            row = await app.store.get_generation(read_only(tmp_path).execute("SELECT id FROM generations").get)
    assert (row.state, row.owner, row.generation_id, row.settlement) == ("unknown", None, None, None)
    assert len(sandbox.ledger.requests) == 1


async def _record_orphan(
    app: App,
    received: Sequence[bytes],
    generation_id: str | None,
    *,
    conversation: Conversation | None = None,
    bare: bool = False,
) -> Generation:
    """A generation of a process that is gone, with these bytes; `bare` without any message."""
    conversation = conversation or Conversation(id=new_id(), title="", origin="cli")
    message = Message(id=new_id(), conversation_id=conversation.id, source="actor")
    generation = Generation(
        id=new_id(),
        message_id=message.id,
        conversation_id=conversation.id,
        origin="cli",
        owner="a-process-that-is-gone",
        request=b"{}",
        streamed=True,
    )
    if bare:
        database = apsw.Connection(str(app.prefs.home / "chit.db"))
        database.execute(
            "INSERT INTO conversations (id, title, origin, created_at) VALUES (?, '', 'cli', 0)", (conversation.id,)
        )
        database.close()
        return generation
    await app.store.record_send(conversation=conversation, messages=[message], generation=generation)
    if generation_id is not None:
        await app.store.record_start(generation, generation_id)
    for data in received:
        committed = asyncio.get_running_loop().create_future()
        app.store.append_received(generation, data, committed.set_result)
        assert await committed is None
    return generation


@pytest.mark.parametrize(
    ("received", "generation_id", "state", "text"),
    [
        ([], None, "unknown", ""),
        ([], "gen-1", "cut", ""),
        ([b": OPENROUTER PROCESSING\n\n"], None, "unknown", ""),
        ([text_chunk("Hel"), text_chunk("lo")[:40]], "gen-1", "cut", "Hel"),
        ([text_chunk("Hel"), text_chunk("lo", finish="stop"), DONE], "gen-1", "done", "Hello"),
        ([text_chunk("Hel", generation_id=None)], None, "unknown", "Hel"),
    ],
)
async def test_orphans_end_as_far_as_they_came(
    received: list[bytes], generation_id: str | None, state: str, text: str, tmp_path: Path
) -> None:
    """What a dead process left becomes a message with all committed text; without an id its outcome is unknown."""
    async with opened("http://127.0.0.1:9/api/v1", tmp_path) as app:
        orphan = await _record_orphan(app, received, generation_id)
        (adopted,) = await app.engine.adopt()
        assert await app.engine.adopt() == []
        row = await app.store.get_generation(orphan.id)
        message = await app.store.get_message(orphan.message_id)
    assert (row.state, row.generation_id, row.owner) == (state, generation_id, None)
    assert adopted.text == message.text == text
    assert (row.error is None) == (state == "done")
    assert (row.settlement is not None) == (generation_id is not None)


async def test_taking_over_asks_nobody(tmp_path: Path) -> None:
    """An orphan whose model was misspelt is told in plain words: a start does not wait for the catalogue."""
    error = event({"id": "gen-1", "error": {"code": 400, "message": "gpt5-mini is not a valid model ID"}})
    async with Sandbox(pace=0) as sandbox, opened(sandbox.base_url, tmp_path) as app:
        orphan = await _record_orphan(app, [error], "gen-1")
        await app.engine.adopt()
        row = await app.store.get_generation(orphan.id)
        assert sandbox.ledger.requests == []
    assert (row.error or {})["kind"] == "model_unknown"


async def test_an_orphan_tells_no_key(tmp_path: Path) -> None:
    """An error that an older Chit kept as it was received is scrubbed when it is taken over, without any key sent."""
    error = event({"id": "gen-1", "error": {"code": 401, "message": f"{SANDBOX_KEY} is wrong"}})
    home = tmp_path / "key-files"  # where the search after the suite passes by, as the test puts the key there itself
    async with opened("http://127.0.0.1:9/api/v1", home) as app:
        orphan = await _record_orphan(app, [error], "gen-1")
        await app.engine.adopt()
        row = await app.store.get_generation(orphan.id)
    assert "sk-or-…ee00 is wrong" in json.dumps(row.error, ensure_ascii=False)
    assert find_canary(repr(row)) is None


async def test_one_id_met_twice_has_one_settlement(tmp_path: Path) -> None:
    """A second reply under an id seen before is kept as a generation of its own and shares the one job."""
    body = text_chunk("Hi", finish="stop") + DONE
    async with Sandbox(pace=0) as sandbox, opened(sandbox.base_url, tmp_path) as app:
        sandbox.queue(Canned(body=body, content_type="text/event-stream", times=2))
        first, _ = await ask(app, "a/b")
        second, _ = await ask(app, "a/b")
        assert [first.generation.state, second.generation.state] == ["done", "done"]
        assert [job.generation_id for job in await app.store.list_pending()] == ["gen-1"]


async def test_figures_are_read_again_as_they_came(tmp_path: Path) -> None:
    """Every figure of the row survives the store; a cost keeps its last digit."""
    usage = {"prompt_tokens": 5, "completion_tokens": 2, "cost": 0.0000123456789012345}
    body = event({"id": "gen-1", "model": "a/b", "choices": [{"delta": {"content": "Hi"}, "finish_reason": "stop"}]})
    body += event({"id": "gen-1", "choices": [], "usage": usage}) + DONE
    async with Sandbox(pace=0) as sandbox, opened(sandbox.base_url, tmp_path) as app:
        sandbox.queue(Canned(body=body, content_type="text/event-stream"))
        running, events = await ask(app, "a/b")
    _, row = await reread(tmp_path, running)
    assert row.usage == running.generation.usage
    assert row.usage.cost == Decimal("0.0000123456789012345")
    assert events[0] == Started("gen-1")
