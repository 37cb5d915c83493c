"""What `chit show` does in passing."""

from typing import Any

import pytest
from tests.cli.person import KEY, Person

from chit.cli import housekeeping
from chit.errors import DiskFull


@pytest.fixture
def due(person: Person) -> str:
    """A settled-to-be generation whose look-up is due."""
    asked = person.call("ask", "-m", "sandbox/echo", "Hi", "--json").record
    with person.open_database() as database:
        database.execute("UPDATE settlements SET next_attempt_at = 1")
    generation_id: str = asked["chit"]["generation_id"]
    return generation_id


def settlement(person: Person, generation_id: str) -> Any:
    """How far it is."""
    return person.call("show", generation_id, "--json").record["chit"]["settlement"]


def test_what_is_due_is_settled_in_passing(person: Person, due: str) -> None:
    """With a key, the look-up is made before anything is shown."""
    assert settlement(person, due) == "settled"
    assert person.upstream.ledger.lookups[due] == 1


@pytest.mark.parametrize("key", ["", "not a key"])
def test_without_a_key_it_is_silent(person: Person, due: str, key: str) -> None:
    """Showing needs no key, so a missing one is no word worth."""
    person.variables["OPENROUTER_API_KEY"] = key
    outcome = person.call("show", due)
    assert (outcome.code, outcome.err) == (0, "")
    assert "pending" in outcome.out
    person.variables["OPENROUTER_API_KEY"] = KEY
    assert person.upstream.ledger.lookups[due] == 0


def test_what_is_not_due_is_left(person: Person, due: str) -> None:
    """Nobody is asked too early."""
    with person.open_database() as database:
        database.execute("UPDATE settlements SET next_attempt_at = 99999999999")
    assert settlement(person, due) == "pending"
    assert person.upstream.ledger.lookups[due] == 0


def test_a_slow_upstream_does_not_hold_it_up(person: Person, due: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """After its moment the command goes on, and the job stays due."""
    monkeypatch.setattr(housekeeping, "MOST_SECONDS", 0.0)
    assert settlement(person, due) == "pending"
    assert person.call("settle").out == "1 settled · 0 still pending\n"


def test_a_full_disk_does_not_keep_from_reading(person: Person, due: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """What cannot be settled now is shown as it is."""

    def refuse(*_: object, **__: object) -> Any:
        raise DiskFull("the disk is full")

    monkeypatch.setattr("chit.app.open_app", refuse)
    outcome = person.call("show", due)
    assert (outcome.code, outcome.err) == (0, "")
    assert "Hi" in outcome.out
