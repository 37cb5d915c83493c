"""What exports and imports ask of a store."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from chit.core.dossier import Dossier


@dataclass(frozen=True, slots=True, kw_only=True)
class Added:
    """What an import of one conversation changed."""

    is_new: bool = False
    """Whether the conversation was not here."""
    changed: bool = False
    """False where everything was here already, and where nothing could be added."""
    messages: int = 0
    conflict: str | None = None
    """Why it contradicts what is here, in a few words; then nothing was changed."""


class DossierStore(Protocol):
    """The part of `Store` that goes over whole conversations."""

    async def list_dossiers(self) -> list[str]:
        """Ids of all conversations: deleted ones of which costs are left, then those that are here, least lately used
        first. Those of every origin.
        """

    async def load_dossier(self, conversation_id: str) -> Dossier:
        """All of one conversation, as of one moment. Raises `NotFound` if nothing of it is left."""

    async def add_dossier(self, dossier: Dossier, *, scrub: Callable[[str], str], now: float) -> Added:
        """Add what is missing here, in one transaction, and change nothing else (`core.dossier_merge`).

        A deleted conversation that is not purged yet comes back. `scrub` hides keys, as the export did, so that what
        is here compares with it.
        """
