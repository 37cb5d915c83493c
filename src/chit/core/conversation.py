"""A conversation: the stored tree of messages, and what a list shows of it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from chit.core.generation import Origin
from chit.core.messages import MediaPart, Part, TextFilePart, TextPart
from chit.core.surrogates import join_surrogates

UNDO_SECONDS = 3600.0
"""How long a deleted conversation can be had back."""
_TITLE_LENGTH = 80


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversation:
    """Without its messages."""

    id: str
    title: str
    origin: Origin
    private: bool = False
    """Nothing but cost and ids is kept of a private one."""
    parameters: Mapping[str, Any] = field(default_factory=dict)
    """Request parameters of its own, over the preferences': what its panel says."""
    pinned_at: float | None = None
    """Since when it stands above the list, unix seconds; None if it does not."""
    archived_at: float | None = None
    """Since when it is out of the list, but not deleted, unix seconds; None if it is not."""
    created_at: float = 0.0
    """Unix seconds, for showing; order comes from `seq`."""
    seq: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ConversationSummary:
    """What a list shows of a conversation. Times are unix seconds, for showing."""

    id: str
    title: str
    origin: Origin
    created_at: float
    last_at: float
    """When its newest message was recorded."""
    last_seq: int
    """The `seq` of that message, by which lists are ordered."""
    cost: Decimal | None
    """US dollars, each generation's settled cost, else its reported one; None where none is known."""
    pending: int
    """Generations whose cost is not settled yet."""
    pinned_at: float | None = None
    """As `Conversation.pinned_at`."""
    archived_at: float | None = None
    """As `Conversation.archived_at`."""
    private: bool = False
    """As `Conversation.private`."""


def title_of(parts: Iterable[Part]) -> str:
    """For a question of these parts: its words; without any, what its first file is called."""
    asked = list(parts)
    words = "".join(part.text for part in asked if isinstance(part, TextPart))
    names = (part.name for part in asked if isinstance(part, MediaPart | TextFilePart))
    return title_from(words) or title_from(next(filter(None, names), ""))


def title_from(text: str) -> str:
    """The first line of the question that says something, cut at a word (design §4: no hidden paid calls)."""
    first = next((line.strip() for line in text.splitlines() if line.strip()), "")
    line = " ".join(join_surrogates(first).split())
    if len(line) <= _TITLE_LENGTH:
        return line
    head, space, _ = line[: _TITLE_LENGTH - 1].rpartition(" ")
    return f"{head if space else line[: _TITLE_LENGTH - 1]}…"
