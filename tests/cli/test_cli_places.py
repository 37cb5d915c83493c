"""Going on with a conversation from the command line."""

from typing import Any

import pytest
from tests.cli.person import Person

ECHO = ("-m", "sandbox/echo")


def ask(person: Person, *arguments: str) -> Any:
    """The record of a question that was answered."""
    outcome = person.call("ask", "--json", *arguments)
    assert outcome.code == 0, outcome.err
    return outcome.record


def said(person: Person) -> list[str]:
    """The words of the last request's messages."""
    return [each["content"] for each in person.upstream.ledger.requests[-1].body["messages"]]


def test_the_last_conversation_goes_on(person: Person) -> None:
    """With the model that it was asked with; a question without `--continue` begins another."""
    first = ask(person, *ECHO, "One")
    second = ask(person, "--continue", "Two")
    assert second["conversation_id"] == first["conversation_id"]
    assert said(person) == ["One", "One", "Two"]
    assert person.upstream.ledger.requests[-1].body["model"] == "sandbox/echo"
    assert ask(person, "Three")["conversation_id"] != first["conversation_id"]
    assert ask(person, "-c", "-m", "sandbox/structured", "Four")["chit"]["model"] == "sandbox/structured"


def test_several_models_and_none_go_on_too(person: Person) -> None:
    """As they were asked: what is preferred since is for new conversations."""
    ask(person, "-m", "sandbox/echo,sandbox/long", "One")
    ask(person, "-c", "Two")
    assert person.upstream.ledger.requests[-1].body["models"] == ["sandbox/echo", "sandbox/long"]
    ask(person, "One")
    person.variables["CHIT_MODEL"] = "sandbox/echo"
    ask(person, "-c", "Two")
    assert "model" not in person.upstream.ledger.requests[-1].body
    ask(person, "One")
    assert person.upstream.ledger.requests[-1].body["model"] == "sandbox/echo"


def test_a_conversation_is_named_in_any_way(person: Person) -> None:
    """By its own id, whole or short; by a question, after its newest reply; by a reply or its gen-… id, right there."""
    first = ask(person, *ECHO, "One")
    second = ask(person, "-c", "Two")
    conversation = first["conversation_id"]
    for name in (conversation, conversation[-8:]):
        ask(person, "--conversation", name, "Three")
        assert said(person)[:4] == ["One", "One", "Two", "Two"]
    for name in (first["id"], first["chit"]["generation_id"]):
        ask(person, "--conversation", name, "Other")
        assert said(person) == ["One", "One", "Other"]
    shown = person.call("show", second["conversation_id"], "--json").record
    question = next(each["id"] for each in shown["messages"] if each["text"] == "Two")
    ask(person, "--conversation", question, "Last")
    assert said(person)[-3:] == ["Three", "Three", "Last"]


def test_a_conversation_keeps_its_own_parameters(person: Person) -> None:
    """Over those that are preferred; null does without a default."""
    person.variables["CHIT_PARAMETERS"] = '{"seed": 1, "top_p": 0.5}'
    first = ask(person, *ECHO, "One")
    with person.open_database() as database:
        database.execute("UPDATE conversations SET parameters = ?", ('{"seed": 2, "top_p": null}',))
    ask(person, "-c", "Two")
    body = person.upstream.ledger.requests[-1].body
    assert (body["seed"], "top_p" in body) == (2, False)
    ask(person, "--conversation", first["conversation_id"], "-p", "seed=3", "Three")
    assert person.upstream.ledger.requests[-1].body["seed"] == 3


def test_instructions_may_be_given_on_the_way(person: Person) -> None:
    """They stand where they were given."""
    ask(person, *ECHO, "One")
    ask(person, "-c", "-s", "Be brief.", "Two")
    assert said(person) == ["One", "One", "Be brief.", "Two"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--continue",), "no conversation was begun here yet"),
        (("--conversation", "12345678"), "nothing here has the id 12345678"),
        (("--continue", "--private"), "--private is for a new conversation"),
    ],
)
def test_where_there_is_none(person: Person, arguments: tuple[str, ...], words: str) -> None:
    """Nothing is sent."""
    outcome = person.call("ask", *arguments, "Hi")
    assert (outcome.code, outcome.out) == (2, "")
    assert words in outcome.err
    assert not person.upstream.ledger.requests


def test_a_conversation_without_messages(person: Person) -> None:
    """A request that had none can be gone on with."""
    person.call("ask", "--request", "-", typed=b'{"model": "sandbox/echo"}')
    with person.open_database() as database:
        database.execute("DELETE FROM generations")
        database.execute("DELETE FROM messages")
        ((conversation,),) = database.execute("SELECT id FROM conversations").fetchall()
    ask(person, *ECHO, "--conversation", str(conversation), "One")
    assert said(person) == ["One"]


def test_a_private_conversation_leaves_no_words(person: Person) -> None:
    """And cannot be gone on with; the last one here is another."""
    record = ask(person, *ECHO, "--private", "Sesame street")
    assert not [each for each in person.home.rglob("*") if each.is_file() and b"Sesame" in each.read_bytes()]
    outcome = person.call("ask", "--conversation", record["conversation_id"], "And?")
    assert outcome.code == 2
    assert "private" in outcome.err
    assert person.call("ask", "-c", "And?").code == 2
