"""Ending what is told as a sentence."""

_ENDS = (".", "!", "?", "…")
_CLOSING = "”’»\"'"


def sentence(text: str) -> str:
    """`text` ending in a full stop, unless it ends in a mark of its own, be that within quotation marks."""
    text = text.strip()
    return text if not text or text[-1] == ":" or text.rstrip(_CLOSING)[-1:] in _ENDS else f"{text}."
