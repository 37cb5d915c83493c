"""`chit search`: the language of the pages, on a terminal."""

from dataclasses import replace

import pytest
from tests.cli.histories import put, talks
from tests.cli.person import Person
from tests.dossiers import a_dossier

from chit.cli import history_search
from chit.core.messages import TextPart


def test_words(person: Person) -> None:
    """All of them, the last one perhaps unfinished; what is found says where."""
    sky, _ = talks(person, "Why is the sky?", "Something else")
    outcome = person.call("search", "the", "sk")
    assert outcome.code == 0
    assert outcome.out == f"{sky.messages[0].id[-8:]} · you · 1970-01-01 · Why is the sky?\nWhy is the sky …\n\n"
    assert outcome.err == "1 found.\n"
    assert person.call("search", "nowhere").err == "Nothing found.\n"


def test_filters(person: Person) -> None:
    """As on the pages; a reply is named by its model, with its cost."""
    talks(person, "One", "Two")
    outcome = person.call("search", "because model:a/b -nothing", "-n", "1")
    assert " · a/b-1 · 1970-01-01 · $0.0000012 · Two\nBecause …\n" in outcome.out
    assert outcome.err.startswith("The newest first.\nMore: chit search --before ")
    before = outcome.err.split()[7]
    older = person.call("search", "because", "--before", before)
    assert "One" in older.out
    assert older.err == "The last one.\n"
    assert person.call("search", "--", "-because").err.startswith("2 found")


def test_titles(person: Person) -> None:
    """Of conversations in which no message has the words."""
    made = a_dossier("A question")
    assert made.conversation is not None
    put(person, replace(made, conversation=replace(made.conversation, title="Astronomy", archived_at=5.0)))
    outcome = person.call("search", "astronomy")
    assert outcome.out == f"conversation {made.id[-8:]} · 1970-01-01 · archived\nAstronomy\n\n"
    outcome = person.call("search", "question")
    assert " · archived · Astronomy" in outcome.out


def test_what_cannot_be_searched(person: Person) -> None:
    """Signs are left out, and that is said."""
    outcome = person.call("search", "!!!")
    assert (outcome.code, outcome.out) == (0, "")
    assert "“!!!” was left out" in outcome.err


def test_failed_replies(person: Person) -> None:
    """They are marked."""
    made = a_dossier("Ask")
    failed = replace(made.generations[0], state="cut", error={"message": "it broke", "hint": "", "kind": "cut"})
    put(person, replace(made, generations=(failed,)))
    assert " · failed · Ask" in person.call("search", "because").out


def test_json(person: Person) -> None:
    """Excerpts are pieces, of which some are what was found; money is text."""
    (made,) = talks(person, "Why is the sky blue?")
    record = person.call("search", "sky", "--json").record
    assert record["more"] is None
    assert (record["is_complete"], record["unsearchable"], record["titles"]) == (True, [], [])
    (found,) = record["items"]
    assert found == {
        "id": made.messages[0].id,
        "conversation_id": made.id,
        "title": "Why is the sky blue?",
        "source": "user",
        "model": None,
        "created_at": 2.0,
        "cost": None,
        "has_error": False,
        "is_archived": False,
        "excerpt": [
            {"text": "Why is the ", "is_found": False},
            {"text": "sky", "is_found": True},
            {"text": " blue", "is_found": False},
            {"text": " …", "is_found": False},
        ],
    }
    record = person.call("search", "in:title sky", "--json").record
    (title,) = record["titles"]
    assert (title["id"], title["created_at"], title["is_archived"]) == (made.id, 1.0, False)
    assert title["excerpt"][1] == {"text": "sky", "is_found": True}
    assert person.call("search", "because", "--json").record["items"][0]["cost"] == "0.0000012"


def test_terminals(person: Person) -> None:
    """What is found is bold where there is colour; a narrow terminal gets whole words, and no model is obeyed."""
    made = a_dossier("Ask")
    text = "Evil \x1b]0;title\x07 needle " + "word " * 40
    put(person, replace(made, messages=(made.messages[0], replace(made.messages[1], parts=(TextPart(text),)))))
    terminal = person.sit_down("search", "needle", columns=40)
    assert terminal.close() == 0
    assert "\x1b[1mneedle\x1b[0m" in terminal.screen
    assert "\x1b]" not in terminal.screen
    assert "\x07" not in terminal.screen
    person.variables = {"NO_COLOR": "1"}
    plain = person.sit_down("search", "needle", columns=40)
    assert plain.close() == 0
    assert "\x1b" not in plain.screen
    assert all(len(line) <= 40 for line in plain.screen.splitlines())
    assert "word\nword" in plain.screen


def test_a_search_that_takes_too_long(person: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    """It ends, and says so."""
    talks(person, "Ask")
    monkeypatch.setattr(history_search, "SECONDS", 0.0)
    assert "This takes too long" in person.call("search", "ask").err
