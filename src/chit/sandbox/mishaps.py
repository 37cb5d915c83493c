"""What goes wrong at a hostile upstream, by a seeded schedule: the same number of a request, the same mishap.

Some mishaps bill: the model ran, and nobody was told. The ledger knows.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from random import Random
from typing import Literal

Kind = Literal[
    "slow",  # an answer, late
    "refused",  # a JSON error in place of an answer; never billed
    "page",  # an HTML page in place of an answer, as an edge sends it
    "bare",  # a status with an empty body
    "reset-early",  # a TCP reset before the head of the answer
    "reset",  # a TCP reset somewhere in the body
    "cut",  # the connection closed at any byte of the body
    "half",  # the same, in the middle of a character where there is one
    "garbage",  # bytes that belong nowhere, then the rest
    "stall",  # silence in the middle, then a reset
    "no-done",  # everything but `[DONE]`
    "late-error",  # an error event after some text
    "comments",  # comments without an end
    "flood",  # a gibibyte of text
    "bomb",  # a gibibyte of text, packed into a megabyte
]
Fate = Literal["soon", "late", "failing", "never"]
"""What becomes of a generation's record: there in time, much later, after errors, or not at all."""

WEIGHTS: Mapping[Kind, int] = {
    "slow": 2,
    "refused": 3,
    "page": 2,
    "bare": 2,
    "reset-early": 2,
    "reset": 2,
    "cut": 3,
    "half": 2,
    "garbage": 1,
    "stall": 1,
    "no-done": 1,
    "late-error": 2,
}
"""How often each occurs among the mishaps. The endless ones only where they are asked for by name."""
_FATES: Mapping[Fate, int] = {"soon": 12, "late": 3, "failing": 3, "never": 1}
_BODY = 6_000
"""Bytes within which a body is broken off."""
_LONGEST_SECONDS = 1.5
LATE_SECONDS = 6.0
"""How much longer than the others a late record takes."""
FAILING_LOOKUPS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Mishap:
    """What happens to one completion."""

    kind: Kind
    at: int = 0
    """Bytes of the body after which it happens."""
    seconds: float = 0.0
    """Of waiting, for those that wait."""
    status: int = 502
    """Of those that refuse."""
    retry_after: int | None = None
    """Seconds that a refusal asks to wait."""
    bills: bool = False
    """Whether the model runs to its end all the same: unseen, or after the connection is gone."""
    chance: int = 0
    """For whatever else is left to chance."""


class Schedule:
    """Decides by number, so that neither time nor the order of threads matters."""

    def __init__(self, seed: int, *, share: float = 0.5, weights: Mapping[Kind, int] = WEIGHTS) -> None:
        """`share` of the completions meet a mishap, from 0 to 1."""
        self._seed = seed
        self._share = share
        self._weights = weights

    def draw(self, number: int) -> Mishap | None:
        """For the request of that number; None where all goes well."""
        random = Random(f"{self._seed} request {number}")  # noqa: S311 - repeats, guards nothing
        if random.random() >= self._share:
            return None
        (kind,) = random.choices(list(self._weights), list(self._weights.values()))
        statuses = {"refused": (429, 500, 502, 503), "page": (502, 503, 520, 524), "bare": (500, 504)}
        return Mishap(
            kind=kind,
            at=random.randrange(_BODY),
            seconds=random.uniform(0, _LONGEST_SECONDS),
            status=random.choice(statuses.get(kind, (502,))),
            retry_after=random.choice((None, 0, 1)),
            bills=kind != "refused" and random.random() < 0.5,
            chance=random.randrange(2**32),
        )

    def find_fate(self, generation_id: str) -> Fate:
        """Of the record of that generation."""
        random = Random(f"{self._seed} record {generation_id}")  # noqa: S311 - repeats, guards nothing
        (fate,) = random.choices(list(_FATES), list(_FATES.values()))
        return fate
