"""The rows of llm's databases: their order, and what should not be in them."""

from contextlib import ExitStack
from pathlib import Path

import pytest
from tests.transfer.llm_databases import LlmDatabase

from chit.core.dossier import Dossier
from chit.transfer.llm_database import open_llm_database


def read(path: Path) -> list[tuple[str, Dossier | str]]:
    """All that is in it, in order."""
    with ExitStack() as closing:
        source = open_llm_database(path, closing)
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
