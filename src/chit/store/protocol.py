"""What the rest of Chit asks of a store. SQLite today; the same contract test will hold for any other.

Every write is durable when its call returns (or its callback comes). Every method may raise `StoreError`.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal, Protocol

from chit.core.conversation import Conversation, ConversationSummary
from chit.core.generation import Generation, Origin, Settlement
from chit.core.messages import Message
from chit.core.search import SearchQuery
from chit.core.search_page import SearchPage
from chit.errors import StoreError
from chit.store.dossier_protocol import DossierStore
from chit.store.spending_protocol import SpendingStore
from chit.store.token_protocol import TokenStore

Shelf = Literal["all", "open", "pinned", "archived"]
"""Which conversations a list holds: every one, those neither pinned nor archived, those pinned but not archived, those
archived."""

SEARCH_LIMIT = 20
"""Messages on a page of what was found."""


@dataclass(frozen=True, slots=True)
class Found:
    """What an id that a person typed names."""

    kind: Literal["message", "conversation", "generation"]
    id: str
    """Our full id of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Prefix:
    """A place at which a conversation of the local API can go on."""

    hash: str
    """See `core.prefix`."""
    conversation_id: str
    message_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """A browser that has signed in to the pages. Times are unix seconds."""

    hash: str
    """SHA-256 of its token, in hex. The token itself is nowhere but in that browser."""
    label: str
    """What a person knows it by."""
    created_at: float
    expires_at: float
    last_used_at: float
    """Of the hour, not of the second."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Integrity:
    """What a check of everything that is stored found. Lines for a person, without content; the first of them only."""

    problems: tuple[str, ...] = ()
    """What of the database does not hold together."""
    lost: tuple[str, ...] = ()
    """Attachments whose file is missing or has changed."""
    is_complete: bool = True
    """False where the time ran out first."""
    is_sound: bool = True
    """False where pages, indexes or tables are damaged; what `problems` tell is otherwise of single rows."""


class Store(DossierStore, SpendingStore, TokenStore, Protocol):
    """Conversations, messages, generations, settlements, settings, sessions, local tokens."""

    @property
    def owner(self) -> str:
        """The signature of this process in the rows it runs."""

    async def close(self) -> None:
        """Write what is queued and let go of every file. Idempotent."""

    def check_room(self) -> None:
        """Raises `DiskFull` when a reply might not fit; asked before money is spent."""

    async def check_integrity(self) -> Integrity:
        """Look at everything, and change nothing; damage is reported, not raised (promise G10)."""

    # a generation's life

    async def record_send(
        self,
        *,
        conversation: Conversation | None,
        messages: Sequence[Message],
        generation: Generation,
        prefix: str | None = None,
    ) -> None:
        """One transaction: a new conversation (or None), new messages in order, the generation in state `sent`.

        By `prefix`, `find_prefix` finds the message that the reply follows.
        """

    async def find_prefix(self, prefixes: Sequence[str]) -> Prefix | None:
        """The first of these that is known, in a conversation that is there and was not deleted."""

    async def record_messages(self, messages: Sequence[Message]) -> None:
        """New messages of conversations that are there, in order, without any generation: one transaction."""

    async def record_start(self, generation: Generation, generation_id: str) -> None:
        """The generation is `streaming` under this id, and its settlement job exists, not yet due."""

    def append_received(self, generation: Generation, data: bytes, done: Callable[[StoreError | None], None]) -> None:
        """Queue received bytes; `done` is called on the event loop, in order, once they are durable or lost."""

    async def record_end(
        self, generation: Generation, message: Message, *, now: float, prefix: str | None = None
    ) -> None:
        """The final row and the actor message's parts; received bytes are folded away; settlement becomes due.

        By `prefix`, `find_prefix` finds the actor message.
        """

    async def adopt_orphans(self) -> list[Generation]:
        """Take over the unfinished generations of processes that are gone. Each is given to one caller only.

        One whose row is damaged is left out.
        """

    async def load_received(self, generation: Generation) -> bytes:
        """The bytes appended so far."""

    # settlement

    async def claim_settlements(
        self, *, now: float, lease_seconds: float, limit: int, only: Sequence[str] | None = None
    ) -> list[Settlement]:
        """Lease pending jobs that are due and that nobody else holds; with `only`, those ids, due or not."""

    async def record_settlement(self, settlement: Settlement) -> bool:
        """Store the outcome of one attempt and end the lease. False if the job was settled already: nothing changed."""

    async def next_settlement_at(self) -> float | None:
        """When the next pending job is due, unix seconds; None if there is none."""

    async def list_pending(self) -> list[Settlement]:
        """All jobs that are still pending and whose generation has ended."""

    async def has_orphans(self) -> bool:
        """Whether rows of processes that are gone wait for adoption."""

    # reading

    async def find(self, name: str) -> Found | None:
        """By full id, `gen-…` id, or the last eight or more characters of one of our ids.

        What was deleted has no short name any more.
        """

    async def get_message(self, message_id: str) -> Message:
        """With its extra data current. Raises `NotFound`."""

    async def find_messages(self, message_ids: Sequence[str]) -> dict[str, Message]:
        """As `get_message` for each of many, by id; what is not there is left out."""

    async def get_conversation(self, conversation_id: str) -> Conversation:
        """Raises `NotFound`, which tells of one that was deleted, or private and forgotten."""

    async def list_messages(self, conversation_id: str) -> list[Message]:
        """Oldest first, extra data current."""

    async def find_generation(self, message_id: str) -> Generation | None:
        """The newest generation that wrote this message, with its settlement."""

    async def find_generations(self, message_ids: Sequence[str]) -> dict[str, Generation]:
        """As `find_generation` for each of many, by message. Without their requests, which are empty here."""

    async def find_last_reply(self, origin: Origin) -> str | None:
        """The message that the newest generation of this origin writes or wrote; None if there is none."""

    async def get_generation(self, row_id: str) -> Generation:
        """By our id. Raises `NotFound`."""

    async def list_generations(self, conversation_id: str) -> list[Generation]:
        """Oldest first, with their settlements."""

    async def list_messages_page(
        self, conversation_id: str, leaf_id: str | None, before_id: str | None, limit: int
    ) -> list[Message]:
        """At most `limit` messages of one branch, oldest first, extra data current; no others are read.

        They are the last ones up to `leaf_id` (None: the newest message), or up to, but without, `before_id`. Raises
        `NotFound` for a message that is not in the conversation.
        """

    async def list_versions(self, message_ids: Sequence[str]) -> dict[str, list[str]]:
        """For each of these that others stand beside, directly after the same message: all of them, oldest first."""

    async def find_stretch(self, conversation_id: str, message_id: str, leaf_id: str, limit: int) -> tuple[str, int]:
        """Where a page of `limit` messages that has this one ends on the branch of `leaf_id`, and how many come after.

        At the leaf where that is near enough, with none after it. Raises `NotFound` for a message off that branch.
        """

    async def find_newest_under(self, conversation_id: str, message_id: str) -> str:
        """The newest message that comes after this one on any branch, or itself. Raises `NotFound`."""

    async def count_children(self, message_ids: Sequence[str]) -> dict[str, int]:
        """How many messages follow each of these directly; one that nothing follows is left out."""

    async def find_rendered(self, message_ids: Sequence[str], version: int) -> dict[str, str]:
        """What `record_rendered` keeps of these messages under this version, by message."""

    async def record_rendered(self, message_id: str, version: int, html: str) -> None:
        """Keep the HTML of a message that has ended, in the place of older HTML, until its parts change.

        Of a message that is gone or still being written nothing is kept.
        """

    # conversations

    async def list_conversations(
        self, before_seq: int | None, limit: int, shelf: Shelf = "all"
    ) -> list[ConversationSummary]:
        """The latest in use first: those whose `last_seq` is less than `before_seq`, or from the first one on.

        Without deleted ones, without those of the local API, without those that hold no message, and without private
        ones of which nothing is known here.
        """

    async def pin_conversation(self, conversation_id: str, at: float | None) -> bool:
        """Put it above the list, since `at` (unix seconds), or back with None. False if there is none to be seen."""

    async def archive_conversation(self, conversation_id: str, at: float | None) -> bool:
        """Take it out of the list, as `pin_conversation`. A message that is recorded in it brings it back."""

    async def find_summary(self, conversation_id: str) -> ConversationSummary | None:
        """As a list shows it, whatever its origin; None if there is none or it was deleted."""

    async def sum_conversation(self, conversation_id: str) -> Decimal | None:
        """What it cost, deleted or not: exact to the pico-dollar; None where nothing is known."""

    async def rename_conversation(self, conversation_id: str, title: str) -> bool:
        """False if there is none or it was deleted."""

    async def record_parameters(self, conversation_id: str, parameters: Mapping[str, Any]) -> bool:
        """Put these in the place of its own parameters. False if there is none or it was deleted."""

    async def delete_conversation(self, conversation_id: str, *, now: float) -> bool:
        """Take it out of sight. False if there was none. A message that is sent there all the same brings it back."""

    async def restore_conversation(self, conversation_id: str) -> bool:
        """Undo a deletion. False if there is nothing to undo, or nothing left of it."""

    async def purge_deleted(self, older_than: float) -> int:
        """Forget for good what was deleted before then (unix seconds); how many conversations went.

        Their generations stay, without request and reply, and with all costs. A conversation in which a reply is still
        being written stays until the next time.
        """

    # searching

    async def search(
        self, query: SearchQuery, *, before: int | None = None, limit: int = SEARCH_LIMIT, seconds: float = 2.0
    ) -> SearchPage:
        """Messages, and conversations by their titles, that are as `query` wants them, the newest first.

        Of what a person can see: not in deleted conversations, and no reply before it has ended; of private ones
        nothing is kept. `before` is what the page before gave as `more`. It runs beside the event loop; where `seconds`
        do not suffice it ends with what it has, and when its task is cancelled it ends at once.
        """

    # settings: what Chit remembers for itself

    async def find_setting(self, name: str) -> str | None:
        """The value last recorded under this name; None if there is none."""

    async def record_setting(self, name: str, value: str) -> None:
        """Put `value` in the place of what was recorded under this name."""

    # sessions: the browsers that may see the pages

    async def record_session(self, session: Session) -> None:
        """Add it; those that had expired when it was created go."""

    async def find_session(self, digest: str) -> Session | None:
        """By the hash of its token, expired or not."""

    async def list_sessions(self) -> list[Session]:
        """Oldest first, expired ones included."""

    async def record_session_use(self, digest: str, at: float) -> None:
        """When it was last used. One that is gone stays gone."""

    async def delete_sessions(self, *, only: str | None = None) -> list[str]:
        """All, or the one with the hash `only`. The hashes of those that are gone now."""
