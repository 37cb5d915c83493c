"""`chit settle`: pending costs, looked up now."""

from typing import Any

import pytest
from tests.cli.person import KEY, Person

from chit.cli import settle
from chit.sandbox.account import Key


def ask(person: Person, text: str = "Hi") -> str:
    """One answered question; its gen-… id."""
    record: Any = person.call("ask", "-m", "sandbox/echo", text, "--json").record
    generation_id: str = record["chit"]["generation_id"]
    return generation_id


def test_nothing_pending_is_nothing_to_do(person: Person) -> None:
    """An empty history is no error and asks nobody."""
    outcome = person.call("settle")
    assert (outcome.code, outcome.out, outcome.err) == (0, "0 settled · 0 still pending\n", "")
    assert not person.upstream.ledger.lookups


def test_all_that_is_pending_is_settled(person: Person) -> None:
    """Without ids every pending generation is looked up once."""
    ids = [ask(person), ask(person)]
    assert person.call("settle").out == "2 settled · 0 still pending\n"
    assert dict(person.upstream.ledger.lookups) == dict.fromkeys(ids, 1)


def test_only_the_named_are_looked_up(person: Person) -> None:
    """With ids the others are left; a name given twice counts once; a settled one is left in peace."""
    first, second = ask(person), ask(person)
    assert person.call("settle", first, first, "--json").record == {"settled": 1, "pending": 0, "gave_up": 0}
    assert person.call("settle", first, "--json").record == {"settled": 0, "pending": 0, "gave_up": 0}
    assert person.upstream.ledger.lookups == {first: 1}
    assert person.call("settle", second, "--json").record == {"settled": 1, "pending": 0, "gave_up": 0}


@pytest.mark.parametrize("wait", [(), ("--wait",)])
def test_an_unknown_id_is_told_at_once(person: Person, wait: tuple[str, ...]) -> None:
    """It is a usage error, not something to wait for; and so is an id of something else."""
    message_id = person.call("ask", "-m", "sandbox/echo", "Hi", "--json").record["id"]
    for name in ("gen-nowhere", message_id):
        outcome = person.call("settle", name, *wait)
        assert outcome.code == 2
        assert outcome.err.startswith(f"chit: no generation here has the id {name}. ")
    assert not person.upstream.ledger.lookups


def test_what_is_not_there_yet_stays_pending(person: Person) -> None:
    """One attempt each, and the exit code is 0."""
    person.upstream.settle_after = 3600
    ask(person)
    outcome = person.call("settle")
    assert (outcome.code, outcome.out) == (0, "0 settled · 1 still pending\n")


def test_waiting_ends_when_all_is_settled(person: Person) -> None:
    """`--wait` tries again until the record is there."""
    person.upstream.settle_after = 1
    generation_id = ask(person)
    assert person.call("settle", "--wait").out == "1 settled · 0 still pending\n"
    assert person.upstream.ledger.lookups[generation_id] >= 1


def test_waiting_ends_with_its_time(person: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    """A generation that never settles is told as pending."""
    monkeypatch.setattr(settle, "WAIT_SECONDS", 0.3)
    person.upstream.settle_after = 3600
    generation_id = ask(person)
    outcome = person.call("settle", "--wait")
    assert (outcome.code, outcome.out) == (0, "0 settled · 1 still pending\n")
    assert person.upstream.ledger.lookups[generation_id] >= 2


def test_a_day_later_it_is_given_up(person: Person) -> None:
    """The last look-up says that OpenRouter has no record, and nothing stays pending."""
    person.upstream.settle_after = 3600
    generation_id = ask(person)
    with person.open_database() as database:
        database.execute("UPDATE settlements SET ended_at = ended_at - 90000")
    outcome = person.call("settle")
    assert outcome.out == "0 settled · 0 still pending · 1 given up: OpenRouter has no record of them\n"
    assert "never settled" in person.call("show", generation_id).out


def test_it_says_why_a_cost_cannot_be_looked_up(person: Person) -> None:
    """With a key that is refused the cost stays pending, and the exit code and one line say that the key is why."""
    person.upstream.settle_after = 3600
    ask(person)
    person.upstream.account.keys[KEY] = Key(disabled=True)
    outcome = person.call("settle")
    assert (outcome.code, outcome.out) == (3, "0 settled · 1 still pending\n")
    assert outcome.err.count("\n") == 1
    assert "key" in outcome.err


def test_it_needs_a_key(person: Person) -> None:
    """Without one there is nothing to look up with."""
    person.variables["OPENROUTER_API_KEY"] = ""
    assert person.call("settle").code == 3


def test_its_words_survive_an_ascii_terminal(person: Person) -> None:
    """An output that cannot say "·" is no crash."""
    person.variables["PYTHONIOENCODING"] = "ascii"
    outcome = person.run("settle")
    assert (outcome.code, outcome.out) == (0, "0 settled ? 0 still pending\n")
