"""Everything that is known of one conversation, as exports carry it and imports bring it back."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from chit.core.conversation import Conversation
from chit.core.generation import RUNNING, Generation
from chit.core.messages import Message


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

    @property
    def is_running(self) -> bool:
        """Whether a reply is still being written."""
        return any(generation.state in RUNNING for generation in self.generations)


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


def interrupt(dossier: Dossier) -> Dossier:
    """With what still ran when it was exported as what it is anywhere else: broken off, or of unknown outcome."""
    return replace(dossier, generations=tuple(map(_interrupt, dossier.generations)))


def _interrupt(generation: Generation) -> Generation:
    if generation.state not in RUNNING:
        return generation
    return replace(generation, state="unknown" if generation.generation_id is None else "cut")
