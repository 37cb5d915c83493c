"""The keys of an account."""

import json
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from chit.core.account_keys import (
    AccountKey,
    NewKey,
    account_key_record,
    find_keys,
    read_account_key,
    write_new_key,
)

RECORD = {
    "hash": "f01d5260",
    "name": "Mine",
    "label": "sk-or-v1-abc...def",
    "disabled": True,
    "limit": 5,
    "limit_remaining": 4.5,
    "limit_reset": "monthly",
    "usage": 0.5,
    "usage_monthly": 0.25,
    "created_at": "2026-01-01T00:00:00Z",
    "expires_at": None,
}


def key(hash: str, name: str) -> AccountKey:
    """One of that name."""
    made = read_account_key({"hash": hash, "name": name})
    assert made is not None
    return made


def test_a_key() -> None:
    """As OpenRouter tells it, and as JSON: money as decimal text."""
    made = read_account_key(RECORD)
    assert made is not None
    assert (made.hash, made.name, made.disabled, made.reset) == ("f01d5260", "Mine", True, "monthly")
    assert (made.limit, made.remaining, made.usage) == (Decimal(5), Decimal("4.5"), Decimal("0.5"))
    assert account_key_record(made) == {
        **RECORD,
        "limit": "5",
        "limit_remaining": "4.5",
        "usage": "0.5",
        "usage_monthly": "0.25",
    }


@pytest.mark.parametrize("hash", [None, 5, "", "../x", "a/b", "a?b", "x" * 129])
def test_what_is_none(hash: Any) -> None:
    """Without a hash that can stand in an address it cannot be named."""
    assert read_account_key({"hash": hash}) is None


def test_members_that_are_missing() -> None:
    """They are unknown, not zero."""
    made = key("abc", "")
    assert (made.limit, made.usage, made.label, made.disabled) == (None, None, "", False)
    assert account_key_record(made)["usage"] is None


def test_finding() -> None:
    """By the whole name, label or hash, else by at least four characters of the hash."""
    every = [key("abcd1", "one"), key("abcd2", "two"), key("ffff3", "two"), key("9999", "abcd")]
    assert find_keys(every, "one") == every[:1]
    assert find_keys(every, "two") == every[1:3]
    assert find_keys(every, "abcd") == every[3:]
    assert find_keys(every, "abcd1") == every[:1]
    assert find_keys(every, "fff") == []
    assert find_keys(every, "ffff") == every[2:3]


def test_new_ones() -> None:
    """Only what was asked for is sent; the last day counts."""
    assert json.loads(write_new_key(NewKey(name="n"))) == {"name": "n"}
    whole = NewKey(name="n", limit=Decimal("0.5"), reset="daily", expires=date(2027, 1, 31))
    assert json.loads(write_new_key(whole)) == {
        "name": "n",
        "limit": 0.5,
        "limit_reset": "daily",
        "expires_at": "2027-01-31T23:59:59Z",
    }
