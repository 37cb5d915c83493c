"""`chit doctor` on damage: each kind is told with what it means, what still works, and which backup to restore."""

import hashlib
import os
import random
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.cli.conftest import seal
from tests.cli.doctoring import ask, bad, findings, texts
from tests.cli.person import Outcome, Person
from tests.disks import mount_read_only, mount_small

from chit.cli import backup_findings
from chit.cli.age import show_age
from chit.errors import StoreUnreadable
from chit.store.home import Home


def back_up(person: Person) -> Path:
    """A backup of what is there."""
    return Path(person.call("backup", "--json").record["path"])


def look(person: Person) -> Outcome:
    """What the doctor says; no file is made, changed or removed by it."""
    before = {path: path.read_bytes() for path in person.home.rglob("*") if path.is_file()}
    outcome = person.call("doctor", "--json")
    after = {path: path.read_bytes() for path in person.home.rglob("*") if path.is_file()}
    assert {path: data for path, data in after.items() if path.suffix != ".db-shm"} == {
        path: data for path, data in before.items() if path.suffix != ".db-shm"
    }
    return outcome


def flip(data: bytearray) -> None:
    """Bytes all over the pages after the first."""
    chance = random.Random(3)
    for _ in range(200):
        data[chance.randrange(4096, len(data))] ^= chance.randrange(1, 256)


def cut(data: bytearray) -> None:
    """The second half is gone."""
    del data[len(data) // 2 :]


def overwrite_head(data: bytearray) -> None:
    """It is no database any more."""
    data[:64] = b"x" * 64


@pytest.mark.parametrize("damage", [flip, cut, overwrite_head])
def test_damaged_pages(person: Person, damage: Callable[[bytearray], None]) -> None:
    """Flipped bytes, a file cut short and one without its head are told, with the newest backup that is whole."""
    ask(person)
    made = back_up(person)
    newer = back_up(person)
    (newer / "chit.db").write_bytes(b"garbage" * 900)
    path = person.home / "chit.db"
    data = bytearray(path.read_bytes())
    damage(data)
    path.write_bytes(data)
    outcome = look(person)
    assert (outcome.code, "database" in bad(outcome)) == (2, True)
    told = texts(outcome, "database")
    assert "Put the newest whole backup in its place; what is there now is kept: chit restore " in told
    assert f"/backups/{made.name}" in told
    assert "can still be read" in told or "Nothing can be read or sent until then." in told
    assert "2, the newest that is whole " in texts(outcome, "backups")
    assert person.call("restore", str(made)).code == 0
    assert texts(person.call("doctor", "--json"), "database").startswith("[ok] ")


def test_damage_without_a_backup(person: Person) -> None:
    """Then the file is to be kept, and the missing backups are told of apart."""
    ask(person)
    (person.home / "chit.db").write_bytes(b"garbage" * 900)
    outcome = look(person)
    assert "There is no whole backup in the home folder. Move chit.db " in texts(outcome, "database")
    assert texts(outcome, "backups") == "[note] there is none in the home folder Make one: chit backup"


def test_rows_and_received_bytes_that_refer_to_nothing(person: Person) -> None:
    """They are named by table and number, and the rest is said to be readable."""
    ask(person)
    database = person.open_database()
    database.execute("PRAGMA foreign_keys = OFF")
    database.execute("INSERT INTO received_bytes (generation, bytes) VALUES ('nowhere', x'00ff')")
    database.execute("INSERT INTO rendered VALUES ('nowhere', 1, '')")
    database.close()
    told = texts(look(person), "database")
    assert "row 1 of received_bytes refers to one of generations that is not there" in told
    assert "row 1 of rendered refers to one of messages that is not there" in told
    assert "What is not damaged can still be read" in told


@pytest.mark.parametrize("damage", [Path.unlink, lambda path: path.write_text("changed")])
def test_an_attachment_that_is_lost(person: Person, damage: Callable[[Path], None]) -> None:
    """A missing and a changed file are told, with a backup in which it is whole."""
    ask(person)
    content = b"x" * 5000
    name = hashlib.sha256(content).hexdigest()
    (person.home / "blobs" / name).write_bytes(content)
    database = person.open_database()
    database.execute("INSERT INTO blobs VALUES (?, 5000)", (name,))
    database.close()
    made = person.home.parent / "made"
    assert person.call("backup", str(made)).code == 0
    (person.home / "backups").mkdir()
    copy = person.home / "backups" / "copy"
    os.rename(made, copy)
    blob = person.home / "blobs" / name
    blob.unlink()
    blob.write_bytes(content)
    damage(blob)
    told = texts(look(person), "database")
    assert f"first: the attachment {name[:8]} " in told
    assert "The rest of the history can be read. Put the newest whole backup in its place" in told
    assert person.call("restore", str(copy)).code == 0
    assert blob.read_bytes() == content


def test_a_log_that_was_left(person: Person) -> None:
    """What a killed process had saved is not lost, and the doctor leaves it to the next command."""
    ask(person)
    program = (
        "import os, sys, apsw\nconnection = apsw.Connection(sys.argv[1])\n"
        "connection.execute(\"INSERT INTO settings VALUES ('late', 'x')\")\nos._exit(0)\n"
    )
    subprocess.run([sys.executable, "-c", program, str(person.home / "chit.db")], check=True)
    assert (person.home / "chit.db-wal").stat().st_size
    outcome = look(person)
    assert outcome.code == 0
    assert "[note] a process ended early and left a log of 0.0 MiB beside it Nothing is lost" in texts(
        outcome, "database"
    )
    assert person.call("settle").code == 0
    assert person.open_database().execute("SELECT value FROM settings WHERE name = 'late'").get == "x"
    assert "a log of" not in texts(person.call("doctor", "--json"), "database")


def test_a_log_in_use_is_as_it_should_be(person: Person) -> None:
    """While a process writes, its log is nothing to tell of."""
    ask(person)
    program = (
        "import sys, apsw\nconnection = apsw.Connection(sys.argv[1])\n"
        "connection.execute(\"INSERT INTO settings VALUES ('late', 'x')\")\n"
        "print('open', flush=True)\nsys.stdin.read()\n"
    )
    command = [sys.executable, "-c", program, str(person.home / "chit.db")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == "open\n"
        assert (person.home / "chit.db-wal").stat().st_size
        assert texts(look(person), "database").startswith("[ok] ")
        child.communicate("")


def test_the_command_can_be_pasted(person: Person, tmp_path: Path) -> None:
    """Below the person's home it begins with its sign, which a shell still sees, and the rest is quoted."""
    person.home = tmp_path / "some one" / "my chit"
    person.home.mkdir(mode=0o700, parents=True)
    person.variables["HOME"] = str(tmp_path / "some one")
    ask(person)
    made = back_up(person)
    (person.home / "chit.db").write_bytes(b"garbage" * 900)
    assert f"chit restore ~/'my chit/backups/{made.name}'" in texts(look(person), "database")


def test_backups_are_told(person: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    """How many there are and how old the newest whole one is; that none is whole; that they cannot be looked at."""
    ask(person)
    made = back_up(person)
    (found,) = findings(look(person), "backups")
    assert (found["verdict"], found["text"].startswith("1, the newest that is whole ")) == ("ok", True)
    assert found["text"].endswith(f" s old: {made.name}")
    (made / "chit.db").write_bytes(b"garbage" * 900)
    assert texts(look(person), "backups") == "[warn] 1, of which none is whole Make one: chit backup"

    def refuse(home: Home) -> None:
        raise StoreUnreadable("backups cannot be used", hint="Check.")

    monkeypatch.setattr(backup_findings, "list_backups", refuse)
    assert texts(look(person), "backups") == "[warn] they cannot be looked at: backups cannot be used Check."
    monkeypatch.setattr(backup_findings, "find_newest_whole", refuse)
    (person.home / "chit.db").write_bytes(b"garbage" * 900)
    assert "There is no whole backup" in texts(look(person), "database")


def test_others_may_look_into_backups(person: Person) -> None:
    """Whatever is too open is told with one command that mends it, and left as it is."""
    ask(person)
    seal(person)
    made = back_up(person)
    (made / "chit.db").chmod(0o644)
    (person.home / "run").chmod(0o755)
    (person.home / "blobs").chmod(0o755)
    outcome = look(person)
    assert [each["verdict"] for each in findings(outcome, "home")] == ["warn"] * 4
    assert "others may look into backups in " in texts(outcome, "home")
    assert "/backups: Make" not in texts(outcome, "home")
    assert "chmod -R go= " in texts(outcome, "home")


def test_nothing_is_open_to_others(person: Person) -> None:
    """Under a umask that would let everybody in, all that Chit makes is this user's alone: 0700 and 0600."""
    before = os.umask(0)
    try:
        ask(person)
        assert person.run("ask", "-m", "sandbox/echo", "Hi").code == 0
        made = back_up(person)
        assert person.call("restore", str(made)).code == 0
        assert person.call("prefs", "set", "model", "sandbox/echo").code == 0
    finally:
        os.umask(before)
    modes = {path: path.stat().st_mode & 0o777 for path in (person.home, *person.home.rglob("*"))}
    assert {path for path, mode in modes.items() if mode != (0o700 if path.is_dir() else 0o600)} == set()
    assert "yours alone" in texts(person.call("doctor", "--json"), "home")


def test_a_home_that_is_read_only(person: Person, tmp_path: Path) -> None:
    """The doctor says what still works, and it does: reading, a backup elsewhere; a question is refused in a line."""
    ask(person)
    kept = person.open_database().execute("SELECT id FROM messages LIMIT 1").get
    with mount_read_only(person.home, tmp_path / "seen") as seen:
        person.home = seen
        outcome = person.call("doctor", "--json")
        assert (outcome.code, bad(outcome)) == (2, ["home"])
        assert "cannot be written to Check its owner and permissions. What is saved can be read meanwhile" in texts(
            outcome, "home"
        )
        assert person.call("show", str(kept)).code == 0
        assert person.call("backup", str(tmp_path / "made")).code == 0
        refused = person.call("ask", "-m", "sandbox/echo", "Hi")
    assert (refused.code, refused.out, refused.err.count("\n")) == (2, "", 1)
    assert "read-only" in refused.err.lower()
    assert len(person.upstream.ledger.generations) == 1


def test_a_home_on_a_full_disk(person: Person, tmp_path: Path) -> None:
    """Too little room is bad, since nothing is sent any more; what is saved can be read."""
    with mount_small(tmp_path / "disk", "70m") as disk:
        person.home = disk / "home"
        ask(person)
        kept = person.open_database().execute("SELECT id FROM messages LIMIT 1").get
        (disk / "fill").write_bytes(b"x" * 30 * 1024**2)
        outcome = look(person)
        assert (outcome.code, bad(outcome)) == (6, ["home"])
        assert "nothing is sent any more Free some space. Reading works meanwhile." in texts(outcome, "home")
        assert person.call("show", str(kept)).code == 0
        refused = person.call("ask", "-m", "sandbox/echo", "Hi")
        assert (refused.code, refused.out, refused.err.count("\n")) == (6, "", 1)
        assert "nothing was sent" in refused.err


@pytest.mark.parametrize(("seconds", "told"), [(90, "90 s"), (600, "10 min"), (3 * 3600, "3 h"), (300_000, "3 days")])
def test_ages(seconds: float, told: str) -> None:
    """In the largest unit of which there are two."""
    assert show_age(seconds) == told
