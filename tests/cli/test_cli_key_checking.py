"""`chit key test`: what OpenRouter says of a key."""

from decimal import Decimal
from typing import Any

import pytest
from tests.cli.conftest import PASSPHRASE, HandOver, seal
from tests.cli.person import KEY, Person
from tests.vault.doubles import make_entry

from chit.sandbox.account import MANAGEMENT_KEY, Key


def test_the_key_is_tested(person: Person) -> None:
    """What OpenRouter says of it, in words and for a program."""
    limited = Key(limit=Decimal(5), usage=Decimal("1.25"), limit_reset="daily", label="mine", is_free_tier=True)
    person.upstream.account.keys[KEY] = limited
    told = person.call("key", "test").out.splitlines()
    assert [line.split(maxsplit=1)[-1] for line in told[:5]] == [
        "sk-or-…a115",
        "ordinary",
        "mine",
        "$5.00",
        "$3.75, reset daily",
    ]
    assert [line.split("  ")[-1].strip() for line in told[5:]] == ["$1.25", "never", "yes"]
    assert person.call("key", "test", "--json").record == {
        "name": "inference",
        "key": "sk-or-…a115",
        "kind": "ordinary",
        "limit": "5.0",
        "limit_remaining": "3.75",
        "usage_daily": "1.25",
        "label": "mine",
        "limit_reset": "daily",
        "expires_at": None,
        "is_free_tier": True,
    }


def test_what_is_unknown_is_a_dash(person: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    """An old OpenRouter says less; nothing is made up."""

    async def say_nothing(_: Any) -> dict[str, Any]:
        return {}

    monkeypatch.setattr("chit.openrouter.client.OpenRouterClient.fetch_key", say_nothing)
    outcome = person.call("key", "test")
    assert outcome.code == 0
    assert [line.split()[-1] for line in outcome.out.splitlines()[1:]] == ["–"] * 7


def test_no_limit_and_an_expiry(person: Person) -> None:
    """Null is no limit; a date is shown as it came."""
    person.upstream.account.keys[KEY] = Key(expires_at="2099-01-02T03:04:05Z")
    told = person.call("key", "test").out
    assert "limit       none\n" in told
    assert "expires     2099-01-02T03:04:05Z\n" in told


def test_a_key_of_the_wrong_kind_is_told(person: Person, hand_over: HandOver) -> None:
    """A management key cannot ask, an ordinary one cannot read the balance: with the fix, and code 3."""
    person.variables["OPENROUTER_API_KEY"] = MANAGEMENT_KEY
    outcome = person.call("key", "test")
    assert outcome.code == 3
    assert "chit key set --management" in outcome.err
    seal(person, management=make_entry(KEY, base_url=person.upstream.base_url))
    outcome = person.call("key", "test", "--management", "--json", "--passphrase-fd", hand_over(PASSPHRASE))
    assert (outcome.code, outcome.record["kind"]) == (3, "ordinary")
    assert "it cannot read the balance" in outcome.err


def test_no_management_key(person: Person) -> None:
    """It has a page of its own, where it is made."""
    outcome = person.call("key", "test", "--management")
    assert outcome.code == 3
    assert "management-keys" in outcome.err
