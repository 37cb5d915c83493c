"""Money and tokens: exact, and unknown is not zero."""

import random
from decimal import Decimal, localcontext
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chit.core.jsontext import decode_json, encode_json
from chit.core.usage import (
    PICO,
    Usage,
    from_pico,
    read_cost,
    read_count,
    read_usage,
    show_cost,
    sum_costs,
    to_pico,
    write_cost,
)

amounts = st.floats(-1e9, 1e9) | st.floats(0, 1e-3) | st.sampled_from([5e-324, 1e-7, 1.98e-05, 0.1, 0.000029])
costs = st.decimals(-(10**6), 10**6, allow_nan=False, places=19) | amounts.map(lambda amount: Decimal(repr(amount)))
halves = st.integers(-(10**6), 10**6).map(lambda pico: Decimal(pico * 10 + 5).scaleb(-13))
"""Costs half-way between two pico-dollars."""
quick = settings(max_examples=100, deadline=None)


@given(st.lists(costs | halves, max_size=12), st.integers())
@quick
def test_a_sum_is_exact_whatever_the_order(terms: list[Decimal], seed: int) -> None:
    """The total is that of exact fractions, each rounded half to even at the pico-dollar, in any order."""
    shuffled = terms.copy()
    random.Random(seed).shuffle(shuffled)
    expected = sum(round(Fraction(term) * PICO) for term in terms)
    assert Fraction(sum_costs(terms)) == Fraction(sum_costs(shuffled)) == Fraction(expected, PICO)


def test_money_does_not_depend_on_the_program_around_it() -> None:
    """A decimal context of three digits, set by somebody else, changes no figure."""
    with localcontext() as context:
        context.prec = 3
        assert read_cost(123.4567891) == Decimal("123.4567891")
        assert sum_costs([Decimal("123.456789"), Decimal("0.000000000001")]) == Decimal("123.456789000001")


def test_rounding_looks_at_every_digit() -> None:
    """A term a hair above the half is rounded up, however far away the hair is."""
    assert to_pico(Decimal("0.0000000000005")) == 0
    assert to_pico(Decimal("0.0000000000015")) == 2
    assert to_pico(Decimal("0.0000000000005" + "0" * 60 + "1")) == 1


@given(st.integers(-(10**40), 10**40))
@quick
def test_pico_dollars_come_back(pico: int) -> None:
    """Dollars made of pico-dollars are exact, however many, and end in no zero after the point."""
    cost = from_pico(pico)
    assert Fraction(cost) == Fraction(pico, PICO)
    assert to_pico(cost) == pico
    assert "." not in write_cost(cost) or not write_cost(cost).endswith("0")


@given(amounts)
@quick
def test_a_cost_on_the_wire_is_read_to_the_last_digit(amount: float) -> None:
    """A JSON number becomes the decimal that its shortest spelling shows, and goes back to the same number."""
    found = read_cost(decode_json(encode_json({"cost": amount}))["cost"])
    assert found == Decimal(repr(amount))
    assert float(write_cost(found)) == amount


@given(costs)
@quick
def test_a_cost_is_written_without_exponent(cost: Decimal) -> None:
    """The text has digits and a point only, and every digit of the cost."""
    text = write_cost(cost)
    assert set(text) <= set("-.0123456789")
    assert Decimal(text) == cost


@given(costs)
@quick
def test_a_shown_cost_is_never_rounded_to_nothing(cost: Decimal) -> None:
    """What is not zero shows a digit that is not zero, within one percent of the truth."""
    shown = show_cost(cost)
    figure = Decimal(shown.replace("$", ""))
    assert (figure != 0) == (cost != 0)
    assert abs(figure - cost) <= abs(cost) / 100


@pytest.mark.parametrize(
    ("cost", "shown"),
    [
        (None, "–"),
        ("0", "$0"),
        ("-0.0", "$0"),
        ("8.4231", "$8.42"),
        ("1234.5", "$1234.50"),
        ("0.5", "$0.50"),
        ("0.9996", "$1.00"),
        ("0.00284", "$0.00284"),
        ("0.0000198", "$0.0000198"),
        ("0.0999999", "$0.10"),
        ("0.00000000000000000001", "$0.00000000000000000001"),
        ("-0.25", "-$0.25"),
        ("-2", "-$2.00"),
    ],
)
def test_costs_for_people(cost: str | None, shown: str) -> None:
    """Cents where there are dollars, three digits that matter below, a dash for unknown."""
    assert show_cost(None if cost is None else Decimal(cost)) == shown


@pytest.mark.parametrize(
    ("value", "cost"),
    [
        (0, "0"),
        (3, "3"),
        (1.98e-05, "0.0000198"),
        ("0.25", "0.25"),
        (Decimal("1.5"), "1.5"),
        (-0.5, "-0.5"),
        (999999999999, "999999999999"),
    ],
)
def test_costs_that_are_known(value: Any, cost: str) -> None:
    """Numbers, numeric texts and decimals are costs, zero and negative ones included."""
    assert read_cost(value) == Decimal(cost)


@pytest.mark.parametrize(
    "value",
    [
        None,
        True,
        False,
        "",
        "free",
        "NaN",
        "sNaN",
        float("nan"),
        float("inf"),
        "-Infinity",
        [],
        {"usd": 1},
        10**12,
        -(10**12),
        10**4000,
        "1e9999999",
        "1e-9999999",
        "1e999999999999999999999",
    ],
)
def test_costs_that_are_unknown(value: Any) -> None:
    """Nonsense, and figures that would overflow or fill the memory when written, are None and never zero."""
    assert read_cost(value) is None


@pytest.mark.parametrize(("value", "count"), [(0, 0), (12, 12), (12.0, 12), (2**63 - 1, 2**63 - 1)])
def test_counts_that_are_known(value: Any, count: int) -> None:
    """Whole numbers are counts, also as floats."""
    found = read_count(value)
    assert (found, type(found)) == (count, int)


@pytest.mark.parametrize("value", [None, True, "12", -1, 1.5, 2**63, 1e300, float("inf"), float("nan"), []])
def test_counts_that_are_unknown(value: Any) -> None:
    """Fractions, negatives, texts and numbers no database holds are None."""
    assert read_count(value) is None


def test_usage_of_a_reply() -> None:
    """Every figure of a usage object finds its place."""
    usage = read_usage(
        {
            "prompt_tokens": 10,
            "completion_tokens": 20,
            "completion_tokens_details": {"reasoning_tokens": 5},
            "prompt_tokens_details": {"cached_tokens": 4},
            "cost": 0.00015,
            "cost_details": {"upstream_inference_cost": 0.002},
            "is_byok": True,
        }
    )
    assert usage == Usage(
        prompt_tokens=10,
        completion_tokens=20,
        reasoning_tokens=5,
        cached_tokens=4,
        cost=Decimal("0.00015"),
        upstream_cost=Decimal("0.002"),
        is_byok=True,
    )


@pytest.mark.parametrize(
    "usage",
    [None, [], "x", {}, {"prompt_tokens_details": None, "completion_tokens_details": 3, "cost": "?", "is_byok": 1}],
)
def test_usage_that_says_nothing(usage: Any) -> None:
    """Missing and malformed figures are unknown, not zero."""
    assert read_usage(usage) == Usage()
