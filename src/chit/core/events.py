"""What a running generation tells its watchers: the whole vocabulary, as frozen values.

Deltas are what the model produced; `Started`, `Retrying`, `Ended` and `Settled` are the generation's own story.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from chit.core.generation import GenerationState
from chit.errors import ChitError


@dataclass(frozen=True, slots=True)
class TextAdded:
    """A piece of the reply's text, ready to show: no lone surrogates."""

    text: str


@dataclass(frozen=True, slots=True)
class ReasoningAdded:
    """A piece of the model's reasoning."""

    text: str


@dataclass(frozen=True, slots=True)
class ToolCallAdded:
    """A piece of one tool call; `name` comes once, `arguments` is JSON text in pieces."""

    index: int
    name: str
    arguments: str


@dataclass(frozen=True, slots=True)
class MediaAdded:
    """An image (`image_url` part) or a piece of audio (`data`, `transcript`), as OpenRouter sent it."""

    media: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class AnnotationAdded:
    """A citation or a parsed file (field guide §3.1)."""

    annotation: Mapping[str, Any]


Delta = TextAdded | ReasoningAdded | ToolCallAdded | MediaAdded | AnnotationAdded


@dataclass(frozen=True, slots=True)
class Started:
    """The generation's `gen-…` id is known and committed."""

    generation_id: str


@dataclass(frozen=True, slots=True)
class Retrying:
    """Attempt number `attempt` failed without any chance of a bill; the next follows after `delay` seconds."""

    attempt: int
    delay: float
    error: ChitError


@dataclass(frozen=True, slots=True)
class Ended:
    """Nothing more will come; everything is committed."""

    state: GenerationState
    error: ChitError | None


Event = Delta | Started | Retrying | Ended
