"""Stretches of days, and what figures say of themselves."""

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from chit.core.spending import DAY, MONTH, YEAR, Figures, SpendingQuery, split_days

DAYS = st.dates(date(1999, 1, 1), date(2012, 12, 31))


@given(DAYS, DAYS, st.sampled_from([YEAR, MONTH, DAY]))
def test_stretches_make_up_the_days(one: date, other: date, widest: int) -> None:
    """Each day of the range is in exactly one stretch, no other day is in any, and none is wider than allowed."""
    first, last = sorted((one, other))
    stretches = split_days(first, last, widest=widest)
    day = date(1998, 12, 25)
    while day < date(2013, 1, 5):
        name = day.isoformat()
        found = [size for size, low, high in stretches if low <= name[:size] <= high]
        assert len(found) == (first <= day <= last), name
        day += timedelta(days=1)
    assert all(size >= widest for size, _, _ in stretches)
    assert len(stretches) <= 5


def test_a_long_range_is_few_stretches() -> None:
    """Days, months, years, months, days; backwards it is nothing, and time has an end."""
    assert split_days(date(2023, 11, 30), date(2026, 2, 2)) == [
        (DAY, "2023-11-30", "2023-11-30"),
        (MONTH, "2023-12", "2023-12"),
        (YEAR, "2024", "2025"),
        (MONTH, "2026-01", "2026-01"),
        (DAY, "2026-02-01", "2026-02-02"),
    ]
    assert split_days(date(2026, 2, 2), date(2026, 2, 1)) == []
    assert split_days(date(9999, 12, 31), date.max) == [(DAY, "9999-12-31", "9999-12-31")]


def test_nothing_known_is_no_zero() -> None:
    """A cost is there once any charge has one, were it nothing."""
    assert Figures(charges=3, unknown=3).cost is None
    assert str(Figures(charges=3, known=1).cost) == "0"


def test_a_query_is_narrow_if_it_leaves_something_out() -> None:
    """Of its days; "" is a model too, the unknown one."""
    assert not SpendingQuery(first=date(2026, 1, 1)).is_narrow
    assert SpendingQuery(model="").is_narrow
    assert SpendingQuery(private=False).is_narrow
