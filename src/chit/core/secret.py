"""A key that does not leak by accident."""

import re
from typing import NoReturn

_KEY = re.compile(r"sk-or-[!#-&(-_a-~]+")
"""Visible ASCII without quotes."""
_MAX_LENGTH = 512
_MIN_SHOWN = 20


class SecretInvalid(ValueError):
    """The text cannot be an OpenRouter key. The message never repeats it."""


def is_key(text: str) -> bool:
    """Whether this can be an OpenRouter key."""
    try:
        Secret(text)
    except SecretInvalid:
        return False
    return True


class Secret:
    """An OpenRouter key. Shown only masked; cannot be pickled, copied or formatted into text.

    Only the few places that the architecture test lists may call `reveal`.
    """

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        """Strips white space around `text`. Raises `SecretInvalid` unless the rest can stand in an HTTP header."""
        text = text.strip()
        if not _KEY.fullmatch(text) or len(text) > _MAX_LENGTH:
            raise SecretInvalid("an OpenRouter key starts with sk-or- and has no spaces, quotes or line breaks in it")
        self._text = text

    def reveal(self) -> str:
        """The key itself."""
        return self._text

    @property
    def masked(self) -> str:
        """`sk-or-…` and the last four characters, for screens; nothing of a short key."""
        return f"sk-or-…{self._text[-4:]}" if len(self._text) >= _MIN_SHOWN else "sk-or-…"

    def __repr__(self) -> str:
        return f"Secret({self.masked})"

    __str__ = __repr__

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and self._text == other._text

    def __hash__(self) -> int:
        return hash(self._text)

    def __reduce__(self) -> NoReturn:
        raise TypeError("a Secret cannot be pickled or copied")

    __copy__ = __reduce__

    def __deepcopy__(self, memo: object) -> NoReturn:
        self.__reduce__()
