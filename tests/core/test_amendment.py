"""Messages that the person rewrote: what the new version holds, and what is told of it."""

from dataclasses import replace
from typing import Any

import pytest

from chit.core.amendment import amend_message, find_original, is_edited
from chit.core.messages import (
    AnnotationPart,
    MediaPart,
    Message,
    Options,
    ReasoningPart,
    TextPart,
    ToolCallPart,
)
from chit.core.wire import write_message
from chit.errors import InputError

PICTURE = MediaPart({"type": "image_url", "image_url": {"url": "data:,"}})
SOURCE = AnnotationPart({"type": "file", "file": {"hash": "x"}})
REPLY = Message(
    id="m1",
    conversation_id="c",
    parent_id="q",
    source="actor",
    parts=(ReasoningPart("Hm", ({"signature": "s"},)), TextPart("Old"), PICTURE, ToolCallPart("t", "n", "{}"), SOURCE),
    extra={"OpenRouter": {"completion": {"id": "gen-1"}, "generation": {"id": "gen-1"}, "continues": True}},
    created_at=1.0,
    seq=7,
)


def amend(message: Message = REPLY, text: str = "New \ud83d") -> Message:
    """The new version."""
    return amend_message(message, text, id="m2", now=9.0)


def test_a_reply_is_rewritten() -> None:
    """The text is new, media and sources stay, reasoning and calls go; it stands in the same place, marked."""
    amended = amend()
    assert amended.parts == (TextPart("New \ufffd"), PICTURE, SOURCE)
    assert (amended.id, amended.parent_id, amended.source, amended.seq, amended.created_at) == (
        "m2",
        "q",
        "actor",
        0,
        9,
    )
    assert amended.extra == {"OpenRouter": {"continues": True, "edited": {"from": "m1"}}}
    assert is_edited(amended)
    assert not is_edited(REPLY)


def test_it_is_told_which_one_was_rewritten_first() -> None:
    """However often a version was rewritten."""
    again = amend_message(amend(), "Newer", id="m3", now=10.0)
    assert (find_original(REPLY), find_original(amend()), find_original(again)) == (None, "m1", "m1")


def test_instructions_keep_what_the_wire_calls_them() -> None:
    """A developer's message stays one, and is seen by person and model again."""
    hidden = Options(visible_to_user=False, visible_to_engine=False)
    instructions: dict[str, Any] = {"source": "system", "extra": {"OpenRouter": {"wire": {"role": "developer"}}}}
    amended = amend(replace(REPLY, parts=(TextPart("Be brief"),), options=hidden, **instructions), "Be long")
    assert write_message(amended) == {"role": "developer", "content": "Be long"}
    assert amended.options == Options()


@pytest.mark.parametrize(("source", "text"), [("user", "x"), ("client", "x"), ("actor", " \n"), ("system", "")])
def test_what_cannot_be_rewritten(source: Any, text: str) -> None:
    """A person's and a program's own words, and nothing at all."""
    with pytest.raises(InputError) as caught:
        amend(replace(REPLY, source=source), text)
    assert caught.value.hint
