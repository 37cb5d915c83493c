"""Private conversations: everything is there while it lives, nothing of it is on the disk, ever."""

import asyncio
import sys
from collections.abc import AsyncIterator
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from tests.store.contract import append, claim, settled
from tests.store.samples import a_conversation, a_generation, a_message

from chit.core.conversation import Conversation
from chit.core.generation import Generation
from chit.core.messages import MediaPart, Message, TextPart
from chit.core.usage import Usage
from chit.errors import NotFound, UpstreamError
from chit.store.connection import open_connection
from chit.store.private import PrivateStore, open_private_store
from chit.store.sqlite import open_store

MARK = "zanzibarwards"
LONG = "QUJD" * 2000

HOLD = """
import asyncio, pathlib, sys
from chit.store.private import open_private_store
from tests.store.contract import append
from tests.store.test_private import MARK, begin

async def main():
    store = open_private_store(pathlib.Path(sys.argv[1]))
    conversation, answer, generation = await begin(store)
    await store.record_start(generation, "gen-1")
    await append(store, generation, MARK.encode() * 100)
    print(conversation.id, answer.id, generation.id, flush=True)
    sys.stdin.read()

asyncio.run(main())
"""
"""A private reply that comes in, in a process that waits to be killed."""


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[PrivateStore]:
    """A store, closed at the end."""
    store = open_private_store(tmp_path)
    yield store
    await store.close()


async def begin(store: PrivateStore) -> tuple[Conversation, Message, Generation]:
    """A private conversation whose words stand in every place there is; the answer has yet to come."""
    conversation = a_conversation(title=f"{MARK} title", private=True, parameters={"stop": MARK}, origin="web")
    extra = {"OpenRouter": {"wire": {"name": MARK}}}
    parts = (TextPart(MARK), MediaPart({"type": "file", "data": LONG}))
    question = a_message(conversation, parts=parts, extra=extra)
    answer = a_message(conversation, source="actor", parts=(), parent_id=question.id)
    generation = a_generation(answer, store.owner, request=f'{{"said": "{MARK}", "file": "{LONG}"}}'.encode())
    await store.record_send(conversation=conversation, messages=[question, answer], generation=generation)
    return conversation, answer, generation


async def finish(store: PrivateStore, answer: Message, generation: Generation, **members: Any) -> Generation:
    """Its end, with words in every place."""
    await store.record_start(generation, "gen-1")
    await append(store, generation, MARK.encode())
    raw = UpstreamError(f"said {MARK}", kind="cut", hint=MARK, status=502, raw=MARK, provider=MARK)
    defaults: dict[str, Any] = {
        "state": "cut",
        "owner": None,
        "generation_id": "gen-1",
        "model": "author/slug-1",
        "provider": "Host",
        "usage": Usage(cost=Decimal("0.5"), prompt_tokens=7, completion_tokens=9),
        "completion": {"said": MARK},
        "error": raw.as_dict(),
    }
    ended = replace(generation, **(defaults | members))
    await store.record_end(ended, replace(answer, parts=(TextPart(f"{MARK} reply"),)), now=100.0)
    return ended


def find_on_disk(folder: Path, mark: str) -> list[str]:
    """The files that hold it."""
    return [str(path) for path in folder.rglob("*") if path.is_file() and mark.encode() in path.read_bytes()]


def assert_forgotten(caught: pytest.ExceptionInfo[NotFound]) -> None:
    """It is told that it was private, and that its cost counts."""
    assert (caught.value.kind, caught.value.hint) == ("was_private", "What it cost still counts.")


async def test_everything_is_there_while_it_lives(store: PrivateStore) -> None:
    """Messages, requests, replies, titles, parameters and HTML come back as they were recorded, by every way."""
    conversation, answer, generation = await begin(store)
    assert replace(await store.get_conversation(conversation.id), seq=0) == conversation
    assert (await store.get_generation(generation.id)).request == generation.request
    ended = await finish(store, answer, generation)
    question, reply = await store.list_messages(conversation.id)
    assert (question.text, reply.text) == (MARK, f"{MARK} reply")
    assert question.extra["OpenRouter"] == {"wire": {"name": MARK}}
    assert reply.extra["OpenRouter"] == {"completion": {"said": MARK}, "generation": None}
    assert await store.list_messages_page(conversation.id, None, None, 9) == [question, reply]
    assert await store.find_messages([question.id, reply.id]) == {question.id: question, reply.id: reply}
    assert [await store.get_message(each.id) for each in (question, reply)] == [question, reply]
    row = await store.get_generation(generation.id)
    assert row.settlement is not None
    assert replace(row, settlement=None) == ended
    assert await store.find_generation(answer.id) == row
    assert await store.find_generations([answer.id]) == {answer.id: replace(row, request=b"")}
    assert await store.list_generations(conversation.id) == [row]
    await store.record_rendered(answer.id, 3, f"<p>{MARK}</p>")
    assert await store.find_rendered([question.id, answer.id], 3) == {answer.id: f"<p>{MARK}</p>"}
    assert await store.find_rendered([answer.id], 2) == {}
    await store.record_settlement(settled("gen-1"))
    generation_record = (await store.get_message(answer.id)).extra["OpenRouter"]["generation"]
    assert generation_record["total_cost"] == 1
    await store.record_end(ended, reply, now=101.0)
    assert await store.find_rendered([answer.id], 3) == {answer.id: f"<p>{MARK}</p>"}
    await store.record_end(ended, replace(answer, parts=(TextPart("other"),)), now=101.0)
    assert await store.find_rendered([answer.id], 3) == {}


async def test_it_is_listed_while_it_lives(store: PrivateStore, tmp_path: Path) -> None:
    """Among the others where its newest message puts it, on its shelf, page by page, under its name; elsewhere not."""
    ordinary = []
    for number in range(3):
        if number == 1:
            private, answer, generation = await begin(store)
        conversation = a_conversation(origin="web")
        message = a_message(conversation)
        row = a_generation(message, None, state="done")
        await store.record_send(conversation=conversation, messages=[message], generation=row)
        ordinary.append(conversation.id)
    await finish(store, answer, generation)
    order = [ordinary[2], ordinary[1], private.id, ordinary[0]]
    assert [each.id for each in await store.list_conversations(None, 9)] == order
    first = await store.list_conversations(None, 3)
    assert [each.id for each in first] == order[:3]
    assert [each.id for each in await store.list_conversations(first[-1].last_seq, 3)] == order[3:]
    summary = first[2]
    assert (summary.title, summary.private, summary.cost) == (f"{MARK} title", True, Decimal("0.5"))
    assert await store.find_summary(private.id) == summary
    assert await store.rename_conversation(private.id, "Half \ud83d of a pair")
    assert (await store.list_conversations(None, 9, "open"))[2].title == "Half \ufffd of a pair"
    await store.pin_conversation(private.id, 1.0)
    assert [each.id for each in await store.list_conversations(None, 9, "pinned")] == [private.id]
    await store.archive_conversation(private.id, 1.0)
    assert [each.id for each in await store.list_conversations(None, 9, "archived")] == [private.id]
    assert private.id not in [each.id for each in await store.list_conversations(None, 9, "open")]
    for other in (open_private_store(tmp_path), open_store(tmp_path)):
        for shelf in ("all", "archived"):
            assert private.id not in [each.id for each in await other.list_conversations(None, 9, shelf)]
        await other.close()
    plain = open_store(tmp_path)
    assert await plain.find_last_reply("cli") == row.message_id
    await plain.close()


async def test_nothing_that_was_said_is_on_the_disk(store: PrivateStore, tmp_path: Path) -> None:
    """Neither while it comes in nor after its end, in no table, log or file; ids, figures and costs are."""
    conversation, answer, generation = await begin(store)
    await store.record_start(generation, "gen-1")
    assert find_on_disk(tmp_path, MARK) == []
    ended = await finish(store, answer, generation)
    await store.record_rendered(answer.id, 3, f"<p>{MARK}</p>")
    await store.rename_conversation(conversation.id, f"{MARK} again")
    edited = a_message(conversation, source="actor", parent_id=answer.parent_id, parts=(TextPart(f"{MARK} edited"),))
    await store.record_messages([edited])
    assert (await store.get_message(edited.id)).text == f"{MARK} edited"
    assert find_on_disk(tmp_path, MARK) == find_on_disk(tmp_path, LONG[:100]) == []
    plain = open_store(tmp_path)
    row = await plain.get_generation(generation.id)
    same = ("id", "generation_id", "model", "provider", "usage", "state", "requested_model", "conversation_id")
    assert [getattr(row, name) for name in same] == [getattr(ended, name) for name in same]
    assert (row.request, row.completion) == (b"", None)
    assert row.error is not None
    assert (row.error["kind"], row.error["status"], row.error["raw"]) == ("cut", 502, None)
    assert await plain.sum_conversation(conversation.id) == Decimal("0.5")
    assert {each.parts for each in await plain.list_messages(conversation.id)} == {()}
    await plain.close()


async def test_another_process_knows_nothing_of_it(store: PrivateStore, tmp_path: Path) -> None:
    """Whoever asks for the conversation, for a message or to go on in it is told that it was private."""
    conversation, answer, generation = await begin(store)
    await finish(store, answer, generation)
    other = open_private_store(tmp_path)
    for asked in (other.get_conversation(conversation.id), other.get_message(answer.id)):
        with pytest.raises(NotFound) as caught:
            await asked
        assert_forgotten(caught)
    message = a_message(conversation)
    late = a_generation(message, other.owner)
    with pytest.raises(NotFound) as caught:
        await other.record_send(conversation=None, messages=[message], generation=late)
    assert_forgotten(caught)
    with pytest.raises(NotFound):
        await other.record_messages([message])
    assert await other.find_summary(conversation.id) is None
    assert not await other.rename_conversation(conversation.id, MARK)
    assert not await other.record_parameters(conversation.id, {"stop": MARK})
    await other.record_rendered(answer.id, 1, MARK)
    assert await other.find_rendered([answer.id], 1) == {}
    assert (await other.get_generation(generation.id)).request == b""
    assert (await other.find_messages([answer.id]))[answer.id].parts == ()
    assert await other.sum_conversation(conversation.id) == Decimal("0.5")
    await other.close()
    assert find_on_disk(tmp_path, MARK) == []


async def test_its_parameters_are_known_while_it_lives(store: PrivateStore, tmp_path: Path) -> None:
    """They may hold words as well; those of others are stored as ever."""
    conversation, _, _ = await begin(store)
    other = a_conversation()
    question = a_message(other)
    await store.record_send(conversation=other, messages=[question], generation=a_generation(question, store.owner))
    for each in (conversation, other):
        assert await store.record_parameters(each.id, {"seed": 1})
        assert (await store.get_conversation(each.id)).parameters == {"seed": 1}
    assert await store.record_parameters(conversation.id, {"stop": MARK})
    assert (await store.get_conversation(conversation.id)).parameters == {"stop": MARK}
    assert find_on_disk(tmp_path, MARK) == []


async def test_deleting_it_forgets_at_once(store: PrivateStore, tmp_path: Path) -> None:
    """In the middle of a reply too: what still comes is dropped, nothing brings it back, and its cost counts."""
    conversation, answer, generation = await begin(store)
    assert await store.delete_conversation(conversation.id, now=1.0)
    ended = await finish(store, answer, generation)
    await store.record_rendered(answer.id, 1, MARK)
    with pytest.raises(NotFound, match="deleted"):
        await store.get_conversation(conversation.id)
    with pytest.raises(NotFound):
        await store.get_message(answer.id)
    assert not await store.restore_conversation(conversation.id)
    assert not await store.rename_conversation(conversation.id, MARK)
    assert (await store.get_generation(ended.id)).completion is None
    assert await store.sum_conversation(conversation.id) == Decimal("0.5")
    assert find_on_disk(tmp_path, MARK) == []
    assert await store.purge_deleted(1e9) == 1
    assert (await store.get_generation(ended.id)).usage.cost == Decimal("0.5")


async def test_a_killed_process_leaves_the_id_and_no_words(tmp_path: Path) -> None:
    """Killed while a private reply comes in: the next process ends its row and settles its cost; no word was kept."""
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-c", HOLD, str(tmp_path), stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
    )
    assert child.stdout is not None
    conversation_id, answer_id, row_id = (await child.stdout.readline()).decode().split()
    child.kill()
    await child.wait()
    assert find_on_disk(tmp_path, MARK) == []
    store = open_private_store(tmp_path)
    (orphan,) = await store.adopt_orphans()
    assert (orphan.id, orphan.generation_id, orphan.request) == (row_id, "gen-1", b"")
    assert await store.load_received(orphan) == b""
    ended = replace(orphan, state="cut", owner=None, error={"kind": "cut", "message": MARK, "status": "x"})
    late = Message(id=answer_id, conversation_id=conversation_id, source="actor", parts=(TextPart(MARK),))
    await store.record_end(ended, late, now=100.0)
    assert await claim(store, 102.0) == ["gen-1"]
    await store.record_settlement(settled("gen-1", total_cost=0.25, external_user=MARK))
    assert await store.sum_conversation(conversation_id) == Decimal("0.25")
    await store.close()
    assert find_on_disk(tmp_path, MARK) == []


async def test_the_table_itself_keeps_no_words(store: PrivateStore, tmp_path: Path) -> None:
    """Whatever writes a title or parameters into a private row leaves none of them there; other rows keep theirs."""
    private, _, _ = await begin(store)
    ordinary = a_conversation()
    message = a_message(ordinary)
    await store.record_send(conversation=ordinary, messages=[message], generation=a_generation(message, None))
    connection = open_connection(tmp_path / "chit.db")
    connection.execute("UPDATE conversations SET title = ?1, parameters = json_object('stop', ?1)", (MARK,))
    rows: list[Any] = connection.execute("SELECT id, title || parameters FROM conversations").fetchall()
    connection.close()
    assert dict(rows) == {private.id: "{}", ordinary.id: f'{MARK}{{"stop":"{MARK}"}}'}
