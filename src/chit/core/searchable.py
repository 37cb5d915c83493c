"""A text as the index of words gets it.

The tokenizer of the index (SQLite's `unicode61`) takes every run of letters and digits for a word, without regard to
case and accents. Chinese and Japanese have no spaces, so each of their characters is a word here, and a search for
several of them one for those next to each other.
"""

import re

SEAM = "\u200b"
"""A zero-width space: where a word ends that no space ends."""
_ALONE = re.compile(
    "[\u3005-\u3007\u3041-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\uff66-\uff9f\U00020000-\U0003ffff]"
)
_FACETS = re.compile("[\U000f0000-\U000fffff\0]+")
"""What stands for facets in the index, and what ends a text for a program in C."""


def searchable(text: str) -> str:
    """`text`, with a seam around each character that is a word of its own; no more than seams differ to the eye."""
    if text.isascii() and "\0" not in text:
        return text
    text = text.encode("utf-8", "replace").decode()
    return _ALONE.sub(rf"{SEAM}\g<0>{SEAM}", _FACETS.sub(" ", text))
