"""`chit activity`: what the whole account spent, as OpenRouter tells it."""

import csv
import io
import time

import pytest
from tests.cli.person import Person
from tests.vault.keychains import Remembering

from chit.sandbox.account import MANAGEMENT_KEY
from chit.sandbox.ledger import Generation
from chit.sandbox.pricing import Price, Usage

DAY = 86_400


@pytest.fixture
def manager(person: Person, remembering: Remembering) -> Person:
    """Somebody with a management key in the keychain."""
    assert person.call("key", "set", "--management", typed=MANAGEMENT_KEY.encode()).code == 0
    assert remembering.kept
    return person


def bill(person: Person, model: str, cost: str, *, days: int, is_byok: bool = False) -> None:
    """One generation, so many days ago."""
    price = Price.of("0", cost)
    usage = Usage(price=price, completion_tokens=1, prompt_tokens=3, is_byok=is_byok)
    created = time.time() - days * DAY
    entry = Generation(id="g", model=model, provider="P", streamed=True, created=created, price=price, billed=usage)
    person.upstream.ledger.generations.append(entry)


def test_nothing_yet(manager: Person) -> None:
    """It is said."""
    assert manager.call("activity").out == "OpenRouter knows of nothing in the last 30 days that are over.\n"


def test_by_day_and_model(manager: Person) -> None:
    """Days in order, models the dearest first, and the whole beneath; today is never in it."""
    bill(manager, "a/b", "0.5", days=1)
    bill(manager, "c/d", "1", days=2)
    bill(manager, "a/b", "0.25", days=2)
    bill(manager, "a/b", "9", days=0)
    lines = manager.call("activity").out.splitlines()
    assert [line.split("  ")[1:] for line in lines[:2]] == [["$1.25", "2 requests"], ["$0.50", "1 request"]]
    assert lines[3] == "$1.75 in 30 days of UTC, 3 requests"
    by_model = manager.call("activity", "--by", "model").out.splitlines()
    assert by_model[:2] == ["c/d  $1.00  1 request", "a/b  $0.75  2 requests"]


def test_json_and_csv(manager: Person) -> None:
    """The same with all digits; provider keys are counted beside it."""
    bill(manager, "a/b", "0.5", days=1, is_byok=True)
    record = manager.call("activity", "--by", "provider", "--json").record
    assert record["by"] == "provider"
    assert (record["total"]["usage"], record["total"]["byok_usage"]) == ("0.025", "0.5")
    assert [each["name"] for each in record["items"]] == ["P"]
    head, row = csv.reader(io.StringIO(manager.call("activity", "--by", "model", "--csv").out))
    assert head == [
        "model",
        "usage",
        "byok_usage",
        "requests",
        "prompt_tokens",
        "completion_tokens",
        "reasoning_tokens",
    ]
    assert row == ["a/b", "0.025", "0.5", "1", "3", "1", "0"]
    assert "  $0.50 with provider keys, which the provider bills\n" in manager.call("activity").out
