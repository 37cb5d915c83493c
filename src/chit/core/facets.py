"""What a search filters by, as words that stand in the index beside those of the text.

So a common word with a rare filter is as fast as a rare word: the index brings them together. Each facet is one
character of a private plane of Unicode, which no text that we index holds, and which is too short for the index of
beginnings. A number is filed under each of its prefixes in base 8, so that a range of numbers is a handful of them.

Facets only narrow: whoever searches looks at the exact values as well.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache

from chit.core.messages import Source

_PLANE = 0xF0000
_END = 0xFFFE
"""Beyond the characters of the plane."""
_STEP = 3
_EPOCH = 7305
"""Days from 1970 to 1990: what is earlier is filed under that day."""
_DAY = 86_400


@dataclass(frozen=True, slots=True, kw_only=True)
class Scale:
    """Numbers below 2 ** `bits`, under codes from `first` on."""

    first: int
    bits: int

    @property
    def end(self) -> int:
        """The code after its last."""
        return self.first + sum(1 << (self.bits - shift) for shift in range(0, self.bits, _STEP))

    def clamp(self, number: int) -> int:
        """The nearest one that it has."""
        return max(0, min(number, (1 << self.bits) - 1))

    def codes(self, number: int) -> Iterator[int]:
        """All codes that a number is filed under, the narrowest first."""
        first = self.first
        for shift in range(0, self.bits, _STEP):
            yield first + (self.clamp(number) >> shift)
            first += 1 << (self.bits - shift)

    def cover(self, low: int, high: int) -> Iterator[int]:
        """Codes under which exactly the numbers from `low` to `high` are filed, of which each has one."""
        low, high, first, shift = self.clamp(low), self.clamp(high), self.first, 0
        while low <= high:
            is_top = shift + _STEP >= self.bits
            while low <= high and (low % 8 or is_top):
                yield first + low
                low += 1
            while low <= high and high % 8 != 7:
                yield first + high
                high -= 1
            if low <= high:
                first += 1 << (self.bits - shift)
                low, high, shift = low >> _STEP, high >> _STEP, shift + _STEP


EVERY = 0
"""That of every message."""
ERROR = 1
_SOURCES: dict[Source, int] = {"system": 2, "user": 3, "actor": 4, "client": 5}
DAYS = Scale(first=16, bits=15)
"""Of UTC, from 1990 to 2079."""
COSTS = Scale(first=DAYS.end, bits=12)
"""By the length and the first two digits of the pico-dollars: within a tenth of each other they may be one number."""
_OTHER_MODEL = COSTS.end
_MODELS = _OTHER_MODEL + 1


def facets_of(
    *, source: Source, created_at: float, models: Iterable[int] = (), pico: int | None = None, has_error: bool = False
) -> str:
    """Those of a message, as a text for the index. `models` are the numbers under which we know them."""
    facets = [write_facet(EVERY), write_facet(_SOURCES[source]), _file(DAYS, day_of(created_at))]
    facets += [write_facet(code) for code in dict.fromkeys(map(model_code, models))]
    facets += [write_facet(ERROR)] if has_error else []
    facets += [] if pico is None else [_file(COSTS, size_of(pico))]
    return " ".join(facets)


@lru_cache(1_000)
def _file(scale: Scale, number: int) -> str:
    """All facets of a number; days and costs come again and again."""
    return " ".join(map(write_facet, scale.codes(number)))


def write_facet(code: int) -> str:
    """The character that stands for it."""
    return chr(_PLANE + code)


def source_code(source: Source) -> int:
    """Of all messages from there."""
    return _SOURCES[source]


def model_code(number: int) -> int:
    """Of all that this model was asked or answered. Where there are very many of them, some share one."""
    return _MODELS + number if _MODELS + number < _END else _OTHER_MODEL


def day_of(unix_seconds: float) -> int:
    """The number of a day on the scale `DAYS`."""
    return int(unix_seconds // _DAY) - _EPOCH


def size_of(pico: int) -> int:
    """The number of a cost on the scale `COSTS`: a higher cost never has a lower one."""
    digits = str(max(0, pico))
    return len(digits) * 100 + int(f"{digits}0"[:2])
