"""The members of an object in a file, taken one by one, each with its type; what is left over is not ours."""

import re
from collections.abc import Collection
from typing import Any

from chit.core.surrogates import has_surrogates

MOST_TEXT = 10_000
"""Characters of a title, a name or an id."""
_LARGEST = 2**63 - 1
_LATEST = 253e9
"""Seconds: the year 9987, since lists show days and calendars end."""


class DossierInvalid(ValueError):
    """What a file says of a conversation cannot be. `str()` of it says what, in a few words."""


class Members:
    """Of one object, called `where` in errors. Every method raises `DossierInvalid`."""

    def __init__(self, value: Any, where: str) -> None:
        if not isinstance(value, dict):
            raise DossierInvalid(f"{where} is not an object")
        self._rest = dict(value)
        self._where = where

    def take(self, name: str) -> Any:
        """Whatever it is."""
        if name not in self._rest:
            raise DossierInvalid(f"{self._where} has no {name}")
        return self._rest.pop(name)

    def take_text(self, name: str, *, most: int | None = MOST_TEXT, shape: re.Pattern[str] | None = None) -> str:
        """Of whole characters, at most so many, and of that shape."""
        text = self.take(name)
        if not isinstance(text, str) or has_surrogates(text):
            raise self.refuse(name, "is no text")
        if (most is not None and len(text) > most) or (shape is not None and not shape.fullmatch(text)):
            raise self.refuse(name, "cannot be what it says")
        return text

    def find_text(self, name: str) -> str | None:
        """As `take_text`, or null."""
        return None if self._is_null(name) else self.take_text(name)

    def take_one_of(self, name: str, words: Collection[str]) -> Any:
        """One of these words; typed by its caller."""
        word = self.take(name)
        if not isinstance(word, str) or word not in words:
            raise self.refuse(name, f"is not one of {', '.join(sorted(words))}")
        return word

    def take_flag(self, name: str) -> bool:
        """True or false."""
        flag = self.take(name)
        if not isinstance(flag, bool):
            raise self.refuse(name, "is neither true nor false")
        return flag

    def take_count(self, name: str) -> int:
        """A whole number from 0 to what a column holds."""
        count = self.take(name)
        if isinstance(count, bool) or not isinstance(count, int) or not 0 <= count <= _LARGEST:
            raise self.refuse(name, "is no count")
        return count

    def find_count(self, name: str) -> int | None:
        """As `take_count`, or null."""
        return None if self._is_null(name) else self.take_count(name)

    def take_time(self, name: str) -> float:
        """Unix seconds."""
        time = self.take(name)
        if isinstance(time, bool) or not isinstance(time, int | float):
            raise self.refuse(name, "is no time")
        if not 0 <= time <= _LATEST:
            raise self.refuse(name, "is no time")
        return float(time)

    def find_time(self, name: str) -> float | None:
        """As `take_time`, or null."""
        return None if self._is_null(name) else self.take_time(name)

    def take_object(self, name: str) -> dict[str, Any]:
        """With members of any kind."""
        value = self.take(name)
        if not isinstance(value, dict):
            raise self.refuse(name, "is not an object")
        return value

    def find_object(self, name: str) -> dict[str, Any] | None:
        """As `take_object`, or null."""
        return None if self._is_null(name) else self.take_object(name)

    def take_list(self, name: str) -> list[Any]:
        """Of anything."""
        value = self.take(name)
        if not isinstance(value, list):
            raise self.refuse(name, "is not a list")
        return value

    def end(self) -> None:
        """Nothing is left: what this Chit does not know it could not keep either."""
        if self._rest:
            raise DossierInvalid(f"{self._where} holds {next(iter(self._rest))[:40]!r}, which this Chit does not know")

    def refuse(self, name: str, why: str) -> DossierInvalid:
        """The error for one member."""
        return DossierInvalid(f"{name} of {self._where} {why}")

    def _is_null(self, name: str) -> bool:
        if name in self._rest and self._rest[name] is None:
            del self._rest[name]
            return True
        return False
