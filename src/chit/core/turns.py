"""What a caller gives as one question, as the turns that it is recorded as."""

from collections.abc import Sequence

from chit.core.messages import Part, Source, ToolResultPart


def split_turns(parts: Sequence[Part]) -> list[tuple[Source, tuple[Part, ...]]]:
    """Each tool result is a message of its own, from the program that ran the tool; everything else is the person's."""
    turns: list[tuple[Source, tuple[Part, ...]]] = [
        ("client", (part,)) for part in parts if isinstance(part, ToolResultPart)
    ]
    said = tuple(part for part in parts if not isinstance(part, ToolResultPart))
    return [*turns, ("user", said)] if said or not turns else turns
