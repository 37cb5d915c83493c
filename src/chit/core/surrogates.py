"""Halves of UTF-16 pairs that a provider cut apart, an emoji split over two chunks for example.

Python keeps such halves as lone surrogates, which cannot be encoded. Pairs are joined; what stays alone becomes
U+FFFD.
"""

from typing import Any


def has_surrogates(text: str) -> bool:
    """Whether `text` holds at least one surrogate code point. ASCII, the common case, is answered without looking."""
    if text.isascii():
        return False
    try:
        text.encode()
    except UnicodeEncodeError:
        return True
    return False


def join_surrogates(text: str) -> str:
    """`text` with adjacent halves joined and lone ones replaced by U+FFFD; any other text unchanged."""
    if not has_surrogates(text):
        return text
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def mend_surrogates(value: Any) -> Any:
    """A JSON value with every string in it, keys included, passed through `join_surrogates`."""
    if isinstance(value, str):
        return join_surrogates(value)
    if isinstance(value, list):
        return [mend_surrogates(item) for item in value]
    if isinstance(value, dict):
        return {join_surrogates(key): mend_surrogates(item) for key, item in value.items()}
    return value


class SurrogateJoiner:
    """Joins halves over successive deltas of one text: a trailing high half waits for the next delta."""

    __slots__ = ("_waiting",)

    def __init__(self) -> None:
        self._waiting = ""

    def add(self, text: str) -> str:
        """What can be shown now; may be shorter than `text` by one half, which comes with the next call or `end`."""
        if not self._waiting and not has_surrogates(text):
            return text
        text = self._waiting + text
        self._waiting = ""
        if text and "\ud800" <= text[-1] <= "\udbff":
            self._waiting = text[-1]
            text = text[:-1]
        return join_surrogates(text)

    def end(self) -> str:
        """U+FFFD if a half was still waiting for its other half, else nothing."""
        alone, self._waiting = self._waiting, ""
        return "\ufffd" if alone else ""
