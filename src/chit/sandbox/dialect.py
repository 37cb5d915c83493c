"""A dialect: how one of OpenRouter's inference endpoints is asked, how it answers, and how it fails."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from chit.sandbox.chunks import Head
from chit.sandbox.failures import Failure
from chit.sandbox.pricing import Usage
from chit.sandbox.script import Script


@dataclass(frozen=True, slots=True, kw_only=True)
class Brief:
    """What a speech is made from."""

    head: Head
    script: Script
    native_finish_reason: str | None
    body: Mapping[str, Any]
    """The request, in its own dialect."""
    prompt_tokens: int
    with_delta: bool = False
    """Whether the usage chunk of a chat completion carries an empty delta."""


class Speech(Protocol):
    """One reply in a dialect: either the pieces of a stream, in this order, or the whole."""

    def open(self) -> list[bytes]:
        """What comes before the first delta."""

    def say(self, delta: Mapping[str, Any]) -> list[bytes]:
        """One delta of the script, which has the form of a chat completion's."""

    def finish(self, usage: Usage) -> list[bytes]:
        """What comes after the last delta; the last piece says that the stream is complete."""

    def fail(self) -> list[bytes]:
        """The script's error, after the deltas so far."""

    def whole(self, usage: Usage, *, failed: bool) -> Any:
        """The reply to a request that does not stream, as JSON; `failed` with the script's error."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """One inference endpoint."""

    understand: Callable[[Any], Any]
    """A parsed body → what a chat completion would have asked, or the `Failure` it deserves."""
    phrase: Callable[[Failure], Failure]
    """A failure in chat's shape → the same in the dialect's."""
    speak: Callable[[Brief], Speech]
    embeds: bool = False
    """Whether it answers with embeddings, which never stream, and not with words."""
