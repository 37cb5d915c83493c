"""When a person is told that little is left, and when again."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chit.about import CREDITS_PAGE, KEYS_PAGE, PRIVACY_PAGE
from chit.core.balance import OWN_LIMIT, Balance, Cap, Credits, KeyAllowance
from chit.core.low_balance import Told, decide_notice, find_low, read_told

TEN = Decimal(10)


def have(left: str | Decimal | None = None, *caps: Cap) -> Balance:
    """An account with so much, unless None, and a key with these budgets, unless there are none."""
    credits = None
    if left is not None:
        credits = Credits(total_credits=Decimal(left) + 100, total_usage=Decimal(100), asked_at=0)
    return Balance(credits=credits, key=KeyAllowance(asked_at=0, budgets=caps) if caps else None)


def cap(left: str | Decimal, limit: str = "5", scope: str = OWN_LIMIT, reset: str | None = None) -> Cap:
    """One limit."""
    return Cap(scope=scope, limit=Decimal(limit), left=Decimal(left), reset=reset)


@pytest.mark.parametrize(
    ("balance", "is_low"),
    [
        (Balance(), False),
        (have("10"), False),
        (have("9.99"), True),
        (have("-3"), True),
        (have(None, cap("5")), False),
        (have(None, cap("0.51")), False),
        (have(None, cap("0.50")), True),
        (have(None, cap("90", "1000")), False),
        (have(None, cap("9", "1000")), True),
        (have(None, cap("0", "0")), True),
        (have(None, cap("5", "-1")), False),
        (have("25", cap("4"), cap("1", "100")), True),
    ],
)
def test_what_counts_as_low(balance: Balance, is_low: bool) -> None:
    """Credits below the threshold; a cap below it of which at most a tenth is left; nothing that is not known."""
    assert (find_low(balance, TEN) is not None) == is_low
    assert (decide_notice(balance, TEN, Told())[0] is not None) == is_low
    assert find_low(balance, Decimal(0)) is None
    assert decide_notice(balance, Decimal(0), Told(credits=TEN)) == (None, Told(credits=TEN))


@pytest.mark.parametrize(
    ("balance", "text", "link"),
    [
        (
            have("8.42"),
            "$8.42 of account credits left: below $10 OpenRouter checks billing more strictly, so replies may start "
            "later",
            CREDITS_PAGE,
        ),
        (
            have("25", cap("0.4", reset="daily")),
            "$0.40 of this key's daily limit of $5.00 left: near a limit OpenRouter checks billing more strictly, so "
            "replies may start later",
            KEYS_PAGE,
        ),
        (
            have("8", cap("0.4", scope="workspace")),
            "$8.00 of account credits and $0.40 of the workspace's budget of $5.00 left: below $10 OpenRouter checks "
            "billing more strictly, so replies may start later",
            CREDITS_PAGE,
        ),
        (
            have("0"),
            "no account credits are left: OpenRouter refuses what would be charged there",
            CREDITS_PAGE,
        ),
        (
            have("-0.25", cap("0.4")),
            "no account credits are left (-$0.25): OpenRouter refuses what would be charged there; $0.40 of this "
            "key's limit of $5.00 left: near a limit OpenRouter checks billing more strictly, so replies may start "
            "later",
            CREDITS_PAGE,
        ),
        (
            have(None, cap("-1", scope="unheard of")),
            "nothing is left of a budget of $5.00: OpenRouter refuses what would be charged there",
            PRIVACY_PAGE,
        ),
    ],
)
def test_one_notice_says_all(balance: Balance, text: str, link: str) -> None:
    """What is left, why that matters, and the page that mends it; what is gone is not called slow."""
    notice = find_low(balance, TEN)
    assert notice is not None
    assert (notice.text, notice.link) == (text, link)
    shown = notice.as_dict()
    assert list(shown) == ["credits", "cap", "threshold", "text", "link"]
    assert shown["threshold"] == "10"
    assert (shown["credits"] is None, shown["cap"] is None) == (notice.credits is None, notice.cap is None)


def test_the_tightest_of_the_near_caps_is_told() -> None:
    """Among several only the one that leaves the least."""
    notice = find_low(have(None, cap("0.4"), cap("0.1", scope="member"), cap("3", "4")), TEN)
    assert notice is not None
    assert notice.cap == cap("0.1", scope="member")


def test_what_is_unknown_neither_recovers_nor_falls() -> None:
    """A balance that cannot be read for a while is not told again when it is back."""
    _, told = decide_notice(have("8", cap("0.4")), TEN, Told())
    assert told == Told(credits=Decimal(8), cap=Decimal("0.4"))
    assert decide_notice(Balance(), TEN, told) == (None, told)
    assert decide_notice(have("7"), TEN, told) == (None, told)
    assert decide_notice(have(None, cap("0.3")), TEN, told) == (None, told)


def test_recovery_of_one_leaves_the_memory_of_the_other() -> None:
    """A reset of the key's limit does not make the account's credits news."""
    told = Told(credits=Decimal(8), cap=Decimal("0.4"))
    assert decide_notice(have("8", cap("5")), TEN, told) == (None, Told(credits=Decimal(8)))
    assert decide_notice(have("50", cap("0.4")), TEN, told) == (None, Told(cap=Decimal("0.4")))


def test_a_notice_for_one_counts_for_all_that_it_shows() -> None:
    """When the cap has halved, the notice shows the credits too, and they are not told again for themselves."""
    told = Told(credits=Decimal(8), cap=Decimal("0.4"))
    notice, after = decide_notice(have("5", cap("0.2")), TEN, told)
    assert notice is not None
    assert after == Told(credits=Decimal(5), cap=Decimal("0.2"))
    notice, after = decide_notice(have("2.5"), TEN, after)
    assert notice is not None
    assert after == Told(credits=Decimal("2.5"), cap=Decimal("0.2"))


def test_used_up_is_told_and_then_no_more() -> None:
    """The way from little to nothing is news; further below zero is not."""
    notice, told = decide_notice(have("0"), TEN, Told(credits=Decimal("0.01")))
    assert notice is not None
    assert decide_notice(have("-5"), TEN, told) == (None, told)


_AMOUNTS = st.decimals(-5, 40, places=2)


@given(st.lists(_AMOUNTS, max_size=40), st.decimals("0.01", 20, places=2))
def test_once_until_recovered_or_halved(amounts: list[Decimal], threshold: Decimal) -> None:
    """For any history of amounts, each notice is the first below, or follows a recovery, or at most half the last."""
    told, last = Told(), None
    for amount in amounts:
        notice, told = decide_notice(have(amount), threshold, told)
        if amount >= threshold:
            last = None
            assert notice is None
        elif last is None or (last > 0 and amount <= last / 2):
            assert notice is not None
            last = amount
        else:
            assert notice is None
        assert told == read_told(told.as_dict()) == Told(credits=last)


@given(st.lists(_AMOUNTS, max_size=40), st.sampled_from(["5", "50", "500"]))
def test_a_cap_is_told_by_the_same_rule(amounts: list[Decimal], limit: str) -> None:
    """Near its end once, again when it was raised or reset, or when half of what was told is gone."""
    told, last = Told(), None
    for amount in amounts:
        notice, told = decide_notice(have(None, cap(amount, limit)), TEN, told)
        is_near = amount < TEN and amount <= Decimal(limit) / 10
        is_due = is_near and (last is None or (last > 0 and amount <= last / 2))
        assert (notice is not None) == is_due
        last = (amount if is_due else last) if is_near else None
        assert told == Told(cap=last)


def test_a_memory_that_cannot_be_read_is_none() -> None:
    """Then a person is told once more, rather than never."""
    assert read_told({"credits": True, "cap": "x"}) == Told()
