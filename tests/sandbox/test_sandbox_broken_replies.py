"""Replies that break off, callers who leave, canned replies."""

import asyncio

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import make_mocked_request
from tests.sandbox.caller import Caller, Eventually

from chit.sandbox.account import SANDBOX_KEY
from chit.sandbox.reply import Reply
from chit.sandbox.server import Sandbox, _speak_json
from chit.sandbox.wire_breaks import hang_up


async def test_a_caller_who_drops_a_stream_pays_for_what_was_said(caller: Caller, eventually: Eventually) -> None:
    """The generation is cancelled, billed for its tokens so far, and its record says so."""
    response = await caller.open_stream("sandbox/stall")
    (generation,) = caller.sandbox.ledger.generations
    await eventually(lambda: len(generation.steps) == 9)
    bills = (generation.billed, generation.as_dict()["billed"])  # a pair, so that neither counts as None for good
    assert bills == (None, None)
    assert (await caller.send("GET", f"/generation?id={generation.id}")).status == 404
    response.close()
    await eventually(lambda: generation.billed is not None)
    assert generation.billed is not None
    assert (generation.state, generation.billed.completion_tokens) == ("cancelled", 9)
    record = (await caller.send("GET", f"/generation?id={generation.id}")).json["data"]
    assert (record["cancelled"], record["streamed"], record["finish_reason"]) == (True, True, None)


async def test_a_caller_who_leaves_a_unary_call_pays_in_full(caller: Caller, eventually: Eventually) -> None:
    """Without streaming nothing can be cancelled: the whole answer is billed."""
    caller.sandbox.pace = 1000
    call = asyncio.create_task(caller.complete("sandbox/echo", "123456"))
    await eventually(lambda: caller.sandbox.ledger.generations)
    call.cancel()
    (generation,) = caller.sandbox.ledger.generations
    await eventually(lambda: generation.billed is not None)
    assert generation.billed is not None
    assert (generation.state, generation.billed.completion_tokens, generation.finish_reason) == ("done", 2, "stop")


@pytest.mark.parametrize("model", ["sandbox/cut", "sandbox/reset"])
@pytest.mark.parametrize("stream", [False, True])
async def test_cut_replies_are_billed_as_cut(caller: Caller, model: str, stream: bool) -> None:
    """The connection breaks inside the body, after the text, and the ledger knows it was the sandbox's doing."""
    with pytest.raises(aiohttp.ClientPayloadError):
        await caller.complete(model, stream=stream)
    (generation,) = caller.sandbox.ledger.generations
    assert generation.state == "cut"
    assert generation.billed is not None
    assert generation.billed.completion_tokens == 9


async def test_closing_ends_stalled_replies() -> None:
    """A sandbox with a silent reply closes, and the generation ends as cancelled."""
    async with aiohttp.ClientSession() as session:
        async with Sandbox(pace=0) as sandbox:
            body = {"model": "sandbox/stall", "stream": True, "messages": [{"role": "user", "content": "x"}]}
            headers = {"Authorization": f"Bearer {SANDBOX_KEY}"}
            response = await session.post(f"{sandbox.base_url}/chat/completions", json=body, headers=headers)
            (generation,) = sandbox.ledger.generations
        assert generation.state == "cancelled"
        response.close()


async def test_canned_replies_come_in_order(caller: Caller) -> None:
    """Queued replies are given as they are, as often as they say, before anything else, and cost nothing."""
    caller.sandbox.queue(Reply(status=503, headers={"Retry-After": "1"}, body="{}", times=2), Reply(body=b"\xff"))
    statuses = [(await caller.complete()).status for _ in range(2)]
    assert statuses == [503, 503]
    assert (await caller.complete()).body == b"\xff"
    assert (await caller.complete()).json["object"] == "chat.completion"
    assert [entry.status for entry in caller.sandbox.ledger.requests] == [503, 503, 200, 200]


async def test_canned_replies_can_be_cut_or_never_begin(caller: Caller) -> None:
    """`cut_at` closes inside the body; status 0 closes without a reply."""
    caller.sandbox.queue(Reply(body="0123456789", cut_at=4), Reply(status=0))
    with pytest.raises(aiohttp.ClientPayloadError):
        await caller.complete()
    with pytest.raises(aiohttp.ServerDisconnectedError):
        await caller.complete()


async def test_canned_replies_can_hang(caller: Caller, eventually: Eventually) -> None:
    """`hang` sends its part and then nothing until the caller leaves."""
    caller.sandbox.queue(Reply(body="abc", hang=True))
    response = await caller.open_stream("sandbox/echo")
    assert await response.content.readexactly(3) == b"abc"
    response.close()


async def test_control_queues_replies(caller: Caller) -> None:
    """`POST /sandbox/next` takes one reply or several, text or base64, and refuses what it does not know."""
    one = await caller.send("POST", "/sandbox/next", json={"status": 500, "body": "x", "content_type": "text/plain"})
    two = await caller.send("POST", "/sandbox/next", json=[{"body_base64": "/w=="}])
    assert (one.json, two.json) == ({"queued": 1}, {"queued": 2})
    assert (await caller.complete()).status == 500
    assert (await caller.complete()).body == b"\xff"
    for wrong in ({"stauts": 1}, 7, {"body_base64": "!"}):
        assert (await caller.send("POST", "/sandbox/next", json=wrong)).status == 400


async def test_hanging_up_twice_is_harmless() -> None:
    """A connection that is already gone cannot be closed again, and need not be."""
    gone = make_mocked_request("POST", "/")
    gone.protocol.transport = None
    hang_up(gone, reset=True)


async def test_callers_who_left_raise_nothing() -> None:
    """A write to a closed connection ends quietly."""

    async def write(_: web.Request) -> web.StreamResponse:
        raise ConnectionResetError

    assert (await _speak_json(make_mocked_request("GET", "/"), write)).status == 200
