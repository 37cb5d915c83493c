"""Chat completions become conversations: each call goes on where its messages are known."""

import json
from pathlib import Path
from typing import Any

import pytest
from tests.api.shop import OTHER, TOKEN, Shop, opened_shop
from tests.api.speech import CHAT, QUESTION, chunks, completion
from tests.upstream import JSON, STREAM, Exchange, Upstream

from chit.core.messages import Message

USER = {"role": "user", "content": "hi"}
MORE = {"role": "user", "content": "more"}
CALLS = [{"id": "c1", "type": "function", "function": {"name": "look", "arguments": '{"a":1}'}}]


class Parrot:
    """Answers with a number, or by calling a tool where one is offered; each id is new."""

    def __init__(self) -> None:
        self.count = 0

    async def answer(self, exchange: Exchange) -> None:
        """One call."""
        self.count += 1
        body, id = json.loads(exchange.request.body), f"gen-{self.count}"
        named = {"X-Generation-Id": id}
        if body.get("stream"):
            await exchange.open_stream(STREAM | named)
            await exchange.chunk(chunks(f"reply {self.count}", id=id))
            await exchange.chunk(b"")
        elif body.get("tools"):
            await exchange.reply(200, completion(None, id=id, tool_calls=CALLS), JSON | named)
        else:
            await exchange.reply(200, completion(f"reply {self.count}", id=id), JSON | named)


async def ask(shop: Shop, *messages: dict[str, Any], token: str = TOKEN, **members: Any) -> Message:
    """One call of these messages; the reply as it is stored."""
    got = await shop.call(CHAT, {"model": "a/b", "messages": list(messages), **members}, token=token)
    assert got.status == 200
    reply = await shop.app.store.find_last_reply("api")
    assert reply is not None
    return await shop.app.store.get_message(reply)


async def texts(shop: Shop, reply: Message) -> list[str]:
    """Of all messages of its conversation, oldest first."""
    return [each.text for each in await shop.app.store.list_messages(reply.conversation_id)]


@pytest.mark.parametrize(
    "said",
    [
        {"role": "assistant", "content": "reply 1"},
        {"role": "assistant", "content": [{"type": "text", "text": "reply 1"}]},
        {"role": "assistant", "content": "reply 1", "refusal": None, "reasoning": None},
    ],
)
@pytest.mark.parametrize("streamed", [False, True])
async def test_the_next_turn_goes_on(said: dict[str, Any], streamed: bool, tmp_path: Path) -> None:
    """However the client writes what the model said, only what is new is written down."""
    async with Upstream(Parrot().answer) as upstream, opened_shop(upstream.base_url, tmp_path) as shop:
        first = await ask(shop, USER, stream=streamed)
        parts = [{"type": "text", "text": "h"}, {"type": "text", "text": "i"}]
        second = await ask(shop, {"role": "user", "content": parts}, said, MORE, stream=streamed)
        assert second.conversation_id == first.conversation_id
        assert await texts(shop, second) == ["hi", "reply 1", "more", "reply 2"]
        third = await ask(shop, USER, said, MORE, {"role": "assistant", "content": "reply 2"}, USER)
        assert await texts(shop, third) == ["hi", "reply 1", "more", "reply 2", "hi", "reply 3"]
        conversation = await shop.app.store.get_conversation(first.conversation_id)
        assert (conversation.title, conversation.origin) == ("hi", "api")


async def test_tool_calls_go_on(tmp_path: Path) -> None:
    """A call of a tool, its result, and what the model makes of it."""
    async with Upstream(Parrot().answer) as upstream, opened_shop(upstream.base_url, tmp_path) as shop:
        first = await ask(shop, USER, tools=[{"type": "function", "function": {"name": "look"}}])
        called = {"role": "assistant", "content": None, "tool_calls": CALLS}
        result = {"role": "tool", "tool_call_id": "c1", "content": "42"}
        second = await ask(shop, USER, called, result)
        assert second.conversation_id == first.conversation_id
        messages = await shop.app.store.list_messages(first.conversation_id)
        assert [each.source for each in messages] == ["user", "actor", "client", "actor"]
        assert messages[2].parent_id == first.id


async def test_the_same_again_is_another_reply(tmp_path: Path) -> None:
    """Beside the first one, after the same question; and another question after the same reply is a branch."""
    async with Upstream(Parrot().answer) as upstream, opened_shop(upstream.base_url, tmp_path) as shop:
        system = {"role": "system", "content": "be"}
        first = await ask(shop, system, USER)
        second = await ask(shop, system, USER)
        assert (second.parent_id, second.id != first.id) == (first.parent_id, True)
        said = {"role": "assistant", "content": "reply 1"}
        one, two = await ask(shop, system, USER, said, USER), await ask(shop, system, USER, said, MORE)
        assert {one.conversation_id, two.conversation_id} == {first.conversation_id}
        asked = await shop.app.store.find_messages([str(one.parent_id), str(two.parent_id)])
        assert {each.parent_id for each in asked.values()} == {first.id}


async def test_what_is_new_begins_anew(tmp_path: Path) -> None:
    """The same instructions are no conversation, nor is what another token said, nor a history that nobody knows."""
    async with Upstream(Parrot().answer) as upstream, opened_shop(upstream.base_url, tmp_path) as shop:
        system = {"role": "system", "content": "be"}
        said = {"role": "assistant", "content": "reply 1"}
        replies = [
            await ask(shop, system, USER),
            await ask(shop, system, MORE),
            await ask(shop, system, USER, token=OTHER),
            await ask(shop, system, USER, {"role": "assistant", "content": "something else"}, MORE),
            await ask(shop, {"role": "system", "content": "be other"}, USER, said, MORE),
            await ask(shop),
            await ask(shop),
        ]
        assert len({reply.conversation_id for reply in replies}) == len(replies)
        again = await ask(shop, system, USER, said, MORE, token=OTHER)
        assert await texts(shop, again) == ["be", "hi", "reply 1", "more", "reply 8"]


async def test_a_conversation_that_was_deleted_stays_so(tmp_path: Path) -> None:
    """What goes on with it begins a new one, with all that was said; so it does once it is purged."""
    async with Upstream(Parrot().answer) as upstream, opened_shop(upstream.base_url, tmp_path) as shop:
        first = await ask(shop, USER)
        await shop.app.store.delete_conversation(first.conversation_id, now=1.0)
        second = await ask(shop, USER, {"role": "assistant", "content": "reply 1"}, MORE)
        assert second.conversation_id != first.conversation_id
        assert await texts(shop, second) == ["hi", "reply 1", "more", "reply 2"]
        assert await shop.app.store.purge_deleted(2.0) == 1
        third = await ask(shop, USER)
        assert third.conversation_id not in (first.conversation_id, second.conversation_id)


async def test_what_a_message_had_besides_is_kept(tmp_path: Path) -> None:
    """Names and members that nobody knows."""
    async with Upstream(Parrot().answer) as upstream, opened_shop(upstream.base_url, tmp_path) as shop:
        reply = await ask(shop, USER | {"name": "me"})
        asked = await shop.app.store.get_message(str(reply.parent_id))
        assert asked.extra["OpenRouter"]["wire"] == {"name": "me"}


async def test_a_reply_that_says_nothing_leads_nowhere(tmp_path: Path) -> None:
    """One that was refused has no words: the same again stands beside it."""

    async def refuse(exchange: Exchange) -> None:
        await exchange.reply(400, b'{"error":{"code":400,"message":"no"}}')

    async with Upstream(refuse) as upstream, opened_shop(upstream.base_url, tmp_path) as shop:
        for _ in range(2):
            assert (await shop.call(CHAT, QUESTION)).status == 400
        reply = await shop.app.store.find_last_reply("api")
        assert reply is not None
        messages = await shop.app.store.list_messages((await shop.app.store.get_message(reply)).conversation_id)
        assert [each.source for each in messages] == ["user", "actor", "actor"]
