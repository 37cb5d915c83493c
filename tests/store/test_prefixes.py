"""Where conversations of the local API can go on."""

from pathlib import Path

from tests.store.samples import a_conversation, a_generation, a_message

from chit.core.messages import TextPart
from chit.store.private import open_private_store
from chit.store.protocol import Prefix, Store


async def call(
    store: Store, before: str | None, after: str | None, *, asks: bool = True
) -> tuple[str, str | None, str]:
    """One call, its reply ended: conversation, question and reply."""
    conversation = a_conversation(origin="api")
    question = a_message(conversation)
    reply = a_message(conversation, source="actor", parts=(), parent_id=question.id if asks else None)
    generation = a_generation(reply, store.owner)
    messages = [question, reply] if asks else [reply]
    await store.record_send(conversation=conversation, messages=messages, generation=generation, prefix=before)
    ended = a_generation(reply, None, id=generation.id, state="done")
    said = a_message(conversation, id=reply.id, source="actor", parts=(TextPart("yes"),))
    await store.record_end(ended, said, now=1.0, prefix=after)
    return conversation.id, question.id if asks else None, reply.id


async def test_a_place_is_found_by_what_was_said(tmp_path: Path) -> None:
    """The question before the reply, the reply after it; the first that is known of those asked for."""
    store = open_private_store(tmp_path)
    conversation, question, reply = await call(store, "q", "r")
    assert question is not None
    assert await store.find_prefix(["x", "q", "r"]) == Prefix(
        hash="q", conversation_id=conversation, message_id=question
    )
    assert await store.find_prefix(["r", "q"]) == Prefix(hash="r", conversation_id=conversation, message_id=reply)
    assert await store.find_prefix(["x"]) is None
    assert await store.find_prefix([]) is None
    await store.close()


async def test_the_latest_of_the_same_words_counts(tmp_path: Path) -> None:
    """Two calls that came at once both began a conversation."""
    store = open_private_store(tmp_path)
    await call(store, "q", "r")
    conversation, _, _ = await call(store, "q", None)
    found = await store.find_prefix(["q"])
    assert found is not None
    assert found.conversation_id == conversation
    await store.close()


async def test_nothing_is_kept_of_a_call_that_asks_nothing(tmp_path: Path) -> None:
    """There is no message that its reply follows."""
    store = open_private_store(tmp_path)
    _, _, reply = await call(store, "q", "r", asks=False)
    found = await store.find_prefix(["q", "r"])
    assert found is not None
    assert found.message_id == reply
    await store.close()


async def test_a_conversation_that_is_gone_is_not_gone_on_with(tmp_path: Path) -> None:
    """Deleted, restored, and purged."""
    store = open_private_store(tmp_path)
    conversation, _, _ = await call(store, "q", "r")
    await store.delete_conversation(conversation, now=1.0)
    assert await store.find_prefix(["r"]) is None
    await store.restore_conversation(conversation)
    assert await store.find_prefix(["r"]) is not None
    await store.delete_conversation(conversation, now=1.0)
    await store.purge_deleted(2.0)
    assert await store.find_prefix(["r", "q"]) is None
    assert store._reader.execute("SELECT count(*) FROM api_prefixes").get == 0
    await store.close()
