"""`chit show`: every id leads to what it names."""

import re
from typing import Any

import pytest
from tests.cli.person import Person, encode_stream

from chit.sandbox.reply import Reply

ECHO = ("-m", "sandbox/echo")


@pytest.fixture
def asked(person: Person) -> Any:
    """The object of one question that was answered."""
    return person.call("ask", *ECHO, "-s", "Be brief.", "Hello, you", "--json").record


def test_a_message_is_shown_by_every_one_of_its_names(person: Person, asked: Any) -> None:
    """Its id, the end of it, and the generation's id show the same text and slip."""
    shown = [person.call("show", name) for name in (asked["id"], asked["id"][-8:], asked["chit"]["generation_id"])]
    assert {outcome.code for outcome in shown} == {0}
    assert len({outcome.out for outcome in shown}) == 1
    assert shown[0].out.startswith(f"model · {asked['id'][-8:]}\nHello, you\n")
    assert "served by Sandbox" in shown[0].out
    assert shown[0].out.rstrip().endswith(asked["chit"]["generation_id"])


def test_a_message_as_json_is_what_ask_printed(person: Person, asked: Any) -> None:
    """The same object, by whatever name."""
    for name in (asked["id"], asked["chit"]["generation_id"]):
        assert person.call("show", name, "--json").record == asked


def test_a_conversation_shows_all_its_messages(person: Person, asked: Any) -> None:
    """System, question and answer stand in order, the chit as one line under the answer."""
    shown = person.call("show", asked["conversation_id"]).out
    without_ids = re.sub(r" · [0-9a-f]{8}\n", "\n", shown)
    assert without_ids.startswith("system\nBe brief.\n\nyou\nHello, you\n\nmodel\nHello, you\n▸ $")
    assert shown.endswith(" · pending\n\n")
    record = person.call("show", asked["conversation_id"], "--json").record
    assert list(record) == ["id", "title", "origin", "messages"]
    assert [each["source"] for each in record["messages"]] == ["system", "user", "actor"]
    assert record["messages"][2] == asked


def test_alternatives_are_counted(person: Person, asked: Any) -> None:
    """Replies to one question say which they are of how many; a message without others beside it says nothing."""
    person.call("regenerate", asked["id"])
    shown = person.call("show", asked["conversation_id"]).out
    heads = [re.sub(r" · [0-9a-f]{8}", "", line) for line in shown.splitlines() if re.search(r" · [0-9a-f]{8}", line)]
    assert heads == ["system", "you", "model · 1 of 2", "model · 2 of 2"]
    assert " of 2" not in person.call("show", asked["id"]).out


def test_an_unknown_id_is_a_usage_error(person: Person) -> None:
    """One line with a hint; with `--json` the object too."""
    outcome = person.call("show", "nowhere\x1b", "--json")
    assert outcome.code == 2
    hint = "`chit list` shows the ids."
    assert outcome.err == f"chit: nothing here has the id nowhere\ufffd. {hint}\n"
    assert outcome.record["error"]["kind"] == "not_found"


def test_an_error_is_shown_with_what_came(person: Person) -> None:
    """The state, its cause and the advice stand under the partial text."""
    asked = person.call("ask", "-m", "sandbox/mid-error", "Hi", "--json").record
    shown = person.call("show", asked["id"]).out
    assert asked["text"] in shown
    assert f"failed: {asked['error']['message']}" in shown
    assert asked["error"]["hint"] in shown


def test_what_is_not_text_has_a_line(person: Person) -> None:
    """Tool calls and their results are shown; a message of nothing else has no blank line."""
    body = b"""{"model": "sandbox/echo", "messages": [
     {"role": "user", "content": "Hi"},
     {"role": "assistant", "content": null, "tool_calls": [
      {"id": "c1", "type": "function", "function": {"name": "f", "arguments": "{}"}}]},
     {"role": "tool", "tool_call_id": "c1", "content": "42"}]}"""
    asked = person.call("ask", "--request", "-", "--json", typed=body).record
    shown = person.call("show", asked["conversation_id"]).out
    assert "model\n→ f({})\n\ntool\n← c1: 42\n" in re.sub(r" · [0-9a-f]{8}\n", "\n", shown)


def test_a_terminal_gets_markdown_and_nothing_it_would_obey(person: Person) -> None:
    """Layout for a person, escapes of the model shown instead of sent."""
    stream = encode_stream("# Title\n\n- one\x1b[2J\n- two")
    person.upstream.queue(Reply(content_type="text/event-stream", headers={"X-Generation-Id": "gen-1"}, body=stream))
    person.call("ask", "Hi")
    person.variables |= {"NO_COLOR": "1", "OPENROUTER_API_KEY": ""}
    terminal = person.sit_down("show", "gen-1")
    assert terminal.close() == 0
    assert "one\ufffd[2J" in terminal.screen
    assert "• " in terminal.screen
    assert "# Title" not in terminal.screen
    assert "\x1b[2J" not in terminal.screen


def test_no_colours_reach_a_file_while_a_person_watches_elsewhere(person: Person, asked: Any) -> None:
    """Only standard output decides, even where standard error is a terminal."""
    person.variables["TERM"] = "xterm"
    assert "\x1b" not in person.call("show", asked["conversation_id"], watched=True).out
