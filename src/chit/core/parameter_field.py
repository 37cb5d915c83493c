"""What a control of the parameters' form is: a name, a kind, and the place in the request that it stands for."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Kind = Literal["number", "integer", "text", "words", "lines", "json", "choice", "flag", "entry"]
"""`words` is a list of names with commas, `lines` a list of texts, one a line; `entry` whether a plugin or a tool is in
its list, where its text is `on`, or is there only to be switched off, `off`."""
KEYS: Mapping[str, str] = {"plugins": "id", "tools": "type"}
"""Lists whose entries are found by what this member says; a step of a path into them is that text."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One control."""

    name: str
    """Of the control; the field that says most about a group is the beginning of the others' names."""
    label: str
    kind: Kind
    path: tuple[str, ...]
    """Where its value stands in the request."""
    about: str = ""
    options: tuple[str, ...] = ()
    """Of a choice."""
    low: float | None = None
    high: float | None = None
    """The documented range."""
    chip: str = ""
    """What is said of it in a few words, `{}` being its text; empty where a field it belongs to speaks for it."""
    off: str = ""
    """The same for a flag that is false and an entry that is switched off."""

    @property
    def unit(self) -> str:
        """The parameter, or the member of `provider`, that a default stands for as a whole: `provider.zdr`."""
        return ".".join(self.path[: 2 if self.path[0] == "provider" else 1])


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Fields that stand together."""

    name: str
    title: str
    fields: tuple[Field, ...]
    about: str = ""
