"""What a reply with tools tells beside the events of its generations."""

from dataclasses import dataclass

from chit.core.events import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolStarted:
    """The model asked for a tool, and it runs now."""

    id: str
    """The call's, as the model gave it."""
    name: str
    arguments: str
    """JSON text as the model wrote it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolEnded:
    """A tool has run, or could not."""

    id: str
    name: str
    result: str
    """As the model will read it."""
    error: Exception | None = None
    """What the function raised, or what was wrong with the call; the model is told in words."""


ReplyEvent = Event | ToolStarted | ToolEnded
