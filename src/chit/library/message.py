"""Messages as a program has them: with their chits, and able to wait for the settled cost."""

from dataclasses import dataclass, field, fields
from decimal import Decimal
from typing import Any, Generic, Self, TypeVar

from chit.core import messages
from chit.core.generation import Chit, Generation, GenerationState, write_chit
from chit.errors import NotFound
from chit.library.desk import Desk
from chit.named import get_message_id

T = TypeVar("T")
SETTLE_SECONDS = 60.0
_SHOWN = 60


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Message(messages.Message):
    """One turn of a conversation. As text, it is what it says."""

    generation: Generation | None = None
    """The billed run that wrote it; None of what a person or a program said."""
    desk: Desk = field(compare=False)
    """The app that it came from."""

    def __str__(self) -> str:
        return self.text

    def __repr__(self) -> str:
        shown = self.text if len(self.text) <= _SHOWN else f"{self.text[:_SHOWN]}…"
        return f"<{type(self).__name__} {self.id} {self.source} {shown!r}>"

    @property
    def chit(self) -> Chit | None:
        """The receipt as it stands; None of what no model wrote."""
        return None if self.generation is None else write_chit(self.generation)

    @property
    def cost(self) -> Decimal | None:
        """US dollars, settled or else reported; None if unknown, or if no model wrote it."""
        chit = self.chit
        return None if chit is None else chit.cost

    @property
    def state(self) -> GenerationState | None:
        """How it ended: `done`, `stopped`, `cut`, `failed` or `unknown`; None of what no model wrote."""
        return None if self.generation is None else self.generation.state

    @property
    def finish_reason(self) -> str | None:
        """The model's own: `stop`, `length`, `tool_calls` and others."""
        return None if self.generation is None else self.generation.finish_reason

    async def settled(self, seconds: float = SETTLE_SECONDS) -> Chit:
        """The receipt once OpenRouter's record is there; after `seconds` as it stands, its `settlement` still pending.

        Raises `KeyUnavailable`, `StoreError`, and `TypeError` for a message that no model wrote.
        """
        if self.generation is None:
            raise TypeError("only what a model wrote has a chit")
        if self.generation.generation_id is not None:
            await self.desk.settle(self.generation.generation_id, seconds)
        return write_chit(await self.desk.store.find_generation(self.id) or self.generation)


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class ValueMessage(Message, Generic[T]):
    """A reply that is of the type that was asked for."""

    value: T

    @classmethod
    def make(cls, message: Message, value: T) -> Self:
        """The same message, with its value."""
        return cls(**_members(message), value=value)


def bind_message(desk: Desk, message: messages.Message, generation: Generation | None) -> Message:
    """A message of the history, with the generation that wrote it."""
    return Message(**_members(message), generation=generation, desk=desk)


async def get_message(desk: Desk, name: str) -> Message:
    """By its id, a short one or a `gen-…` id. Raises `NotFound`."""
    found = await desk.find(name)
    if found.kind == "conversation":
        raise NotFound(f"{name} is a conversation, not a message", hint="`get_conversation` has its messages.")
    message_id = await get_message_id(desk.store, found)
    generation = await desk.store.find_generation(message_id)
    return bind_message(desk, await desk.store.get_message(message_id), generation)


def _members(message: messages.Message) -> dict[str, Any]:
    return {each.name: getattr(message, each.name) for each in fields(message)}
