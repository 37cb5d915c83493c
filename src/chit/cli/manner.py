"""How a reply is shown, and where it goes."""

from dataclasses import dataclass
from typing import Any


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
    output: str | None = None
    """The path of a file for it; None for standard output."""
    overwrite: bool = False
    """Whether that file may be there already."""
