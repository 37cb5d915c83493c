"""`chit rename` and `chit delete`."""

import pytest
from tests.cli.histories import talks, with_store
from tests.cli.person import Person

from chit.store.sqlite import SqliteStore


def titles(person: Person) -> list[str]:
    """Of what is listed."""
    return [each["title"] for each in person.call("list", "--json").record["items"]]


def test_renaming(person: Person) -> None:
    """By the short id of the conversation or of anything in it."""
    (made,) = talks(person, "Old")
    outcome = person.call("rename", made.id[-8:], "A", "new   title")
    assert (outcome.code, outcome.out) == (0, f"{made.id[-8:]} is now “A new title”.\n")
    assert titles(person) == ["A new title"]
    for name in (made.messages[1].id, str(made.generations[0].generation_id)):
        assert person.call("rename", name, "Again").code == 0
    assert titles(person) == ["Again"]


def test_titles_that_are_none(person: Person) -> None:
    """Too long or empty ones are refused, and nothing changes."""
    (made,) = talks(person, "Old")
    for title in (" ", "x" * 301):
        outcome = person.call("rename", made.id, title)
        assert (outcome.code, outcome.err) == (
            *(2, "chit: a title has at most 300 characters, and not none. Choose another one.\n"),
        )
    assert (
        person.call("rename", "nothing", "x").err
        == "chit: nothing here has the id nothing. `chit list` shows the ids.\n"
    )
    assert titles(person) == ["Old"]


def test_renaming_what_is_just_deleted(person: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    """By another program in the meantime."""
    (made,) = talks(person, "Old")

    async def fail(self: SqliteStore, conversation_id: str, title: str) -> bool:
        return False

    monkeypatch.setattr(SqliteStore, "rename_conversation", fail)
    assert "was just deleted" in person.call("rename", made.id, "New").err


def test_deleting_and_bringing_back(person: Person) -> None:
    """The command that undoes it is printed, and does."""
    first, second = talks(person, "First", "")
    outcome = person.call("delete", first.id[-8:], second.id, first.id)
    assert outcome.code == 0
    assert outcome.out == f"Deleted: First\nDeleted: Untitled\nUndo: chit delete --restore {first.id} {second.id}\n"
    assert titles(person) == []
    assert person.call(*outcome.out.splitlines()[-1].split()[2:]).out == "Back again: First\nBack again: Untitled\n"
    assert titles(person) == ["", "First"]


def test_deleting_what_is_not_meant(person: Person) -> None:
    """A message does not name its conversation here, and one that is unknown keeps the others from being deleted."""
    (made,) = talks(person, "Mine")
    outcome = person.call("delete", made.messages[0].id)
    assert (outcome.code, "is no conversation, but something in one" in outcome.err) == (2, True)
    assert person.call("delete", made.id, "unknown").code == 2
    assert titles(person) == ["Mine"]


def test_what_cannot_be_brought_back(person: Person) -> None:
    """What was never deleted, and what was deleted long ago: a later deletion takes it away for good."""
    old, new = talks(person, "Old", "New")
    assert person.call("delete", "--restore", old.id).code == 2
    with_store(person, lambda store: store.delete_conversation(old.id, now=1.0))
    assert person.call("delete", new.id).code == 0
    outcome = person.call("delete", "--restore", old.id)
    assert outcome.code == 2
    assert f"nothing that was deleted can be brought back by the id {old.id}" in outcome.err
    assert person.call("delete", "--restore", new.id).code == 0
