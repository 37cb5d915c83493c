"""`chit import`: every kind of file, progress on a terminal, and an end in the middle."""

import os
import signal
from pathlib import Path
from typing import Any

import pytest
from tests.cli.histories import talks
from tests.cli.person import Person, finish, until
from tests.dossiers import a_dossier, same
from tests.transfer.chatgpt_exports import conversation, many, write_export, write_list
from tests.transfer.llm_databases import LlmDatabase
from tests.transfer.zips import make_zip

from chit.cli import history_import
from chit.core.dossier_json import encode_dossier
from chit.transfer.import_report import Report
from chit.transfer.llm_rows import Rows

_LONG = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000000) SELECT max(i) FROM n"


def write(path: Path, data: bytes) -> str:
    """A file of these bytes."""
    path.write_bytes(data)
    return str(path)


def test_every_kind(person: Person, tmp_path: Path) -> None:
    """Told by its bytes; a second time adds nothing."""
    made = LlmDatabase(tmp_path / "logs.db", "0.13")
    made.add_response("1")
    files = [
        write(tmp_path / "one.txt", encode_dossier(a_dossier(), same)),
        write(tmp_path / "some.json", make_zip([("a.json", encode_dossier(a_dossier(), same))])),
        write(tmp_path / "list", write_list([conversation(id="1")])),
        write(tmp_path / "zip", write_export([conversation(id="2")])),
        str(made.close()),
    ]
    for file in files:
        assert person.call("import", file).out == "1 conversation added · 2 messages\n"
        outcome = person.call("import", file)
        assert (outcome.code, outcome.out) == (0, "0 conversations added · 0 messages · 1 was here already\n")
    assert len(person.call("list", "--json").record["items"]) == 5


def test_what_is_refused_is_told(person: Person, tmp_path: Path) -> None:
    """With its reason, the others are added, and the exit code says that something is missing."""
    file = write(tmp_path / "f", write_list([conversation(id="1"), {}, conversation(id="2"), {}]))
    outcome = person.call("import", file)
    assert outcome.code == 2
    assert outcome.out == "2 conversations added · 4 messages · 2 not imported\n"
    assert outcome.err == (
        "chit: not imported: conversation 4: it is no conversation of ChatGPT\n"
        "chit: not imported: conversation 2: it is no conversation of ChatGPT\n"
    )


def test_text_that_is_none_is_told(person: Person, tmp_path: Path) -> None:
    """Of llm's database that holds bytes instead of UTF-8 in one place, the rest is imported."""
    made = LlmDatabase(tmp_path / "logs.db", "0.13")
    made.add_response("1", conversation="whole")
    made.add_response("2", conversation="torn")
    made.connection.execute("UPDATE responses SET response = CAST(x'61ff62' AS TEXT) WHERE id = '2'")
    outcome = person.call("import", str(made.close()))
    assert (outcome.code, outcome.out) == (2, "1 conversation added · 2 messages · 1 not imported\n")
    assert outcome.err == "chit: not imported: conversation torn: it holds text that is not UTF-8\n"


def test_json(person: Person, tmp_path: Path) -> None:
    """The same as numbers."""
    file = write(tmp_path / "f", write_list([{}, *({"id": str(number)} for number in range(60))]))
    outcome = person.call("import", file, "--json")
    assert outcome.code == 2
    assert outcome.record.pop("problems")[0] == "conversation 1: it is no conversation of ChatGPT"
    numbers = {"total": 61, "added": 0, "completed": 0, "messages": 0, "here": 0, "refused": 61}
    assert {name: value for name, value in outcome.record.items() if name != "problems"} == numbers
    assert outcome.err.endswith("chit: … and 11 more\n")


@pytest.mark.parametrize(
    ("report", "words"),
    [
        (Report(total=1, done=1, completed=1, messages=1), "0 conversations added · 1 completed · 1 message"),
        (
            Report(total=2, done=2, added=1200, messages=3, here=2),
            "1,200 conversations added · 3 messages · 2 were here already",
        ),
    ],
)
def test_summaries(report: Report, words: str) -> None:
    """In numbers and words."""
    assert history_import.summarise(report) == words


def test_files_that_are_none(person: Person, tmp_path: Path) -> None:
    """Missing ones, folders and pipes, and files of other kinds: one line, and nothing is imported."""
    os.mkfifo(tmp_path / "pipe")
    for name, why in (("missing", "cannot be read: No such file"), ("pipe", "is not a file"), (".", "is not a file")):
        outcome = person.call("import", str(tmp_path / name))
        assert (outcome.code, why in outcome.err) == (2, True), outcome
    outcome = person.call("import", write(tmp_path / "f", b"hello"))
    assert (outcome.code, outcome.out) == (2, "")
    assert "Choose a file that Chit exported as JSON, ChatGPT's export, or llm's database." in outcome.err
    assert person.call("import", write(tmp_path / "g", b"x"), "--json").record["error"]["kind"] == "input_invalid"


def test_keys_are_compared_hidden(person: Person, tmp_path: Path) -> None:
    """What was exported without a key is what is here with it."""
    (made,) = talks(person, "sk-or-v1-" + "ab" * 32)
    file = tmp_path / "f"
    assert person.call("export", made.id, "--format", "json", "-o", str(file)).code == 0
    assert "1 was here already" in person.call("import", str(file)).out


def test_progress_on_a_terminal(person: Person, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A line that is written over, and gone at the end."""
    file = write(tmp_path / "f", write_list(many(3, 1)))
    monkeypatch.setattr(history_import, "_TELL_EVERY", 0.0)
    outcome = person.call("import", file, watched=True)
    assert outcome.code == 0
    assert "importing 0 of 3" in outcome.err
    assert "\r\x1b[Kimporting 3 of 3" in outcome.err
    assert outcome.err.endswith("importing 3 of 3\r\x1b[K")
    assert person.call("import", file).err == ""


def test_stopped_and_gone_on_with(person: Person, tmp_path: Path) -> None:
    """Ctrl-C says how far it came and what to do; the same command ends it, exactly."""
    file = write(tmp_path / "f", write_list(many(400, 2)))
    process = person.start("import", file)
    database = person.home / "chit.db"

    def count() -> int:
        if not database.exists():
            return 0
        return len(person.call("list", "--all", "-n", "1000", "--json").record["items"])

    until(lambda: count() > 5)
    process.send_signal(signal.SIGINT)
    outcome = finish(process)
    assert outcome.code == 130
    assert "chit: broken off: " in outcome.err
    assert "The same command goes on from there." in outcome.err
    assert count() < 400
    assert person.call("import", file).code == 0
    titles = {each["title"] for each in person.call("list", "-n", "1000", "--json").record["items"]}
    assert titles == {f"Talk {number}" for number in range(400)}


@pytest.mark.parametrize(("method", "counted"), [("__init__", 0), ("get_conversation", 1)])
def test_stopped_within_a_database(
    person: Person, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, method: str, counted: int
) -> None:
    """Ctrl-C ends an import while SQLite is at work on llm's database, before the first conversation and later."""
    made = LlmDatabase(tmp_path / "logs.db", "0.13")
    for number in range(3):
        made.add_response(str(number), conversation=str(number))
    read = getattr(Rows, method)

    def take_long(rows: Rows, found: Any) -> Any:
        if found == 2 or method == "__init__":
            os.kill(os.getpid(), signal.SIGINT)
            connection = rows._connection if found == 2 else found
            connection.execute(_LONG).fetchall()
        return read(rows, found)

    monkeypatch.setattr(Rows, method, take_long)
    outcome = person.call("import", str(made.close()))
    words = "1 conversation added · 2 messages" if counted else "0 conversations added · 0 messages"
    assert (outcome.code, outcome.out) == (130, "")
    assert outcome.err == f"chit: broken off: {words}. The same command goes on from there.\n"
    monkeypatch.setattr(Rows, method, read)
    assert person.call("import", str(made.path)).code == 0
    assert len(person.call("list", "--json").record["items"]) == 3
