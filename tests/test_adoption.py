"""What became of generations whose process is gone."""

import pytest
from tests.core.test_typed_stream import MESSAGE, RESPONSE
from tests.store.samples import a_conversation, a_generation, a_message
from tests.upstream import DONE, text_chunk

from chit.adoption import judge_kept


@pytest.mark.parametrize(
    ("received", "id", "state", "text"),
    [
        (b"", None, "unknown", ""),
        (b"", "gen-1", "cut", ""),
        (text_chunk("one"), "gen-1", "cut", "one"),
        (text_chunk("one", finish="stop") + DONE, "gen-1", "done", "one"),
        (MESSAGE[: MESSAGE.index(b"event: message_delta")], "gen-1", "cut", "yes"),
        (MESSAGE, "gen-1", "done", "yes"),
        (RESPONSE[: RESPONSE.index(b"event: response.completed")], "gen-1", "cut", "yes"),
    ],
)
def test_what_was_kept_is_judged_in_its_dialect(received: bytes, id: str | None, state: str, text: str) -> None:
    """Nothing at all without an id may have been billed; a completion, a message and a response keep their words."""
    generation = a_generation(a_message(a_conversation()), "dead", generation_id=id)
    answer = judge_kept(received, generation)
    assert (answer.state, "".join(getattr(part, "text", "") for part in answer.parts).endswith(text)) == (state, True)
