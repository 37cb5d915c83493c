"""What was said in private conversations, in the memory of this process and nowhere else."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from chit.core.conversation import Conversation
from chit.core.generation import Generation
from chit.core.messages import Message
from chit.core.privacy import refill_generation, refill_message


@dataclass(slots=True, kw_only=True)
class Room:
    """One private conversation, whole."""

    conversation: Conversation
    messages: dict[str, Message] = field(default_factory=dict)
    """By id."""
    generations: dict[str, Generation] = field(default_factory=dict)
    """By our id, oldest first."""
    rendered: dict[str, tuple[int, str]] = field(default_factory=dict)
    """By message: the version and the HTML."""

    def keep(self, messages: Sequence[Message], generation: Generation | None = None) -> None:
        """Remember what has just been recorded."""
        self.messages |= {message.id: message for message in messages}
        if generation is not None:
            self.generations[generation.id] = generation

    def end(self, generation: Generation, parts_of: Message) -> None:
        """Remember how a reply ended; HTML of other parts is forgotten."""
        before = self.messages.get(parts_of.id, parts_of)
        if before.parts != parts_of.parts:
            self.rendered.pop(parts_of.id, None)
        self.keep([replace(before, parts=parts_of.parts)], generation)

    def refill(self, row: Message) -> Message:
        """A stripped message as it was."""
        kept = self.messages.get(row.id)
        wrote = [each for each in self.generations.values() if each.message_id == row.id]
        return row if kept is None else refill_message(row, kept, wrote[-1] if wrote else None)

    def refill_generation(self, row: Generation, *, briefly: bool = False) -> Generation:
        """A stripped generation as it was."""
        kept = self.generations.get(row.id)
        return row if kept is None else refill_generation(row, kept, briefly=briefly)
