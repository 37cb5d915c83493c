"""What a search found."""

from dataclasses import dataclass
from decimal import Decimal

from chit.core.excerpt import Piece
from chit.core.messages import Source


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundMessage:
    """A message in which what was asked for is true."""

    id: str
    conversation_id: str
    seq: int
    source: Source
    created_at: float
    """Unix seconds."""
    title: str
    """Of its conversation."""
    is_archived: bool
    """Its conversation is out of the list."""
    model: str | None
    """That wrote it; None for what no model wrote."""
    cost: Decimal | None
    """US dollars: settled, else reported, else unknown."""
    excerpt: tuple[Piece, ...]
    """Of its text; of a reply without any, of its error."""
    has_error: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundTitle:
    """A conversation whose title has the words."""

    id: str
    seq: int
    created_at: float
    """Unix seconds."""
    is_archived: bool
    title: tuple[Piece, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchPage:
    """A page of what was found, the newest first."""

    messages: tuple[FoundMessage, ...] = ()
    titles: tuple[FoundTitle, ...] = ()
    """On the first page a few, on every page all where only titles were asked for."""
    more: int | None = None
    """What to give as `before` for the next page; None if there is none."""
    is_complete: bool = True
    """False where the time ran out: there may be more on this page, and beyond it."""
    is_idle: bool = False
    """Nothing was asked for: no filter, and no word that can be searched for."""
    unsearchable: tuple[str, ...] = ()
    """Words without letters or digits, for which nothing can be searched; they were left out."""
