"""The rows of llm's databases: their order, and what should not be in them."""

from contextlib import ExitStack
from pathlib import Path
from threading import Event

import apsw
import pytest
from tests.transfer.llm_databases import LlmDatabase

from chit.core.dossier import Dossier
from chit.errors import InputError
from chit.transfer.llm_database import open_llm_database


def read(path: Path) -> list[tuple[str, Dossier | str]]:
    """All that is in it, in order."""
    with ExitStack() as closing:
        source = open_llm_database(path, closing, Event())
        found = list(source.outcomes)
    assert len(found) == source.total
    return found


@pytest.mark.parametrize(("version", "table"), [("0.4", "log"), ("0.5", "logs")])
def test_row_numbers_are_numbers(tmp_path: Path, version: str, table: str) -> None:
    """The tenth conversation of an old log comes after the ninth, and so does the tenth message of one."""
    made = LlmDatabase(tmp_path / "logs.db", version)
    for number in range(1, 12):
        made.add(table, prompt=f"ask {number}", response="yes", chat_id=None)
    assert [name for name, _ in read(made.path)] == [f"“ask {number}”" for number in range(1, 12)]
    if version == "0.5":
        made.connection.execute("UPDATE logs SET chat_id = 1")
        ((_, talk),) = read(made.path)
        assert isinstance(talk, Dossier)
        assert [each.text for each in talk.messages if each.source == "user"] == [f"ask {n}" for n in range(1, 12)]


def test_row_numbers_come_before_ids(tmp_path: Path) -> None:
    """What an old version logged is older than what a later one did, in the order of its ids as text."""
    made = LlmDatabase(tmp_path / "logs.db", "0.13")
    made.connection.execute("CREATE TABLE log (prompt TEXT, response TEXT)")
    for id in ("01b", "01a", "9", "10"):
        made.add_response(id, conversation=f"c{id}")
    for number in range(1, 11):
        made.add("log", prompt=f"old {number}", response="yes")
    names = [name for name, _ in read(made.path)]
    assert names == [*(f"“old {n}”" for n in range(1, 11)), *(f"“ask {id}”" for id in ("01a", "01b", "10", "9"))]


NOT_UTF_8 = "it holds text that is not UTF-8"


def make(path: Path) -> apsw.Connection:
    """A log of three responses in three conversations, then two threads of one message each."""
    made = LlmDatabase(path, "0.36")
    for id in ("1", "2", "3"):
        made.add_response(id, conversation=f"c{id}")
    for id in ("4", "5"):
        made.add_message(f"m{id}", None, "user", f"ask {id}")
        made.add("threads", id=f"c{id}", name=None, tip_message_hash=f"m{id}")
        made.add_turn(id, f"m{id}", f"m{id}", thread=f"c{id}")
    return made.connection


def change(path: Path, statements: str) -> None:
    """Make such a log, and change it; TORN is text that is not UTF-8."""
    make(path).execute(statements.replace("TORN", "CAST(x'61ff62' AS TEXT)"))


@pytest.mark.parametrize(
    "column", ["id", "model", "resolved_model", "prompt", "system", "response", "reasoning", "options_json"]
)
def test_text_of_a_response_that_is_not_utf_8(tmp_path: Path, column: str) -> None:
    """Its conversation is named with the reason, wherever the text is; those around it are read."""
    change(tmp_path / "logs.db", f"UPDATE responses SET {column} = TORN WHERE id = '2'")  # noqa: S608 - names of ours
    found = dict(read(tmp_path / "logs.db"))
    assert found.pop("conversation c2") == NOT_UTF_8
    assert [each for each, it in found.items() if isinstance(it, Dossier)] == [f"“ask {n}”" for n in (1, 3, 4, 5)]


@pytest.mark.parametrize(
    ("statements", "name", "why"),
    [
        ("UPDATE responses SET conversation_id = TORN WHERE id = '2'", "conversation 2", NOT_UTF_8),
        ("UPDATE turns SET thread_id = TORN WHERE id = '4'", "conversation 4", NOT_UTF_8),
        ("UPDATE turns SET model = TORN WHERE id = '4'", "conversation c4", NOT_UTF_8),
        ("UPDATE parts SET text = TORN WHERE message_hash = 'm4'", "conversation c4", NOT_UTF_8),
        ("UPDATE threads SET name = TORN WHERE id = 'c4'", "conversation c4", NOT_UTF_8),
        (
            "UPDATE messages SET hash = x'' WHERE hash = 'm4'; UPDATE turns SET tip_message_hash = x'' WHERE id < 5",
            "conversation c4",
            "a message in it is named by what is no text",
        ),
    ],
)
def test_one_that_cannot_be_read(tmp_path: Path, statements: str, name: str, why: str) -> None:
    """It is named, by its place where its own name cannot be read, and the others are read."""
    change(tmp_path / "logs.db", statements)
    found = dict(read(tmp_path / "logs.db"))
    assert found.pop(name) == why
    assert len(found) == 4
    assert all(isinstance(each, Dossier) for each in found.values())


def test_bytes_in_the_place_of_text(tmp_path: Path) -> None:
    """A conversation whose name is kept as bytes is read like any other; what is said in bytes counts as nothing."""
    turns = "UPDATE turns SET thread_id = CAST(thread_id AS BLOB), model = x'61', datetime_utc = x'61'"
    responses = "UPDATE responses SET conversation_id = x'6332', response = x'ff' WHERE id = '2'"
    change(tmp_path / "logs.db", f"{turns}; {responses}")
    found = dict(read(tmp_path / "logs.db"))
    assert list(found) == [f"“ask {number}”" for number in range(1, 6)]
    answered = found["“ask 2”"]
    assert isinstance(answered, Dossier)
    assert [each.text for each in answered.messages] == ["ask 2", ""]


def test_a_schema_that_is_not_utf_8(tmp_path: Path) -> None:
    """Then it is no database of llm's, and that is one line."""
    torn = "UPDATE sqlite_schema SET sql = 'CREATE TABLE parts (' || TORN || ')' WHERE name = 'parts'"
    change(tmp_path / "logs.db", f"PRAGMA writable_schema = ON; {torn}")
    with pytest.raises(InputError, match="damaged"):
        read(tmp_path / "logs.db")
