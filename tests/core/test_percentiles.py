"""Percentiles of buckets against the durations themselves."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from chit.core.percentiles import find_bucket, find_percentile

TIMES = st.lists(st.integers(0, 10_000_000), min_size=1, max_size=60)


@given(TIMES, st.sampled_from([0.5, 0.9, 0.99]))
def test_a_percentile_is_within_a_tenth(times: list[int], share: float) -> None:
    """Of any durations, it differs from the exact one by a tenth and a millisecond at most."""
    exact = sorted(times)[max(0, -(-int(share * 100) * len(times) // 100) - 1)]
    about = find_percentile(Counter(map(find_bucket, times)), share)
    assert about is not None
    assert abs(about - exact) <= exact * 0.1 + 1


@given(st.integers(0, 2**70), st.integers(0, 2**70))
def test_a_longer_time_is_in_no_lower_bucket(one: int, other: int) -> None:
    """However absurd it is, and there is a last bucket."""
    low, high = sorted((one, other))
    assert find_bucket(low) <= find_bucket(high) <= 160


def test_nothing_has_no_percentile() -> None:
    """Unknown is not zero."""
    assert find_percentile({}, 0.5) is None
