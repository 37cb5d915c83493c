"""What a person writes of a token's terms."""

from decimal import Decimal

import pytest

from chit.core.local_token import Terms
from chit.core.terms_text import read_budgets, read_models, read_name
from chit.errors import InputError


def test_budgets_are_read() -> None:
    """Each takes the place of the one before; what is not named stays."""
    terms = read_budgets([" $5/day ", "0.50/Month"], Terms(total=Decimal(3)))
    assert terms == Terms(day=Decimal(5), month=Decimal("0.50"), total=Decimal(3))
    assert read_budgets(["none/day", "0/total"], terms) == Terms(month=Decimal("0.50"), total=Decimal(0))
    assert read_budgets([], terms) == terms


@pytest.mark.parametrize(
    ("texts", "message"),
    [
        (["5"], "not '5'"),
        (["5/week"], "not '5/week'"),
        (["/day"], "begins with an amount"),
        (["five/day"], "begins with an amount"),
        (["-1/day"], "begins with an amount"),
        (["nan/day"], "begins with an amount"),
        (["5/day", "6/day"], "two budgets for a day: 5/day and 6/day"),
    ],
)
def test_a_budget_that_is_none_is_refused(texts: list[str], message: str) -> None:
    """The error names what was written."""
    with pytest.raises(InputError, match=message):
        read_budgets(texts, Terms())


def test_models_are_read() -> None:
    """Each once, in order."""
    assert read_models(["openai/*", "a/b", "openai/*"]) == ("openai/*", "a/b")
    assert read_models([]) == ()


@pytest.mark.parametrize("text", ["gpt-5", "", "a/b c", "a/\x1b", "a/" + "x" * 200])
def test_what_is_no_model_is_refused(text: str) -> None:
    """Lest a token be made that may ask nothing."""
    with pytest.raises(InputError, match="is no model id"):
        read_models([text])


def test_a_name_is_one_short_line() -> None:
    """Without the space around it."""
    assert read_name(" my editor ") == "my editor"


@pytest.mark.parametrize("text", ["", "  ", "x" * 61, "a\nb", "\x1b[31m"])
def test_a_name_that_breaks_a_list_is_refused(text: str) -> None:
    """No line breaks, nothing that a terminal obeys."""
    with pytest.raises(InputError, match="one line"):
        read_name(text)


@pytest.mark.parametrize("text", ["sk-or-v1-0123", "sk-chit-0123"])
def test_a_secret_is_no_name(text: str) -> None:
    """A name is shown and kept; the error does not repeat it."""
    with pytest.raises(InputError, match="must not be a key") as caught:
        read_name(text)
    assert text not in str(caught.value)
