"""The JSON of `--json`."""

from chit.cli.exits import empty_record
from chit.core.conversation import Conversation
from chit.core.generation import Generation
from chit.core.message_record import conversation_record, message_record
from chit.core.messages import Message, TextPart
from chit.errors import InputError

MESSAGE = Message(id="m", conversation_id="c", parent_id=None, source="user", parts=(TextPart("Hi"),), created_at=1.0)
GENERATION = Generation(
    id="g", message_id="m", conversation_id="c", origin="cli", request=b"{}", streamed=True, state="done"
)


def test_a_message_without_a_generation_has_every_member() -> None:
    """What no model wrote has no chit and no state, but the same members."""
    record = message_record(MESSAGE, None)
    assert list(record) == list(empty_record(InputError("x")))
    assert record["text"] == "Hi"
    assert record["parts"] == [{"type": "text", "text": "Hi"}]
    assert (record["state"], record["chit"], record["error"]) == (None, None, None)


def test_a_conversation_holds_its_messages_in_order() -> None:
    """Each message carries the chit of the generation that wrote it."""
    conversation = Conversation(id="c", title="Hi", origin="cli", created_at=1.0)
    record = conversation_record(conversation, [MESSAGE, MESSAGE], {"m": GENERATION})
    assert (record["id"], record["title"], record["origin"]) == ("c", "Hi", "cli")
    assert [each["state"] for each in record["messages"]] == ["done", "done"]
    assert record["messages"][0]["chit"]["settlement"] is None
