"""Text as it arrives, made into the one form that all rendering starts from.

Lines end in LF alone, NUL is U+FFFD, halves of cut emoji are joined. Cutting the text anywhere changes nothing.
"""

from chit.core.surrogates import SurrogateJoiner


def clean_source(text: str) -> str:
    """A whole text in that form."""
    cleaner = SourceCleaner()
    return cleaner.add(text) + cleaner.end()


class SourceCleaner:
    """The same over pieces: what cannot be decided yet waits for the next piece or the end."""

    __slots__ = ("_after_return", "_joiner")

    def __init__(self) -> None:
        self._joiner = SurrogateJoiner()
        self._after_return = False

    def add(self, text: str) -> str:
        """What of the text is certain by now."""
        text = self._joiner.add(text)
        if self._after_return and text.startswith("\n"):
            text = text[1:]  # the line feed of a CR LF whose CR has been given out as one
            self._after_return = False
        if text:
            self._after_return = text.endswith("\r")
        return text.replace("\r\n", "\n").replace("\r", "\n").replace("\0", "\ufffd")

    def end(self) -> str:
        """What was still waiting."""
        return self._joiner.end()
