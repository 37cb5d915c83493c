"""`chit regenerate` and `chit continue`: what to do with a reply that failed, broke off or does not please."""

import json
import signal
from typing import Any

import pytest
from tests.cli.person import Person, encode_stream
from tests.upstream import text_chunk

from chit.sandbox.reply import Reply


def ask(person: Person, model: str = "sandbox/echo", text: str = "Hi there") -> Any:
    """One question's record."""
    return person.call("ask", "-m", model, text, "--json").record


def sent(person: Person, number: int = -1) -> Any:
    """The body of a request that arrived."""
    return json.loads(person.upstream.ledger.requests[number].raw)


def test_a_reply_is_asked_for_again(person: Person) -> None:
    """By any name that it has: its own, short or long, its gen-… id, its question's, its conversation's."""
    first = ask(person)
    again = person.call("regenerate", first["id"][-8:], "--json")
    assert (again.code, again.record["text"]) == (0, "Hi there")
    second = again.record
    assert second["id"] != first["id"]
    assert second["conversation_id"] == first["conversation_id"]
    shown = person.call("show", first["conversation_id"], "--json").record["messages"]
    question = next(message["id"] for message in shown if message["source"] == "user")
    for name in (first["chit"]["generation_id"], question, first["conversation_id"]):
        assert person.call("regenerate", name).out == "Hi there\n"
    assert len({received.raw for received in person.upstream.ledger.requests}) == 1


def test_changes_are_those_of_ask(person: Person) -> None:
    """Another model, other parameters, members of one, and null to leave one out."""
    first = person.call("ask", "-m", "sandbox/echo", "-p", "seed=1", "-p", "provider.sort=price", "Hi", "--json").record
    outcome = person.call(
        "regenerate",
        first["id"],
        "-m",
        "sandbox/long",
        "-p",
        "seed=null",
        "-p",
        "max_tokens=3",
        "-p",
        "provider.zdr=true",
    )
    assert outcome.out == "lorem ipsum dolor\n"
    body = sent(person)
    assert (body["model"], body["max_tokens"], "seed" in body) == ("sandbox/long", 3, False)
    assert body["provider"] == {"sort": "price", "zdr": True}


def test_a_cut_reply_is_gone_on_with(person: Person) -> None:
    """What had come is the last message of the request; the partial reply, its id and its cost are kept."""
    first = ask(person, "sandbox/cut")
    assert first["state"] == "cut"
    assert first["text"]
    person.upstream.queue(Reply(body=encode_stream(" the rest"), content_type="text/event-stream"))
    outcome = person.call("continue", first["id"], "--json")
    assert outcome.code == 0
    assert outcome.record["text"] == " the rest"
    assert sent(person)["messages"][-1] == {"role": "assistant", "content": first["text"].rstrip()}
    assert person.call("settle", first["chit"]["generation_id"], "--json").record["settled"] == 1
    assert person.call("show", first["id"], "--json").record["text"] == first["text"]


def test_without_a_name_the_last_reply_is_meant(person: Person) -> None:
    """That of the command line; where there is none yet, a usage error says what to do first."""
    outcome = person.call("regenerate")
    assert (outcome.code, outcome.err.startswith("chit: no reply has been asked for here yet. Ask first")) == (2, True)
    ask(person, text="one")
    ask(person, "sandbox/cut", text="two")
    assert person.call("continue").code == 6
    assert sent(person)["messages"][-1]["role"] == "assistant"


def test_a_whole_reply_is_not_gone_on_with(person: Person) -> None:
    """One line says so, and nothing is sent."""
    first = ask(person)
    outcome = person.call("continue", first["id"])
    assert (outcome.code, outcome.out) == (2, "")
    assert outcome.err == ("chit: that reply is whole; there is nothing to go on with. Ask again for another one.\n")
    assert len(person.upstream.ledger.requests) == 1


@pytest.mark.parametrize("command", ["regenerate", "continue"])
def test_a_name_that_names_no_reply(command: str, person: Person) -> None:
    """Unknown, or a message that nothing answered: a usage error with a hint."""
    first = ask(person)
    outcome = person.call(command, "nowhere-at-all", "--json")
    assert (outcome.code, outcome.record["error"]["kind"]) == (2, "not_found")
    question = person.call("show", first["conversation_id"], "--json").record["messages"][0]["id"]
    database = person.open_database()
    database.execute("DELETE FROM messages WHERE source = 'actor'")
    database.close()
    outcome = person.call(command, question)
    assert outcome.code == 2
    assert "has no reply. Name a reply" in outcome.err


def test_at_a_terminal_an_error_names_the_commands_that_remedy_it(person: Person) -> None:
    """Each can be typed as it stands; elsewhere the error stays one line."""
    person.upstream.account.total_credits = 0.001
    request = ("ask", "-m", "openai/gpt-5-mini", "-p", "max_tokens=100000", "Hi")
    assert person.call(*request).err.count("\n") == 1
    told = person.call(*request, watched=True).err
    line = next(line for line in told.splitlines() if "chit regenerate" in line)
    label, _, command = line.strip().partition(": chit ")
    assert label == "Ask for a shorter answer"
    outcome = person.call(*command.split())
    assert outcome.code == 0
    assert sent(person)["max_tokens"] < 100_000


def test_remedies_of_every_sort(person: Person) -> None:
    """A partial reply can be gone on with or asked for again, a misspelt model replaced by the nearest."""
    told = person.call("ask", "-m", "sandbox/cut", "Hi", watched=True).err
    assert "  Go on from here: chit continue " in told
    assert "  Try again: chit regenerate " in told
    told = person.call("ask", "-m", "openai/gpt5-mini", "Hi", watched=True).err
    assert " -m openai/gpt-5-mini\n" in told
    told = person.call(
        "ask", "-m", "sandbox/error-allowed-providers", "-p", 'provider.only=["x"]', "Hi", watched=True
    ).err
    assert " -p provider.only=null -p provider.ignore=null" in told
    told = person.call("ask", "-m", "sandbox/error-context", "Hi", watched=True).err
    assert """ -p 'plugins=[{"id":"context-compression"}]'\n""" in told


def test_a_reply_that_is_not_whole_can_be_gone_on_with(person: Person) -> None:
    """One that reached its limit and one that was stopped name the command at a terminal, and nowhere else."""
    limited = ("ask", "-m", "sandbox/long", "-p", "max_tokens=3", "Hi")
    told = person.call(*limited, watched=True).err
    assert told.count("  Go on from here: chit continue ") == 1
    assert "chit continue" not in person.call(*limited).err
    assert "chit continue" not in person.call("ask", "-m", "sandbox/echo", "Hi", watched=True).err
    command = told.partition("Go on from here: chit ")[2].split()
    assert person.call(*command).code == 0
    terminal = person.sit_down("ask", "-m", "sandbox/stall", "Hi")
    terminal.read_until("it will")
    terminal.process.send_signal(signal.SIGINT)
    assert terminal.close() == 130
    assert terminal.screen.count("  Go on from here: chit continue ") == 1


def test_pages_that_the_line_does_not_name_are_named(person: Person) -> None:
    """Those of the other actions; the one that stands in the line is not told again."""
    told = person.call("ask", "-m", "sandbox/error-data-policy", "Hi", watched=True).err
    assert "  Open preferences: https://openrouter.ai/settings/preferences\n" in told
    assert told.count("https://openrouter.ai/settings/privacy") == 1


def test_a_question_leads_to_what_goes_on_from_its_reply(person: Person) -> None:
    """Its newest reply, continuations included, is gone on with and asked for again, from the same words."""
    first = ask(person, "sandbox/cut")
    question = person.call("show", first["conversation_id"], "--json").record["messages"][0]["id"]
    person.upstream.queue(Reply(body=text_chunk(" more"), content_type="text/event-stream"))
    assert person.call("continue", first["id"]).out == " more\n"
    person.upstream.queue(Reply(body=encode_stream(" other"), content_type="text/event-stream"))
    assert person.call("regenerate", question).out == " other\n"
    assert sent(person) == sent(person, -2)
    messages = person.call("show", first["conversation_id"], "--json").record["messages"]
    assert [each["text"] for each in messages] == ["Hi there", first["text"], " more", " other"]


def test_a_remedy_with_a_text_value(person: Person) -> None:
    """The paid variant of a free model is named as it is, without quotation marks of JSON."""
    told = person.call("ask", "-m", "sandbox/error-no-endpoints:free", "Hi", watched=True).err
    assert " -p model=sandbox/error-no-endpoints\n" in told
