"""Short names for versions of a message: by the model, or by the words in which each first differs from the others."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

_MOST = 40
"""Characters of a name's words, the ellipses aside."""
_BACK = 20
"""Characters that a name goes back for, to begin with a whole word."""
_MARKS = "#*_`>~| "
"""What Markdown puts before words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """What a name is made of."""

    text: str
    model: str | None = None
    """The model id that was asked; None for what no model wrote."""
    edited: bool = False
    """Whether the person rewrote it."""


def name_versions(versions: Sequence[Version]) -> list[str]:
    """A name for each, in order; no two are the same.

    Replies of different models are named by them, one that was edited says so; where that does not tell them apart,
    and for everything else, it is the words from the first difference on.
    """
    models = {version.model for version in versions if not version.edited}
    labels = ["edited" if each.edited else (each.model or "") if len(models) > 1 else "" for each in versions]
    texts = [" ".join(version.text.split()) for version in versions]
    shared = Counter(labels)
    names = []
    for place, label in enumerate(labels):
        if label and shared[label] == 1:
            names.append(label)
            continue
        rivals = [text for at, text in enumerate(texts) if at != place and (labels[at] == label or shared[label] == 1)]
        words = _first_difference(texts[place], rivals)
        names.append(f"{label} · {words}" if label else words)
    return _number(names)


def _first_difference(text: str, others: Sequence[str]) -> str:
    """The words of `text` from where no other is like it any more; the last ones where it ends before that."""
    if not text:
        return "no text"
    start = max((_common(text, other) for other in others), default=0)
    if start >= len(text):
        start = max(0, len(text) - _MOST)
    word = text.rfind(" ", 0, start + 1) + 1
    if start - word <= _BACK:
        start = word
    said = text[start:].strip()
    shown = said.lstrip(_MARKS) or said
    cut = shown if len(shown) <= _MOST else _cut(shown)
    return f"… {cut}" if start > 0 else cut


def _cut(text: str) -> str:
    head, space, _ = text[: _MOST + 1].rpartition(" ")
    return f"{head if space and len(head) > _MOST // 2 else text[:_MOST]}…"


def _common(one: str, other: str) -> int:
    """How many characters both begin with: halving, since comparing slices is fast."""
    least, most = 0, min(len(one), len(other))
    while least < most:
        middle = (least + most + 1) // 2
        if one[least:middle] == other[least:middle]:
            least = middle
        else:
            most = middle - 1
    return least


def _number(names: Sequence[str]) -> list[str]:
    """The same, with a number after a name that stood before."""
    taken: set[str] = set()
    numbered = []
    for name in names:
        shown, number = name, 1
        while shown in taken:
            number += 1
            shown = f"{name} ({number})"
        taken.add(shown)
        numbered.append(shown)
    return numbered
