"""When a person is told that little is left, and when again."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chit.about import CREDITS_PAGE, KEYS_PAGE, PRIVACY_PAGE
from chit.core.balance import OWN_LIMIT, Balance, Cap, Credits, KeyAllowance
from chit.core.low_balance import Told, decide_notice, find_low, find_used_up, name_cap, read_told

TEN = Decimal(10)
OWN = {OWN_LIMIT: Decimal("0.4")}
"""Told of the key's own limit."""


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
        (have(None, cap("1.26")), False),
        (have(None, cap("1")), True),
        (have(None, cap("9", "10")), False),
        (have(None, cap("10", "40")), False),
        (have(None, cap("9.99", "40")), True),
        (have(None, cap("100.01", "1000")), False),
        (have(None, cap("100", "1000")), True),
        (have(None, cap("20", "1000")), True),
        (have(None, cap("0", "0")), True),
        (have(None, cap("5", "-1")), False),
        (have("25", cap("4"), cap("1", "100")), True),
    ],
)
def test_what_counts_as_low(balance: Balance, is_low: bool) -> None:
    """Credits below the threshold; a cap by the share that is left of it; nothing that is not known."""
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
    assert told == Told(credits=Decimal(8), caps=OWN)
    assert decide_notice(Balance(), TEN, told) == (None, told)
    assert decide_notice(have("7"), TEN, told) == (None, told)
    assert decide_notice(have(None, cap("0.3")), TEN, told) == (None, told)


def test_recovery_of_one_leaves_the_memory_of_the_other() -> None:
    """A reset of the key's limit does not make the account's credits news."""
    told = Told(credits=Decimal(8), caps=OWN)
    assert decide_notice(have("8", cap("5")), TEN, told) == (None, Told(credits=Decimal(8)))
    assert decide_notice(have("50", cap("0.4")), TEN, told) == (None, Told(caps=OWN))


def test_a_notice_for_one_counts_for_all_that_it_shows() -> None:
    """When the cap has halved, the notice shows the credits too, and they are not told again for themselves."""
    told = Told(credits=Decimal(8), caps=OWN)
    notice, after = decide_notice(have("5", cap("0.2")), TEN, told)
    assert notice is not None
    assert after == Told(credits=Decimal(5), caps={OWN_LIMIT: Decimal("0.2")})
    notice, after = decide_notice(have("2.5"), TEN, after)
    assert notice is not None
    assert after == Told(credits=Decimal("2.5"), caps={OWN_LIMIT: Decimal("0.2")})


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
        is_near = amount <= Decimal(limit) / 10 or (amount < TEN and amount <= Decimal(limit) / 4)
        is_due = is_near and (last is None or (last > 0 and amount <= last / 2))
        assert (notice is not None) == is_due
        last = (amount if is_due else last) if is_near else None
        assert told == read_told(told.as_dict()) == Told(caps={} if last is None else {OWN_LIMIT: last})


_SCOPES = ("key_limit", "workspace", "")


@given(st.lists(st.dictionaries(st.sampled_from(_SCOPES), _AMOUNTS, min_size=1), max_size=30))
def test_each_cap_is_told_for_itself(history: list[dict[str, Decimal]]) -> None:
    """Whatever caps come and go: the tightest near one is told unless more than half of what it was told at is left."""
    told, last = Told(), dict[str, Decimal]()
    for amounts in history:
        notice, told = decide_notice(
            have(None, *(cap(left, scope=scope) for scope, left in amounts.items())), TEN, told
        )
        near = {scope: left for scope, left in amounts.items() if left <= Decimal("1.25")}
        last = {scope: left for scope, left in last.items() if scope in near}
        scope = min(near, key=lambda each: near[each], default=None)
        before = None if scope is None else last.get(scope)
        if scope is None or not (before is None or (before > 0 and near[scope] <= before / 2)):
            assert notice is None
        else:
            assert notice is not None
            assert notice.cap == cap(near[scope], scope=scope)
            last[scope] = near[scope]
        assert told == read_told(told.as_dict()) == Told(caps=last)


def test_another_cap_is_news() -> None:
    """That of the key being told says nothing about the workspace's."""
    notice, told = decide_notice(have(None, cap("0.4"), cap("0.3", scope="workspace")), TEN, Told(caps=OWN))
    assert notice is not None
    assert told == Told(caps={**OWN, "workspace": Decimal("0.3")})


@pytest.mark.parametrize(
    ("balance", "credits", "left"),
    [
        (Balance(), None, None),
        (have("0.01", cap("0.01")), None, None),
        (have("0", cap("1")), "0", None),
        (have("5", cap("0", scope="member"), cap("3")), None, "0"),
        (have("-1", cap("-2")), "-1", "-2"),
    ],
)
def test_what_is_used_up(balance: Balance, credits: str | None, left: str | None) -> None:
    """Nothing left, of the account or of the tightest cap; this needs no threshold."""
    gone = find_used_up(balance)
    assert (gone is None) == (credits is left is None)
    if gone is not None:
        assert gone.credits == (None if credits is None else Decimal(credits))
        assert (None if gone.cap is None else gone.cap.left) == (None if left is None else Decimal(left))


def test_a_cap_is_named_without_its_amount() -> None:
    """For a report that others may read."""
    assert name_cap(cap("1", scope="member", reset="daily")) == "the member's budget"
    assert name_cap(cap("1", scope="unheard of"), reset="daily") == "a daily budget"


def test_a_memory_that_cannot_be_read_is_none() -> None:
    """Then a person is told once more, rather than never."""
    assert read_told({"credits": True, "cap": "x"}) == Told()
    assert read_told({"credits": "1", "caps": 7, "cap": "2"}) == Told(credits=Decimal(1))
    assert read_told({"caps": {"member": "x", "key_limit": "0.4"}}) == Told(caps=OWN)


def test_a_memory_of_earlier_times_is_of_the_keys_own_limit() -> None:
    """It had no scope: at worst another cap is told once more."""
    assert read_told({"credits": None, "cap": "0.4"}) == Told(caps=OWN)
