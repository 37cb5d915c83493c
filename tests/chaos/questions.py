"""Questions that can be told apart for ever, and what the model says to each: the same words again."""

import re
from dataclasses import dataclass
from random import Random

_WORDS = (
    "Grüße",
    "Zeit",
    "東京",
    "река",
    "wind",
    "🧾",
    "Apfel",
    "naïve",
    "straße",
    "лес",
    "morning",
    "κύμα",
    "soft",
    "rain",
    "雪",
    "año",
)
_MARK = re.compile(r"mark-(\d+)-mark")
MODEL = "sandbox/echo"


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """One thing that a client asks, once."""

    number: int
    text: str
    """The reply of `MODEL` is this text, whole."""


class Questions:
    """Makes them, by seed."""

    def __init__(self, seed: int) -> None:
        self._random = Random(f"questions {seed}")
        self._asked = 0

    def next(self) -> Question:
        """One that was not asked before: plain words, so that a page shows them as they are."""
        self._asked += 1
        words = self._random.choices(_WORDS, k=self._random.randrange(20, 120))
        return Question(number=self._asked, text=f"mark-{self._asked}-mark {' '.join(words)}")


def find_number(text: str) -> int | None:
    """The question that this text is of; None if there is none in it."""
    found = _MARK.search(text)
    return int(found[1]) if found else None
