"""How a reply is shown, and where it goes."""

from dataclasses import dataclass, field
from typing import Any

from chit.cli.output import Output, OutputFile, StandardOutput


@dataclass(frozen=True, slots=True, kw_only=True)
class Manner:
    """What the options of a command say."""

    as_json: bool = False
    """One object instead of text."""
    wait: bool = False
    """Until the cost is settled."""
    quiet: bool = False
    """Nothing but the answer and errors."""
    only_cost: bool = False
    """The bare cost in the place of the chit."""
    schema: Any = None
    """What the reply must fit as JSON; None where it need not."""
    output: Output = field(default_factory=StandardOutput)

    @property
    def media(self) -> str | None:
        """The kind of media that the output is for; None for text."""
        return self.output.media if isinstance(self.output, OutputFile) else None
