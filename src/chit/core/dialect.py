"""The dialects in which OpenRouter is asked for something that costs: where to, and how their replies are read."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from chit.core.answer import Answer, judge_body
from chit.core.events import Delta
from chit.core.fault import Fault
from chit.core.stream import CompletionStream
from chit.core.typed_reply import judge_embeddings, judge_typed_body
from chit.core.typed_stream import TypedStream

DialectName = Literal["chat", "embeddings", "responses", "messages"]


class ReplyStream(Protocol):
    """A streamed reply from its bytes. Any cut of the same bytes gives the same answer."""

    fault: Fault | None

    @property
    def over(self) -> bool:
        """Whether it has said that nothing more comes."""

    @property
    def failed(self) -> bool:
        """Whether something came that is an error, or that nobody can read."""

    @property
    def generation_id(self) -> str | None:
        """As its events give it."""

    def feed(self, data: bytes) -> Sequence[Delta]:
        """What `data` completed."""

    def close(self) -> Sequence[Delta]:
        """What was held back at the end."""

    def judge(self, broken: Fault | None, *, stopped: bool = False) -> Answer:
        """What it came to, if no more comes; `broken` is what the connection did, if it broke."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """One of them."""

    name: DialectName
    path: str
    """After the base URL."""
    judge_body: Callable[[bytes, Fault | None], Answer]
    """What a unary reply with a good status came to; the fault is what the connection did, if it broke."""
    open_stream: Callable[[], ReplyStream]


CHAT = Dialect(name="chat", path="/chat/completions", judge_body=judge_body, open_stream=CompletionStream)
EMBEDDINGS = Dialect(name="embeddings", path="/embeddings", judge_body=judge_embeddings, open_stream=CompletionStream)
RESPONSES = Dialect(name="responses", path="/responses", judge_body=judge_typed_body, open_stream=TypedStream)
MESSAGES = Dialect(name="messages", path="/messages", judge_body=judge_typed_body, open_stream=TypedStream)
DIALECTS = (CHAT, EMBEDDINGS, RESPONSES, MESSAGES)
