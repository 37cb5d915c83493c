"""Asking again and going on: what is sent, where the new reply stands, and which replies cannot be gone on with."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from tests.dossiers import same
from tests.transfer.chatgpt_exports import conversation
from tests.upstream import DONE, Exchange, Upstream, collect, opened, text_chunk

from chit.app import App
from chit.catalogue import Catalogue
from chit.core.chatgpt import read_chatgpt
from chit.core.events import Ended
from chit.core.generation import Generation
from chit.core.history import Tree
from chit.core.messages import Message, TextPart
from chit.engine import Engine
from chit.errors import InputError, NotFound, UpstreamError
from chit.running import Running
from chit.sandbox.reply import Reply as Canned
from chit.sandbox.server import Sandbox
from chit.store.ids import new_id

STREAM = "text/event-stream"


async def finish(running: Running) -> Running:
    """To its end."""
    await running.wait()
    return running


async def ask(app: App, model: str, **members: Any) -> Running:
    """One question, to its end."""
    return await finish(await app.engine.send([TextPart("Hi")], parameters={"model": model, **members}))


def cut(*pieces: str) -> Canned:
    """A stream that breaks off after these."""
    return Canned(body=b"".join(map(text_chunk, pieces)), content_type=STREAM)


def whole(text: str, finish: str = "stop") -> Canned:
    """A stream that ends well."""
    return Canned(body=text_chunk(text, finish=finish) + DONE, content_type=STREAM)


async def test_asking_again_sends_the_same_bytes(tmp_path: Path) -> None:
    """The new reply stands beside the first one, with a generation and a settlement of its own."""
    async with Sandbox(pace=0, settle_after=0) as sandbox, opened(sandbox.base_url, tmp_path) as app:
        first = await ask(app, "sandbox/echo", seed=5)
        second = await finish(await app.engine.regenerate(first.message.id, origin="web"))
        tree = Tree(await app.store.list_messages(first.message.conversation_id))
        row = await app.store.get_generation(second.generation.id)
    assert [received.raw for received in sandbox.ledger.requests] == [first.generation.request] * 2
    assert second.message.text == first.message.text == "Hi"
    (question,) = tree.children(None)
    assert [each.id for each in tree.children(question.id)] == [first.message.id, second.message.id]
    assert (row.origin, row.state) == ("web", "done")
    assert row.generation_id not in (None, first.generation.generation_id)


async def test_asking_again_with_changes(tmp_path: Path) -> None:
    """An error's own remedy can be applied as it is given: the affordable cap replaces the one that was refused."""
    async with Sandbox(pace=0) as sandbox, opened(sandbox.base_url, tmp_path) as app:
        sandbox.account.total_credits = 0.001
        first = await ask(app, "openai/gpt-5-mini", max_completion_tokens=100_000)
        assert isinstance(first.error, UpstreamError)
        remedy = next(action for action in first.error.actions if action.kind == "retry_with")
        second = await finish(await app.engine.regenerate(first.message.id, changes=remedy.changes))
    assert first.error.kind == "credits_insufficient"
    assert second.error is None
    body = json.loads(second.generation.request)
    assert "max_completion_tokens" not in body
    assert body["max_tokens"] == (remedy.changes or {})["max_tokens"]


@pytest.mark.parametrize(
    ("partial", "state"),
    [
        (cut("One, ", "two, "), "cut"),
        (whole("One, two, ", finish="length"), "done"),
        (Canned(body=text_chunk("One, two, ") + b'data: {"error": {"code": 502}}\n\n', content_type=STREAM), "failed"),
    ],
)
async def test_going_on_asks_for_the_rest(partial: Canned, state: str, tmp_path: Path) -> None:
    """What was said is the last message of the request; the rest follows in a message of its own, and both are kept."""
    async with Sandbox(pace=0) as sandbox, opened(sandbox.base_url, tmp_path) as app:
        sandbox.queue(partial)
        first = await ask(app, "a/b", seed=5)
        assert first.generation.state == state
        sandbox.queue(whole(" three"))
        more = await finish(await app.engine.continue_reply(first.message.id, changes={"seed": 6}))
        kept = await app.store.get_message(first.message.id)
        message = await app.store.get_message(more.message.id)
        sandbox.queue(whole("fine"))
        await finish(
            await app.engine.send([TextPart("And?")], parameters={"model": "a/b"}, conversation_id=kept.conversation_id)
        )
    again, last = (json.loads(received.raw) for received in sandbox.ledger.requests[1:])
    assert again["messages"][-1] == {"role": "assistant", "content": "One, two,"}
    assert again["seed"] == 6
    assert (kept.text, message.text, message.parent_id) == ("One, two, ", " three", kept.id)
    assert [each["content"] for each in last["messages"]] == ["Hi", "One, two, three", "And?"]


async def test_going_on_twice(tmp_path: Path) -> None:
    """A continuation that breaks off too is gone on with from all that was said, in one message."""
    async with Sandbox(pace=0) as sandbox, opened(sandbox.base_url, tmp_path) as app:
        for reply in (cut("One "), cut("two "), whole("three")):
            sandbox.queue(reply)
        first = await ask(app, "a/b")
        second = await finish(await app.engine.continue_reply(first.message.id))
        third = await finish(await app.engine.continue_reply(second.message.id))
    sent = json.loads(sandbox.ledger.requests[-1].raw)["messages"]
    assert [each["content"] for each in sent] == ["Hi", "One two"]
    assert third.message.parent_id == second.message.id


TOOL_CALL = b'data: {"id": "gen-1", "choices": [{"delta": {"content": "Let me", "tool_calls": [%s]}}]}\n\n' % (
    b'{"index": 0, "id": "1", "function": {"name": "weather", "arguments": "{"}}'
)


@pytest.mark.parametrize(
    ("reply", "problem"),
    [
        (whole("All of it."), "that reply is whole"),
        (Canned(body=TOOL_CALL, content_type=STREAM), "called a tool"),
        (cut(" "), "no text to go on from"),
        (Canned(status=400, body=b'{"error": {"code": 400, "message": "x"}}'), "no text to go on from"),
    ],
)
async def test_what_cannot_be_gone_on_with(reply: Canned, problem: str, tmp_path: Path) -> None:
    """It is told before anything is sent, with what can be done instead."""
    async with Sandbox(pace=0) as sandbox, opened(sandbox.base_url, tmp_path) as app:
        sandbox.queue(reply)
        first = await ask(app, "a/b")
        with pytest.raises(InputError, match=problem) as caught:
            await app.engine.continue_reply(first.message.id)
    assert caught.value.hint
    assert len(sandbox.ledger.requests) == 1


async def test_a_request_without_messages_cannot_be_gone_on_with(tmp_path: Path) -> None:
    """A body of another shape, sent as it was, has nothing to add to."""
    async with Sandbox(pace=0) as sandbox, opened(sandbox.base_url, tmp_path) as app:
        sandbox.queue(cut("One "))
        first = await finish(await app.engine.send_request(b'{"prompt": "Hi", "stream": true}'))
        with pytest.raises(InputError, match="no messages to add to"):
            await app.engine.continue_reply(first.message.id)


async def test_what_is_no_reply_or_still_runs(tmp_path: Path) -> None:
    """A question, an unknown id and a reply that is still coming in are refused."""
    async with Sandbox(pace=0) as sandbox, opened(sandbox.base_url, tmp_path) as app:
        running = await app.engine.send([TextPart("Hi")], parameters={"model": "sandbox/stall"})
        with pytest.raises(InputError, match="still coming in"):
            await app.engine.regenerate(running.message.id)
        with pytest.raises(InputError, match="not a reply"):
            await app.engine.regenerate(running.message.parent_id or "")
        with pytest.raises(NotFound):
            await app.engine.continue_reply(new_id())
        await running.stop()
        rows = await app.store.list_generations(running.message.conversation_id)
    assert [row.id for row in rows] == [running.generation.id]


async def test_a_misspelt_model_is_told_with_the_nearest_ones(tmp_path: Path) -> None:
    """The catalogue is asked once, only for such a failure; where it cannot be had the error stands without."""
    async with Sandbox(pace=0) as sandbox, opened(sandbox.base_url, tmp_path) as app:
        failed = await ask(app, "openai/gpt5-mini")
        assert isinstance(failed.error, UpstreamError)
        models = [model for action in failed.error.actions for model in action.models]
        events = await collect(failed)
    assert failed.error.kind == "model_unknown"
    assert models[0] == "openai/gpt-5-mini"
    assert events[-1] == Ended("failed", failed.error)

    async def refuse(exchange: Exchange) -> None:
        if exchange.request.method == "POST":
            await exchange.reply(400, b'{"error": {"code": 400, "message": "x/y is not a valid model ID"}}')
        else:
            await exchange.reply(500)

    async with Upstream(refuse) as upstream, opened(upstream.base_url, tmp_path / "other") as app:
        failed = await ask(app, "x/y")
    assert failed.error is not None
    assert failed.error.kind == "model_unknown"


async def test_a_chain_that_lost_its_beginning_goes_on_from_what_is_there(tmp_path: Path) -> None:
    """A continuation at the root, as an import may bring it, is gone on with from its request's prefill."""
    async with Sandbox(pace=0) as sandbox, opened(sandbox.base_url, tmp_path) as app:
        sandbox.queue(cut("One "))
        first = await ask(app, "a/b")
        orphan = Message(
            id=new_id(),
            conversation_id=first.message.conversation_id,
            source="actor",
            parts=(TextPart(" two "),),
            extra={"OpenRouter": {"continues": True}},
        )
        row = Generation(
            id=new_id(),
            message_id=orphan.id,
            conversation_id=orphan.conversation_id,
            origin="library",
            request=b'{"model": "a/b", "messages": [{"role": "assistant", "content": "One"}]}',
            streamed=False,
            state="cut",
        )
        await app.store.record_send(conversation=None, messages=[orphan], generation=row)
        await finish(await app.engine.continue_reply(orphan.id))
    assert json.loads(sandbox.ledger.requests[-1].raw)["messages"] == [{"role": "assistant", "content": "One two"}]


async def test_a_continuation_asked_for_again_stays_one(tmp_path: Path) -> None:
    """It goes on from the same words beside the first one, and to the model it is part of the reply it follows."""
    async with Sandbox(pace=0) as sandbox, opened(sandbox.base_url, tmp_path) as app:
        for reply in (cut("One "), whole("too"), whole("two"), whole("fine")):
            sandbox.queue(reply)
        first = await ask(app, "a/b")
        second = await finish(await app.engine.continue_reply(first.message.id))
        third = await finish(await app.engine.regenerate(second.message.id))
        conversation_id = first.message.conversation_id
        await finish(
            await app.engine.send([TextPart("And?")], parameters={"model": "a/b"}, conversation_id=conversation_id)
        )
    once, again, last = (json.loads(received.raw)["messages"] for received in sandbox.ledger.requests[1:])
    assert again == once
    assert again[-1] == {"role": "assistant", "content": "One"}
    assert third.message.parent_id == first.message.id
    assert [each["content"] for each in last] == ["Hi", "One two", "And?"]


async def test_the_callers_own_prefill_is_gone_on_from(tmp_path: Path) -> None:
    """What the caller began, what the model added, and what it added next are one message, however often it breaks."""
    begun = [{"role": "user", "content": "A tale!"}, {"role": "assistant", "content": "Once "}]
    async with Sandbox(pace=0) as sandbox, opened(sandbox.base_url, tmp_path) as app:
        for reply in (cut("upon "), cut("a "), whole("time")):
            sandbox.queue(reply)
        body = json.dumps({"model": "a/b", "messages": begun, "stream": True}).encode()
        first = await finish(await app.engine.send_request(body))
        second = await finish(await app.engine.continue_reply(first.message.id))
        await finish(await app.engine.continue_reply(second.message.id))
    sent = [json.loads(received.raw)["messages"] for received in sandbox.ledger.requests]
    assert [[each["content"] for each in messages] for messages in sent] == [
        ["A tale!", "Once "],
        ["A tale!", "Once upon"],
        ["A tale!", "Once upon a"],
    ]


async def test_a_plugin_of_a_remedy_leaves_the_others_on(tmp_path: Path) -> None:
    """The remedy for a conversation that is too long is added to what the request had."""
    plugins = [{"id": "web", "max_results": 1}]
    async with Sandbox(pace=0) as sandbox, opened(sandbox.base_url, tmp_path) as app:
        failed = await ask(app, "sandbox/error-context", plugins=plugins)
        assert failed.error is not None
        remedy = next(action for action in failed.error.actions if action.kind == "retry_with")
        again = await finish(await app.engine.regenerate(failed.message.id, changes=remedy.changes))
    assert json.loads(again.generation.request)["plugins"] == [*plugins, {"id": "context-compression"}]


UNKNOWN = b'{"error": {"code": 400, "message": "x/y is not a valid model ID"}}'


async def test_a_stop_does_not_wait_for_suggestions(tmp_path: Path) -> None:
    """While the catalogue keeps an error waiting, a stop tells it without suggestions."""
    asked = asyncio.Event()

    async def answer(exchange: Exchange) -> None:
        if exchange.request.method == "POST":
            await exchange.reply(400, UNKNOWN)
        else:
            asked.set()
            await exchange.gone()

    async with Upstream(answer) as upstream, opened(upstream.base_url, tmp_path) as app:
        running = await app.engine.send([TextPart("Hi")], parameters={"model": "x/y"})
        await asked.wait()
        await running.stop()
        row = await app.store.get_generation(running.generation.id)
    assert running.error is not None
    assert (running.error.kind, row.state) == ("model_unknown", "failed")
    assert row.error == running.error.as_dict()


async def test_a_broken_catalogue_costs_the_suggestions_only(tmp_path: Path) -> None:
    """Whatever it raises, the error of the reply is the one that is told and recorded."""

    class Broken(Catalogue):
        async def find_ids(self, seconds: float) -> tuple[str, ...]:
            raise RuntimeError("a bug")

    async with Sandbox(pace=0) as sandbox, opened(sandbox.base_url, tmp_path) as app:
        broken = Broken(store=app.store, client=app.client, base_url=sandbox.base_url)
        engine = Engine(store=app.store, client=app.client, notices=app.notices, catalogue=broken)
        running = await finish(await engine.send([TextPart("Hi")], parameters={"model": "openai/gpt5-mini"}))
        row = await app.store.get_generation(running.generation.id)
    assert running.error is not None
    assert running.error.kind == "model_unknown"
    assert row.error == running.error.as_dict()


async def test_what_was_imported_cannot_be_asked_for_again(tmp_path: Path) -> None:
    """There is no request of it, and the error says what to do instead."""
    dossier = read_chatgpt(conversation(), lambda id, name: None)
    async with Sandbox(pace=0) as sandbox, opened(sandbox.base_url, tmp_path) as app:
        await app.store.add_dossier(dossier, scrub=same, now=1.0)
        for verb in (app.engine.regenerate, app.engine.continue_reply):
            with pytest.raises(InputError, match="that reply was imported"):
                await verb(dossier.messages[-1].id)
