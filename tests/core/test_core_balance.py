"""What is left to spend, as records tell it."""

import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chit.core.balance import OWN_LIMIT, Balance, Cap, Credits, FreeRequests, KeyAllowance, Problem, Spent
from chit.core.balance_records import read_balance, read_credits, read_key

BUDGET = {
    "scope": "workspace",
    "limit_usd": 10,
    "spend_usd": 9.5,
    "remaining_usd": 0.5,
    "reset_interval": "monthly",
    "resets_at": "2026-12-01T00:00:00Z",
    "include_byok": True,
    "guardrail_id": None,
    "budget_id": "b",
}
RECORD = {
    "label": "sk-or-v1-0dd...115",
    "is_management_key": False,
    "is_provisioning_key": False,
    "limit": 5,
    "limit_reset": "daily",
    "limit_remaining": 3.75,
    "include_byok_in_limit": True,
    "usage": 12.5,
    "usage_daily": 1.25,
    "usage_weekly": 2.5,
    "usage_monthly": 7.5,
    "byok_usage": 4,
    "byok_usage_daily": 1,
    "byok_usage_weekly": 2,
    "byok_usage_monthly": 3,
    "is_free_tier": False,
    "free_model_daily_requests": {"limit": 1000, "used": 2, "remaining": 998},
    "budgets": [BUDGET],
    "effective_budget": BUDGET,
}
GARBAGE: list[Any] = [None, True, False, "", "much", [], {}, [1], {"a": 1}, float("nan"), float("inf"), "1e999999999"]


def test_the_balance_is_the_exact_difference() -> None:
    """Not a digit is lost, whatever precision the program around has set, and it can be negative."""
    credits = read_credits({"total_credits": "100000000000.5", "total_usage": 0.12345678901234566}, 1.0)
    assert credits is not None
    assert credits.left == Decimal("100000000000.37654321098765434")
    assert Credits(total_credits=Decimal(1), total_usage=Decimal("1.25"), asked_at=0).left == Decimal("-0.25")


def test_two_zeros_are_blank() -> None:
    """Only both together: a new account that owes something is not."""
    assert Credits(total_credits=Decimal(0), total_usage=Decimal("0.0"), asked_at=0).is_blank
    assert not Credits(total_credits=Decimal(0), total_usage=Decimal(1), asked_at=0).is_blank


@pytest.mark.parametrize("value", GARBAGE)
@pytest.mark.parametrize("member", ["total_credits", "total_usage"])
def test_totals_that_are_no_amounts_are_no_credits(member: str, value: Any) -> None:
    """Half a balance is none, and never zero."""
    assert read_credits({"total_credits": 1, "total_usage": 1, member: value}, 0.0) is None
    assert read_credits(value, 0.0) is None


def test_a_key_is_read_in_full() -> None:
    """Every documented member has its place; the label, which shows a piece of the key, is left out."""
    key = read_key(RECORD, 7.0)
    budget = Cap(
        scope="workspace",
        limit=Decimal(10),
        left=Decimal("0.5"),
        reset="monthly",
        resets_at="2026-12-01T00:00:00Z",
    )
    assert key == KeyAllowance(
        asked_at=7.0,
        has_limit=True,
        limit=Decimal(5),
        left=Decimal("3.75"),
        reset="daily",
        spent=Spent(ever=Decimal("12.5"), day=Decimal("1.25"), week=Decimal("2.5"), month=Decimal("7.5")),
        spent_byok=Spent(ever=Decimal(4), day=Decimal(1), week=Decimal(2), month=Decimal(3)),
        counts_byok=True,
        free_requests=FreeRequests(limit=1000, used=2, left=998),
        budgets=(budget,),
        effective_budget=budget,
        is_management=False,
    )
    assert key.caps == (Cap(scope=OWN_LIMIT, limit=Decimal(5), left=Decimal("3.75"), reset="daily"), budget, budget)
    assert key.tightest == budget
    assert "0dd" not in repr(key)


def test_no_limit_is_not_nothing_left() -> None:
    """Null is "no cap", an absent member is unknown, and neither is a cap (trap 2)."""
    free = read_key({"limit": None, "limit_remaining": None}, 0.0)
    assert (free.has_limit, free.caps, free.tightest) == (False, (), None)
    assert read_key({}, 0.0).has_limit is None
    assert read_key({"limit": True}, 0.0).has_limit is None
    assert read_key({"limit": 5}, 0.0).caps == ()


@pytest.mark.parametrize("value", GARBAGE)
def test_garbage_in_any_member_is_unknown(value: Any) -> None:
    """Nothing is raised, nothing becomes an amount, and the other members stay."""
    key = read_key({**dict.fromkeys(RECORD, value), "limit_remaining": 1}, 0.0)
    assert key.left == 1
    amounts = [key.limit, key.spent.day, key.spent_byok.month, key.free_requests, key.effective_budget]
    assert [amount for amount in amounts if amount is not None] == []
    assert (key.budgets, key.tightest) == ((), None)


def test_a_record_that_says_nothing_says_so() -> None:
    """An empty answer is not the state of a key; a single member is."""
    assert read_key({"limit": "x", "budgets": [{}, None]}, 1.0).says_nothing
    assert not read_key({"limit": None}, 1.0).says_nothing


def test_either_flag_makes_a_management_key() -> None:
    """The older name counts too; none of both is unknown."""
    assert read_key({"is_provisioning_key": True, "is_management_key": False}, 0.0).is_management
    assert read_key({"is_provisioning_key": False}, 0.0).is_management is False
    assert read_key({"is_management_key": 1}, 0.0).is_management is None


def test_the_state_is_the_best_that_is_known() -> None:
    """Credits, else the key, else unknown; with the age of that part."""
    credits = Credits(total_credits=Decimal(1), total_usage=Decimal(0), asked_at=5.0)
    key = read_key(RECORD, 9.0)
    both = Balance(credits=credits, key=key)
    assert [(each.state, each.asked_at) for each in (both, Balance(key=key), Balance())] == [
        ("account", 5.0),
        ("key", 9.0),
        ("unknown", None),
    ]
    assert both.newer_than(6.0) == Balance(key=key)
    assert both.newer_than(5.0) == both
    assert both.newer_than(10.0) == Balance()


def test_the_json_form_is_stable() -> None:
    """Members and types that programs rely on: money as text, null where unknown."""
    credits = Credits(total_credits=Decimal("25.0"), total_usage=Decimal("1.98E-5"), asked_at=5.0)
    problem = Problem(kind="failed", text="why")
    shown = Balance(credits=credits, key=read_key(RECORD, 9.0), key_problem=problem, tried_at=10.0).as_dict()
    assert list(shown) == ["state", "credits", "key", "credits_problem", "key_problem", "tried_at"]
    assert shown["credits"] == {
        "left": "24.9999802",
        "total_credits": "25.0",
        "total_usage": "0.0000198",
        "asked_at": 5.0,
    }
    assert shown["key"]["limit_remaining"] == "3.75"
    assert shown["key"]["free_model_daily_requests"] == {"limit": 1000, "used": 2, "remaining": 998}
    assert shown["key"]["budgets"] == [shown["key"]["effective_budget"]]
    assert (shown["credits_problem"], shown["key_problem"]) == (None, {"kind": "failed", "text": "why"})
    unknown = Balance().as_dict()
    assert unknown == {"state": "unknown", **dict.fromkeys(list(shown)[1:])}
    bare = Balance(key=KeyAllowance(asked_at=1.0)).as_dict()["key"]
    assert {name for name, value in bare.items() if value is not None} == {"budgets", "asked_at"}


_MONEY = st.none() | st.decimals(-(10**9), 10**9, places=12)
_CAPS = st.builds(
    Cap,
    scope=st.sampled_from(["workspace", "member", ""]),
    limit=st.decimals(0, 10**6, places=2),
    left=st.decimals(-(10**6), 10**6, places=6),
    reset=st.none() | st.just("daily"),
    resets_at=st.none() | st.just("2026-12-01T00:00:00Z"),
)
_SPENT = st.builds(Spent, ever=_MONEY, day=_MONEY, week=_MONEY, month=_MONEY)
_KEYS = st.builds(
    KeyAllowance,
    asked_at=st.floats(0, 1e11),
    has_limit=st.none() | st.booleans(),
    limit=_MONEY,
    left=_MONEY,
    reset=st.none() | st.just("weekly"),
    spent=_SPENT,
    spent_byok=_SPENT,
    counts_byok=st.none() | st.booleans(),
    free_requests=st.none() | st.builds(FreeRequests, limit=st.just(50), used=st.none(), left=st.integers(0, 1000)),
    budgets=st.lists(_CAPS, max_size=3).map(tuple),
    effective_budget=st.none() | _CAPS,
    is_management=st.none() | st.booleans(),
)
_PROBLEMS = st.none() | st.builds(Problem, kind=st.sampled_from(["missing", "locked"]), text=st.text())
_BALANCES = st.builds(
    Balance,
    credits=st.none()
    | st.builds(
        Credits,
        total_credits=st.decimals(0, 10**9, places=12),
        total_usage=st.decimals(0, 10**9, places=12),
        asked_at=st.floats(0, 1e11),
    ),
    key=st.none() | _KEYS,
    credits_problem=_PROBLEMS,
    key_problem=_PROBLEMS,
    tried_at=st.none() | st.floats(0, 1e11),
)


@given(_BALANCES)
def test_what_is_kept_reads_back_the_same(balance: Balance) -> None:
    """The JSON form loses nothing, to the last digit, through real JSON text."""
    assert read_balance(json.loads(json.dumps(balance.as_dict()))) == balance


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
_NAMES = st.sampled_from([*RECORD, *BUDGET, "credits", "key", "asked_at", "tried_at", "has_limit", "kind", "text"])


@given(st.dictionaries(_NAMES, _JSON | st.dictionaries(_NAMES, _JSON)))
def test_any_record_can_be_read(record: dict[str, Any]) -> None:
    """Whatever OpenRouter or a damaged setting holds, reading gives a value that can be written again."""
    again = read_balance(json.loads(json.dumps(read_balance(record).as_dict())))
    assert again == read_balance(record)
    assert read_key(record, 1.0).as_dict()["asked_at"] == 1.0
