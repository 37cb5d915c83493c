"""Everything that is known of one conversation, as exports carry it and imports bring it back."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from chit.core.conversation import Conversation
from chit.core.fault import scrub_value
from chit.core.generation import RUNNING, Generation
from chit.core.messages import Message, decode_part, encode_part


@dataclass(frozen=True, slots=True, kw_only=True)
class Dossier:
    """One conversation."""

    id: str
    conversation: Conversation | None
    """None for one that is deleted: what it cost is all that is known of it."""
    messages: tuple[Message, ...] = ()
    """All branches, in the order of their `seq`, each with its own extra data only."""
    generations: tuple[Generation, ...] = ()
    """In the order in which they were sent. Large media in a request is a reference (`core.blob_text`)."""
    blobs: Mapping[str, str] = field(default_factory=dict)
    """The media that requests refer to, by the SHA-256 of its text."""
    received: Mapping[str, bytes] = field(default_factory=dict)
    """What came so far of generations that still run, by our id."""


def withhold(dossier: Dossier) -> Dossier:
    """Without what must not leave: the content of a private conversation, and all of a deleted one but its costs."""
    conversation = dossier.conversation
    if conversation is None:
        generations = tuple(replace(empty(each), message_id="") for each in dossier.generations)
        return Dossier(id=dossier.id, conversation=None, generations=generations)
    if not conversation.private:
        return dossier
    return Dossier(
        id=dossier.id,
        conversation=replace(conversation, title="", parameters={}),
        messages=tuple(replace(message, parts=(), extra={}) for message in dossier.messages),
        generations=tuple(map(empty, dossier.generations)),
    )


def empty(generation: Generation) -> Generation:
    """The row without anything that was said."""
    return replace(generation, request=b"", completion=None, error=None)


def is_empty(generation: Generation) -> bool:
    """Whether nothing is left of it but what it cost."""
    return not generation.request and generation.completion is None and generation.error is None


def scrub_dossier(dossier: Dossier, scrub: Callable[[str], str]) -> Dossier:
    """Without keys in anything that is for reading: requests and completions stay as they are."""
    conversation = dossier.conversation
    return replace(
        dossier,
        conversation=replace(conversation, title=scrub(conversation.title)) if conversation else None,
        messages=tuple(
            replace(each, parts=tuple(decode_part(scrub_value(encode_part(part), scrub)) for part in each.parts))
            for each in dossier.messages
        ),
        generations=tuple(_scrub_generation(each, scrub) for each in dossier.generations),
    )


def _scrub_generation(generation: Generation, scrub: Callable[[str], str]) -> Generation:
    settlement = generation.settlement
    return replace(
        generation,
        model=scrub_value(generation.model, scrub),
        requested_model=scrub_value(generation.requested_model, scrub),
        provider=scrub_value(generation.provider, scrub),
        generation_id=scrub_value(generation.generation_id, scrub),
        error=scrub_value(generation.error, scrub),
        settlement=replace(settlement, record=scrub_value(settlement.record, scrub)) if settlement else None,
    )


def interrupt(dossier: Dossier) -> Dossier:
    """With what still ran when it was exported as what it is anywhere else: broken off, or of unknown outcome."""
    return replace(dossier, generations=tuple(map(_interrupt, dossier.generations)))


def _interrupt(generation: Generation) -> Generation:
    if generation.state not in RUNNING:
        return generation
    return replace(generation, state="unknown" if generation.generation_id is None else "cut")
