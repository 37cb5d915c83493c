"""A reply or instructions rewritten by the person: a new version beside the old one, which no model wrote."""

from dataclasses import replace

from chit.core.messages import AnnotationPart, MediaPart, Message, Options, TextPart
from chit.core.surrogates import join_surrogates
from chit.core.wire import ENGINE
from chit.errors import InputError

_CARRIED = ("continues", "wire")
"""Members of our extra data that the new version takes over."""


def amend_message(message: Message, text: str, *, id: str, now: float) -> Message:
    """The new version of `message`. Raises `InputError` for a person's own, and where nothing is written.

    Media and sources stay. Reasoning and tool calls go: providers refuse what does not belong to the text any more,
    and a call without its result.
    """
    if message.source not in ("actor", "system"):
        raise InputError("only replies and instructions are rewritten", hint="Send your own message anew instead.")
    if not text.strip():
        raise InputError("the message is empty", hint="Write something first.")
    kept = [part for part in message.parts if isinstance(part, MediaPart | AnnotationPart)]
    had = message.extra.get(ENGINE, {})
    carried = {name: had[name] for name in _CARRIED if name in had}
    return replace(
        message,
        id=id,
        parts=(TextPart(join_surrogates(text)), *kept),
        options=Options(),
        extra={ENGINE: {**carried, "edited": {"from": find_original(message) or message.id}}},
        created_at=now,
        seq=0,
    )


def find_original(message: Message) -> str | None:
    """The id of the message that the person rewrote, at first; None for one that nobody rewrote."""
    edited = message.extra.get(ENGINE, {}).get("edited")
    return edited["from"] if edited else None


def is_edited(message: Message) -> bool:
    """Whether the person rewrote it."""
    return find_original(message) is not None
