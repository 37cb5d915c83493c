"""`chit list`: in this process, as a process, and at terminals of several widths."""

from dataclasses import replace

from tests.cli.histories import put, talks, with_store
from tests.cli.person import Person
from tests.dossiers import a_dossier

from chit.core.conversation import Conversation
from chit.core.dossier import Dossier


def moved(dossier: Dossier, **members: object) -> Dossier:
    """The same, elsewhere."""
    assert isinstance(dossier.conversation, Conversation)
    return replace(dossier, conversation=replace(dossier.conversation, **members))  # type: ignore[arg-type]


def test_an_empty_history(person: Person) -> None:
    """It says how to begin, and of a shelf that there is nothing on it."""
    assert person.call("list").out == 'There is no conversation yet. Ask: chit ask "…"\n'
    assert person.call("list", "--archived").out == "There is none.\n"
    assert person.call("list", "--origin", "api").out == "There is none.\n"
    assert person.call("list", "--before", "1").out == "There is nothing older.\n"
    assert person.call("list", "--json").record == {"items": [], "more": None}


def test_the_newest_first(person: Person) -> None:
    """With short ids, ages, costs and whole titles, since no terminal is there to cut them for."""
    first, second = talks(person, "The first one", "The second one")
    lines = person.call("list").out.splitlines()
    assert [line[:8] for line in lines] == [second.id[-8:], first.id[-8:]]
    assert lines[0][8:] == "  1970-01-01   $0.0000012  The second one"
    record = person.call("list", "--json").record["items"][0]
    assert record == {
        "id": second.id,
        "title": "The second one",
        "origin": "web",
        "created_at": 1.0,
        "last_at": 2.0,
        "cost": "0.0000012",
        "pending": 0,
        "pinned_at": None,
        "archived_at": None,
    }


def test_pages(person: Person) -> None:
    """Each says where the next begins, until there is none."""
    talks(person, *"abcde")
    seen, more = [], None
    while True:
        outcome = person.call("list", "-n", "2", "--json", *(["--before", str(more)] if more else []))
        seen += [each["title"] for each in outcome.record["items"]]
        more = outcome.record["more"]
        if more is None:
            break
    assert seen == ["e", "d", "c", "b", "a"]
    assert len(person.call("list", "--before", "9" * 40, "--json").record["items"]) == 5
    told = person.call("list", "-n", "2")
    assert told.err.startswith("More: chit list --before ")
    assert person.call(*told.err.split()[2:], "-n", "9").out.count("\n") == 3


def test_shelves_and_origins(person: Person) -> None:
    """Pinned ones stand on top, archived ones are asked for, those of the local API as well."""
    talks(person, "open")
    put(person, moved(a_dossier("pin"), pinned_at=5.0), moved(a_dossier("old"), archived_at=5.0))
    put(person, moved(a_dossier("api"), origin="api"), moved(a_dossier("new"), origin="import", title=""))

    def titles(*options: str) -> list[str]:
        return [line.split("  ")[-1] for line in person.call("list", *options).out.splitlines()]

    assert titles() == ["pinned · pin", "Untitled", "open"]
    assert titles("--pinned") == ["pinned · pin"]
    assert titles("--archived") == ["archived · old"]
    assert titles("--all") == ["Untitled", "archived · old", "pinned · pin", "open"]
    assert titles("--origin", "api") == ["api"]
    assert titles("--origin", "import") == ["Untitled"]
    assert titles("--origin", "web") == ["pinned · pin", "open"]


def test_pages_of_pinned_ones(person: Person) -> None:
    """Pinned ones count like others, and on pages of any size each conversation comes once."""
    talks(person, "open 1", "open 2")
    put(person, *(moved(a_dossier(f"pin {number}"), pinned_at=5.0) for number in range(3)))
    talks(person, "open 3")
    whole = ["pin 2", "pin 1", "pin 0", "open 3", "open 2", "open 1"]
    for size in range(1, 8):
        pages: list[list[str]] = []
        more = None
        while more is not None or not pages:
            record = person.call("list", "-n", str(size), "--json", *(["--before", str(more)] if more else [])).record
            pages.append([each["title"] for each in record["items"]])
            more = record["more"]
        assert pages == [whole[at : at + size] for at in range(0, 6, size)]


def test_more_repeats_what_was_asked(person: Person) -> None:
    """The command that is shown goes on with the same list."""
    for title in "ab":
        put(person, moved(a_dossier(f"pin {title}"), origin="import", pinned_at=5.0))
        put(person, moved(a_dossier(title), origin="import"), moved(a_dossier(f"old {title}"), archived_at=5.0))
    for options, titles in (
        (["--origin", "import"], ["pinned · pin b", "pinned · pin a", "b", "a"]),
        (["--archived"], ["archived · old b", "archived · old a"]),
        (["--pinned"], ["pinned · pin b", "pinned · pin a"]),
    ):
        outcome = person.call("list", *options, "-n", "1")
        seen = [outcome.out]
        while outcome.err:
            assert outcome.err.endswith(f"{' '.join(options)} -n 1\n")
            outcome = person.call(*outcome.err.split()[2:])
            seen.append(outcome.out)
        assert [each.strip().split("  ")[-1] for each in seen] == titles
    talks(person, *map(str, range(20)))
    assert person.call("list").err.split()[-2] == "--before"


def test_private_ones_and_deleted_ones_are_not_there(person: Person) -> None:
    """Of either nothing is shown."""
    made = talks(person, "gone")
    put(person, moved(a_dossier(""), private=True))
    with_store(person, lambda store: store.delete_conversation(made[0].id, now=1.0))
    assert person.call("list", "--json").record["items"] == []


def test_terminals(person: Person) -> None:
    """A narrow one has no ages, and titles are cut; nothing that a terminal obeys gets there, in colour or not."""
    talks(person, "A title that is \x1b[31mlong\x1b[0m and goes on and on and on", "日本語" * 30)
    for columns in (40, 200):
        for variables in ({}, {"NO_COLOR": "1"}, {"TERM": "dumb"}):
            person.variables = variables
            terminal = person.sit_down("list", "-n", "1", columns=columns)
            assert terminal.close() == 0
            assert ("\x1b" in terminal.screen) == (variables == {})
            assert ("1970" in terminal.screen) == (columns > 60)
    person.variables = {"NO_COLOR": "1"}
    terminal = person.sit_down("list", columns=40)
    assert terminal.close() == 0
    wide, long = terminal.screen.splitlines()
    assert wide.endswith("  日本語日本語日本…")
    assert long.endswith("A title that is \ufffd…")
    assert len(long) == 40


def test_a_reader_that_leaves(person: Person) -> None:
    """As of any other program: 141, and silence."""
    talks(person, *map(str, range(50)))
    outcome = person.run("list", "-n", "50", prelude="exec 3>&1 | :; ")
    assert outcome.err == ""
