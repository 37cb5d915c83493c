"""The verbs of the library, over the sandbox: asking, reading on, conversations, costs."""

import asyncio
import os
import warnings
from collections.abc import Awaitable, Callable
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any, TypeVar

import pytest
from tests.cli.person import KEY
from tests.library.conftest import move_in
from tests.upstream import DONE, Exchange, Upstream, text_chunk, until

import chit
from chit.core.jsontext import decode_object
from chit.sandbox.server import Sandbox
from chit.vault.sources import VARIABLE

T = TypeVar("T")


async def _until(look: Callable[[], Awaitable[T]]) -> T:
    """What it finds, once it finds something."""
    async with asyncio.timeout(20):
        while not (found := await look()):  # noqa: ASYNC110 - what is in the store has no event
            await asyncio.sleep(0.001)
    return found


async def _has_begun(app: chit.App, summary: chit.ConversationSummary) -> bool:
    return (await app.get_conversation(summary)).messages[-1].state == "streaming"


async def _watch(reply: chit.Reply[chit.Message], seen: list[object]) -> None:
    async for event in reply:
        seen.append(event)


def _read_all(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.iterdir() if path.is_file())


def _write_prefs(home: Path, text: str) -> None:
    home.mkdir()
    (home / "prefs.toml").write_text(text)


async def test_a_question_and_its_chit(app: chit.App) -> None:
    """A message is what it says, and has the receipt, first as reported, then settled."""
    message = await app.send("Why is the sky blue?", model="sandbox/echo")
    assert str(message) == message.text == "Why is the sky blue?"
    assert (message.source, message.state, message.finish_reason) == ("actor", "done", "stop")
    assert message.chit is not None
    assert message.cost == message.chit.reported_cost
    settled = await message.settled()
    assert settled.settlement == "settled"
    assert settled.settled_cost == message.cost
    assert settled.generation_id == message.chit.generation_id
    assert repr(message) == f"<Message {message.id} actor 'Why is the sky blue?'>"


async def test_a_long_message_has_a_short_name(app: chit.App) -> None:
    """What stands in a notebook stays on one line."""
    message = await app.send("x" * 100, model="sandbox/echo")
    assert repr(message).endswith("x…'>")
    assert len(repr(message)) < 130


async def test_what_no_model_wrote_has_no_chit(app: chit.App) -> None:
    """A question costs nothing, and cannot be settled."""
    reply = await app.send("Hi")
    question = await app.get_message(reply.parent_id or "")
    assert (question.chit, question.cost, question.state, question.finish_reason) == (None, None, None, None)
    with pytest.raises(TypeError, match="only what a model wrote has a chit"):
        await question.settled()


async def test_streaming(app: chit.App) -> None:
    """Events come from the first on, as often as they are asked for; texts are what the model says."""
    reply = app.stream("Hello there", model="sandbox/echo")
    events = [event async for event in reply]
    assert isinstance(events[0], chit.Started)
    assert events[-1] == chit.Ended("done", None)
    assert "".join(event.text for event in events if isinstance(event, chit.TextAdded)) == "Hello there"
    assert [event async for event in reply] == events
    assert "".join([text async for text in reply.texts()]) == (await reply).text == "Hello there"


async def test_what_goes_wrong_is_raised_to_everyone(app: chit.App) -> None:
    """By the events after their last, by the texts, by the message; `message_id` names what is kept."""
    reply = app.stream("Hi", model="sandbox/cut")
    seen: list[object] = []
    with pytest.raises(chit.UpstreamError) as raised:
        await _watch(reply, seen)
    assert isinstance(seen[-1], chit.Ended)
    with pytest.raises(chit.UpstreamError):
        await reply
    with pytest.raises(chit.UpstreamError, match="broke"):
        await app.send("Hi", model="sandbox/cut")
    assert raised.value.hint
    kept = await app.get_message(raised.value.message_id or "")
    assert (kept.state, kept.text) == ("cut", "This reply begins well, but it will never")
    assert kept.chit is not None


async def test_a_refusal_costs_nothing_and_cannot_be_settled(app: chit.App) -> None:
    """Its chit stays as it is, without waiting."""
    with pytest.raises(chit.UpstreamError) as raised:
        await app.send("Hi", model="no/such-model")
    refused = await app.get_message(raised.value.message_id or "")
    assert refused.state == "failed"
    assert (await refused.settled()).settlement is None


async def test_what_is_settled_needs_no_key(app: chit.App, monkeypatch: pytest.MonkeyPatch) -> None:
    """All that is here can be read without one, a settled chit as well."""
    message = await app.send("Hi", model="sandbox/echo")
    chit_there = await message.settled()
    monkeypatch.delenv("OPENROUTER_API_KEY")
    monkeypatch.setenv("CHIT_SETTLE", "manual")
    async with chit.open() as reader:
        found = await (await reader.get_message(message.id)).settled()
        assert found.settlement == chit_there.settlement is not None


async def test_what_is_no_question(app: chit.App) -> None:
    """Mistakes of the programmer name what was given and what is wanted; nothing is sent."""
    words: Any = ["hello", "world"]
    parts: Any = [chit.TextPart("x")]
    week: Any = "week"
    with pytest.raises(TypeError, match=r"a question is text, or parts such as chit.TextPart, not 'hello'"):
        await app.send(words)
    with pytest.raises(TypeError, match=r"a file is a path, a chit.MediaPart or a chit.TextFilePart, not TextPart"):
        await app.send("Hi", files=parts)
    with pytest.raises(TypeError, match="costs are summed by day, month, model, provider, origin, not by 'week'"):
        await app.sum_costs(by=week)
    assert await app.list_conversations() == []


async def test_a_conversation_goes_on(app: chit.App, box: Sandbox) -> None:
    """After a message, a conversation, or an id of either, with the model and the parameters that it had."""
    first = await app.send("One", model="sandbox/echo", system="Be brief.", parameters={"temperature": 0.5})
    second = await app.send("Two", after=first)
    short = await app.send("Three", after=second.id[-8:])
    generation = await app.send("Four", after=short.chit.generation_id if short.chit else None)
    conversation = await app.get_conversation(first.conversation_id)
    await app.send("Five", after=conversation)
    await app.send("Six", after=first.conversation_id[-8:])
    sent = box.ledger.requests[-1].body
    assert [message["content"] for message in sent["messages"]] == [
        *("Be brief.", "One", "One", "Two", "Two", "Three", "Three", "Four", "Four", "Five", "Five", "Six")
    ]
    assert (sent["model"], sent["temperature"]) == ("sandbox/echo", 0.5)
    assert generation.conversation_id == first.conversation_id


async def test_several_models_go_on(app: chit.App, box: Sandbox) -> None:
    """Fallbacks are what the conversation had, too; another model may be named instead."""
    first = await app.send("One", model="sandbox/echo, sandbox/long")
    await app.send("Two", after=first)
    assert box.ledger.requests[-1].body["models"] == ["sandbox/echo", "sandbox/long"]
    await app.send("Three", after=first, model="sandbox/empty")
    assert "models" not in box.ledger.requests[-1].body


async def test_branches(app: chit.App) -> None:
    """What follows an earlier message stands beside what was there; a conversation is its whole tree."""
    one = await app.send("One", model="sandbox/echo")
    two = await app.send("Two", after=one)
    other = await app.send("Other", after=one)
    conversation = await app.get_conversation(two)
    assert [message.text for message in conversation.messages] == ["One", "One", "Two", "Two", "Other", "Other"]
    assert [message.text for message in conversation.branch(two)] == ["One", "One", "Two", "Two"]
    assert [message.text for message in conversation.branch()] == ["One", "One", "Other", "Other"]
    assert conversation.branch(two.id) == conversation.branch(two.id[-8:]) == conversation.branch(two)
    assert [leaf.id for leaf in conversation.leaves] == [two.id, other.id]
    assert conversation.title == "One"
    assert conversation.cost == sum(message.cost for message in (one, two, other) if message.cost)
    with pytest.raises(chit.NotFound, match="there is no message nowhere"):
        conversation.branch("nowhere")


async def test_conversations_are_listed_renamed_and_deleted(app: chit.App) -> None:
    """The latest first, in pages; what is deleted is gone, and its cost still counts."""
    replies = [await app.send(f"Question {number}") for number in range(3)]
    first, second = await app.list_conversations(limit=2)
    (third,) = await app.list_conversations(limit=2, before=second)
    assert [each.title for each in (first, second, third)] == ["Question 2", "Question 1", "Question 0"]
    await app.rename_conversation(third, "The first one")
    assert (await app.get_conversation(replies[0])).title == "The first one"
    before = await app.sum_costs()
    generation_id = replies[0].chit.generation_id if replies[0].chit else ""
    await app.delete_conversation(generation_id or "")
    assert len(await app.list_conversations()) == 2
    assert await app.sum_costs() == before
    with pytest.raises(chit.NotFound):
        await app.get_conversation(third)
    with pytest.raises(chit.NotFound, match="gone"):
        await app.rename_conversation(third, "x")
    with pytest.raises(chit.NotFound, match="nothing here has the id nowhere"):
        await app.delete_conversation("nowhere")
    with pytest.raises(chit.NotFound, match="is a conversation, not a message"):
        await app.get_message(first.id)


async def test_after_a_question(app: chit.App, box: Sandbox) -> None:
    """Where no reply stands before it, there is no model to go on with."""
    first = await app.send("One", model="sandbox/echo")
    await app.send("Two", after=first.parent_id)
    assert "model" not in box.ledger.requests[-1].body


async def test_a_program_that_cancels_everything(app: chit.App) -> None:
    """A reply that was cancelled as a task is over; whoever waits for it is cancelled, too."""
    reply = app.stream("Hi", model="sandbox/stall")
    watching = asyncio.create_task(_watch(reply, []))
    await asyncio.sleep(0)
    for task in asyncio.all_tasks():
        if task.get_name() == "reply":
            task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reply
    with pytest.raises(asyncio.CancelledError):
        await watching


async def test_who_looks_away_stops_nothing(app: chit.App) -> None:
    """A watcher that is cancelled leaves the reply to go on."""
    reply = app.stream("Hello there", model="sandbox/echo")
    watching = asyncio.create_task(_watch(reply, []))
    await asyncio.sleep(0)
    watching.cancel()
    with pytest.raises(asyncio.CancelledError):
        await watching
    assert (await reply).text == "Hello there"


async def test_an_empty_conversation(app: chit.App) -> None:
    """One that came to nothing has no branch."""
    conversation = await app.get_conversation(await app.send("Hi"))
    assert chit.Conversation(id="x", title="", origin="library", messages=(), cost=None).branch() == ()
    assert conversation.branch() == conversation.messages


async def test_costs(app: chit.App) -> None:
    """Sums are exact, by every split, and of what is asked for; nothing known is None, not zero."""
    assert await app.sum_costs() == chit.Costs(total=None, charges=0, pending=0, unknown=0)
    assert (await app.sum_costs(by="day")).parts == {}
    replies = [await app.send("Hi", model=model) for model in ("sandbox/echo", "sandbox/long", "sandbox/echo")]
    costs = [reply.cost for reply in replies if reply.cost is not None]
    everything = await app.sum_costs(by="model")
    assert everything.total == sum(costs)
    assert everything.charges == 3
    assert everything.parts == {"sandbox/long": costs[1], "sandbox/echo": costs[0] + costs[2]}
    assert list(everything.parts) == ["sandbox/long", "sandbox/echo"]
    assert (await app.sum_costs(by="origin")).parts == {"library": sum(costs)}
    assert sum((await app.sum_costs(by="provider")).parts.values()) == sum(costs)
    days, months = (await app.sum_costs(by="day")).parts, (await app.sum_costs(by="month")).parts
    assert sum(days.values()) == sum(months.values()) == sum(costs)
    assert {day[:7] for day in days} == set(months)
    assert (await app.sum_costs(model="sandbox/long")).total == costs[1]
    assert (await app.sum_costs(last=date(2020, 1, 1), by="day")).parts == {}


async def test_what_nobody_priced_is_in_no_sum(app: chit.App) -> None:
    """A reply that never came to anything has no part in a split."""
    with pytest.raises(chit.UpstreamError):
        await app.send("Hi", model="no/such-model")
    assert (await app.sum_costs(by="model")).parts == {}
    assert (await app.sum_costs(by="month")).parts == {}


async def test_a_private_conversation(app: chit.App, home: Path) -> None:
    """Nothing of it is written down, it can be gone on with, and one that is there cannot become it."""
    first = await app.send("A word that is nowhere: xylograph", private=True, model="sandbox/echo")
    second = await app.send("More", after=first)
    assert "xylograph" in (await app.get_conversation(second)).branch()[0].text
    assert b"xylograph" not in _read_all(home)
    with pytest.raises(TypeError, match="private is for a new conversation"):
        await app.send("Hi", after=first, private=True)


async def test_parameters(app: chit.App, box: Sandbox) -> None:
    """They go over what is preferred; None leaves a default out."""
    async with chit.open(model="sandbox/echo", parameters={"temperature": 0.2, "seed": 7}) as other:
        await other.send("Hi", parameters={"temperature": None, "top_p": 0.5})
        assert other.prefs.model == "sandbox/echo"
    sent = box.ledger.requests[-1].body
    assert (sent["model"], sent["seed"], sent["top_p"]) == ("sandbox/echo", 7, 0.5)
    assert "temperature" not in sent


async def test_options_that_there_are_none_of(app: chit.App) -> None:
    """A misspelt one is a mistake of the programmer, told at once."""
    with pytest.raises(TypeError, match="modle"):
        await app.send("Hi", modle="x")  # type: ignore[call-overload]


async def test_a_cancelled_question_is_stopped(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing goes on behind the program's back; what came is kept, and ended as stopped."""

    async def answer(exchange: Exchange) -> None:
        await exchange.open_stream()
        await exchange.chunk(text_chunk("So far"))
        await exchange.gone()

    async with Upstream(answer) as upstream:
        move_in(home, upstream.base_url, monkeypatch)
        async with chit.open() as app:
            sending = asyncio.create_task(app.send("Hi"))
            (summary,) = await _until(lambda: app.list_conversations())
            await _until(lambda: _has_begun(app, summary))
            sending.cancel()
            with pytest.raises(asyncio.CancelledError):
                await sending
            reply = (await app.get_conversation(summary)).messages[-1]
            assert (reply.state, reply.text) == ("stopped", "So far")


async def test_stopping(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`stop` gives what came, and so does awaiting afterwards; the end of the app stops what still runs."""
    asked = 0

    async def answer(exchange: Exchange) -> None:
        nonlocal asked
        asked += 1
        await exchange.open_stream()
        await exchange.chunk(text_chunk("So far"))
        await exchange.gone()

    async with Upstream(answer) as upstream:
        move_in(home, upstream.base_url, monkeypatch)
        async with chit.open() as app:
            reply = app.stream("Hi")
            async for text in reply.texts():
                assert text == "So far"
                break
            message = await reply.stop()
            assert (message.text, message.state) == ("So far", "stopped")
            assert (await reply).id == message.id
            early = app.stream("Stopped before it is sent")
            assert (await early.stop()).state in ("stopped", "unknown")
            left = app.stream("Left alone")
            await until(lambda: asked == 2)
        assert (await left).state in ("stopped", "unknown")


async def test_nothing_can_be_done_with_a_closed_app(app: chit.App) -> None:
    """It is a mistake of the programmer, and told as one, also by messages that came from it."""
    async with chit.open() as other:
        message = await other.send("Hi")
    with pytest.raises(RuntimeError, match="this app is closed"):
        await other.send("Hi")
    with pytest.raises(RuntimeError, match="this app is closed"):
        await message.settled()


async def test_stopping_what_never_began(app: chit.App) -> None:
    """There is no message to give, so that what went wrong is told."""
    reply = app.stream(" ")
    with pytest.raises(chit.InputError, match="the question is empty"):
        await reply.stop()


async def test_parts_and_files(app: chit.App, box: Sandbox, tmp_path: Path) -> None:
    """A question may be made of parts; files go along as what their bytes say they are."""
    picture, text = tmp_path / "a.png", tmp_path / "notes.txt"
    picture.write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(20))
    text.write_text("Some notes")
    there = chit.MediaPart({"type": "image_url", "image_url": {"url": "https://example.com/x.png"}})
    await app.send("What is this?", files=[picture, str(text), there])
    words, first, second, third = box.ledger.requests[-1].body["messages"][-1]["content"]
    assert first["text"] == '<file name="notes.txt">\nSome notes\n</file>'
    assert second["image_url"]["url"].startswith("data:image/png;base64,")
    assert third["image_url"]["url"] == "https://example.com/x.png"
    assert words == {"type": "text", "text": "What is this?"}
    await app.send(chit.TextPart("One part"))
    assert box.ledger.requests[-1].body["messages"][-1]["content"] == "One part"
    await app.send([chit.TextPart("Two"), chit.TextPart(" parts")])
    await app.send("", files=[text])


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "cannot be read: No such file"),
        (b"", ": this file is empty"),
        (b"\0\1", ": models do not read files of this kind"),
        (bytes(32 * 1024 * 1024 + 1), ": too large: at most 32 MiB can be attached"),
    ],
)
async def test_files_that_cannot_go_along(app: chit.App, tmp_path: Path, content: bytes | None, message: str) -> None:
    """Each is named, and nothing is sent."""
    path = tmp_path / "file"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(chit.InputError, match=message):
        await app.send("Hi", files=[path])
    assert await app.list_conversations() == []


async def test_files_are_a_list(app: chit.App) -> None:
    """One path is not taken for a list of letters."""
    with pytest.raises(TypeError, match="files is a list"):
        await app.send("Hi", files="photo.png")


async def test_without_a_key_everything_can_be_read(box: Sandbox, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A key is only looked for to send with and to settle; the environment stays as it was."""
    async with chit.open() as app:
        kept = await app.send("Hi")
        assert os.environ[VARIABLE] == KEY
    monkeypatch.delenv(VARIABLE)
    async with chit.open() as app:
        assert (await app.get_message(kept.id)).text == kept.text
        assert (await app.sum_costs()).total == kept.cost
        with pytest.raises(chit.KeyUnavailable, match="there is no OpenRouter key"):
            await app.send("Hi")


async def test_a_key_from_a_file(box: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is handed over by name, never by itself; others must not be able to read it."""
    monkeypatch.delenv(VARIABLE)
    path = tmp_path / "key"
    path.write_text(KEY)
    path.chmod(0o644)
    with pytest.raises(chit.KeyUnavailable, match="can be read by others"):
        async with chit.open(key_file=path):
            pass
    path.chmod(0o600)
    async with chit.open(key_file=str(path)) as app:
        assert (await app.send("Hi")).state == "done"


async def test_settling_by_hand(box: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where nothing is looked up in the background, `settled` looks itself."""
    monkeypatch.setenv("CHIT_SETTLE", "manual")
    async with chit.open() as app:
        message = await app.send("Hi")
        assert (await message.settled()).settled_cost == message.cost
        assert (await message.settled()).settled_cost == message.cost


async def test_what_is_not_settled_in_time_stays_pending(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """After its time the receipt comes as it stands, however it is looked up; then it is looked up again."""
    monkeypatch.setattr("chit.library.desk.PAUSE_SECONDS", 0.001)
    async with Sandbox(pace=0, settle_after=1000) as box:
        move_in(home, box.base_url, monkeypatch)
        async with chit.open() as app:
            assert (await (await app.send("Hi")).settled(0.01)).settlement == "pending"
        monkeypatch.setenv("CHIT_SETTLE", "manual")
        async with chit.open() as app:
            settled = await (await app.send("Hi")).settled(0.5)
            assert (settled.settlement, settled.settled_cost) == ("pending", None)


async def test_the_home_may_be_named(box: Sandbox, tmp_path: Path) -> None:
    """A program may keep its history apart."""
    async with chit.open(home=tmp_path / "elsewhere", app_name="A program") as app:
        await app.send("Hi")
    assert (tmp_path / "elsewhere" / "chit.db").exists()
    assert box.ledger.requests[-1].headers["X-OpenRouter-Title"] == "A program"


async def test_the_sandbox_needs_nothing(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No key, no network, and a home of its own."""
    move_in(home, "http://127.0.0.1:1/api/v1", monkeypatch, key="")
    async with chit.open(sandbox=True) as app:
        assert (await app.send("Hi", model="sandbox/echo")).text == "Hi"
    assert (home / "sandbox" / "chit.db").exists()


async def test_warnings_are_told(box: Sandbox, home: Path) -> None:
    """What the file of preferences says in vain is a warning that points at the program."""
    _write_prefs(home, "modle = 'x'\n")
    with pytest.warns(chit.ChitWarning, match="modle") as told:
        async with chit.open():
            pass
    assert told[0].filename == __file__


async def test_nothing_is_warned_of_without_reason(box: Sandbox) -> None:
    """An ordinary day is silent."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        async with chit.open() as app:
            await app.send("Hi")


async def test_many_at_once(app: chit.App) -> None:
    """Questions run beside each other, each with its own reply; the sum is exact."""
    replies = await asyncio.gather(*(app.send(f"Number {n}", model="sandbox/echo") for n in range(50)))
    assert [reply.text for reply in replies] == [f"Number {n}" for n in range(50)]
    total = (await app.sum_costs()).total
    assert total == sum((reply.cost or Decimal(0) for reply in replies), Decimal(0))


async def test_a_cost_that_nobody_told(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Unknown is None, not zero."""

    async def answer(exchange: Exchange) -> None:
        assert decode_object(exchange.request.body)["stream"] is True
        await exchange.open_stream()
        await exchange.chunk(text_chunk("Whole", finish="stop") + DONE)
        await exchange.chunk(b"")

    async with Upstream(answer) as upstream:
        move_in(home, upstream.base_url, monkeypatch)
        monkeypatch.setenv("CHIT_SETTLE", "manual")
        async with chit.open() as app:
            message = await app.send("Hi")
            assert (await app.sum_costs(by="model")).parts == {}
            assert (await app.sum_costs(by="day")).parts == {}
    assert (message.text, message.cost) == ("Whole", None)
