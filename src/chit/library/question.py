"""What a program asks, whole: the words, and all that stands beside them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, TypedDict

from chit.core.usage import read_cost
from chit.library.conversation import Named
from chit.library.prompt import File, Prompt
from chit.library.shape import Shape
from chit.library.tool import Tool, make_tool
from chit.places import Place, write_parameters
from chit.prefs import UserPrefs

MOST_STEPS = 10
_NOT_KEPT = frozenset({"model", "models", "tools", "tool_choice", "response_format", "messages", "stream"})


class AskOptions(TypedDict, total=False):
    """What may stand beside every question. What each is: `Question`."""

    after: Named | None
    model: str | None
    system: str | None
    files: Sequence[File]
    parameters: Mapping[str, Any]
    private: bool
    tools: Sequence[Callable[..., Any]]
    max_steps: int
    max_cost: Decimal | float | str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """One question."""

    prompt: Prompt
    after: Named | None = None
    """The message that it follows, or the conversation whose newest message that is; None begins a new one."""
    model: str | None = None
    """A model id, or several with commas as fallbacks; None is what the conversation had, else the preferred one."""
    system: str | None = None
    """Instructions that stand before it."""
    files: Sequence[File] = ()
    """Paths of files that go along."""
    parameters: Mapping[str, Any] = field(default_factory=dict)
    """Any parameters of a request; None leaves a default out."""
    private: bool = False
    """Whether a new conversation is to be private: nothing of it but ids and costs is written down."""
    tools: Sequence[Callable[..., Any]] = ()
    """Functions that the model may ask for."""
    max_steps: int = MOST_STEPS
    """How many times the model may be asked, with tools."""
    max_cost: Decimal | float | str | None = None
    """US dollars from which on the model is not asked again, with tools."""
    shape: Shape[Any] | None = None
    """What the reply is to be."""

    def make_tools(self) -> dict[str, Tool]:
        """By name. Raises `TypeError`."""
        made = [make_tool(each) for each in self.tools]
        by_name = {each.name: each for each in made}
        if len(by_name) < len(made):
            raise TypeError(f"two tools have the same name: {', '.join(each.name for each in made)}")
        return by_name

    def read_limit(self) -> Decimal | None:
        """The cost limit, exact. Raises `TypeError`."""
        limit = read_cost(self.max_cost)
        if limit is None and self.max_cost is not None:
            raise TypeError(f"max_cost is an amount of US dollars, not {self.max_cost!r}")
        return limit

    def list_own(self) -> dict[str, Any]:
        """The parameters that a new conversation keeps, for whoever asks in it next: not the model, nor tools."""
        return {name: value for name, value in self.parameters.items() if name not in _NOT_KEPT}

    def list_parameters(self, tools: Mapping[str, Tool], place: Place | None, prefs: UserPrefs) -> dict[str, Any]:
        """Those of the request at that place, None for a new conversation."""
        written = write_parameters(self.model, self.parameters, place, prefs)
        if tools:
            written["tools"] = [*(each.as_dict() for each in tools.values()), *written.get("tools", ())]
        if self.shape is not None:
            written["response_format"] = self.shape.as_format()
        return written
