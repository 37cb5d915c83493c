"""Percentiles of durations that are only kept as counts in buckets, each about a fifth wider than the one below."""

from collections.abc import Mapping
from math import ceil, floor, log2

_PER_DOUBLING = 4
_LAST = 40 * _PER_DOUBLING


def find_bucket(milliseconds: int) -> int:
    """Where a duration belongs; what takes decades shares the last one."""
    return min(floor(_PER_DOUBLING * log2(milliseconds)), _LAST) if milliseconds > 1 else 0


def find_percentile(counts: Mapping[int, int], share: float) -> int | None:
    """About how many milliseconds that share of them takes at most, within a tenth; None where there are none."""
    wanted = max(1, ceil(share * sum(counts.values())))
    passed = 0
    for bucket in sorted(counts):
        passed += counts[bucket]
        if passed >= wanted:
            return round(2 ** ((bucket + 0.5) / _PER_DOUBLING)) if bucket else 1
    return None
