"""`chit backup` and `chit restore`."""

import json
import os
import re
from pathlib import Path

import pytest
from tests.cli.doctoring import ask
from tests.cli.person import Person, kill, read_until
from tests.disks import mount_small

from chit.cli.backup import describe
from chit.store.backups import Backup, Contents


def test_a_backup_is_told(person: Person) -> None:
    """Where it is, what is in it and how large it is; it is in the list then, and can be read as an object."""
    ask(person)
    outcome = person.call("backup")
    assert (outcome.code, outcome.err) == (0, "")
    path, told, end = outcome.out.split("\n")
    assert (Path(path).parent, end) == (person.home / "backups", "")
    assert re.fullmatch(r"checked: 1 conversation · 1 reply · \$0\.0+\d+ · 0\.\d MiB", told)
    listed = person.call("backup", "--list")
    assert listed.out == f"{path}\n  {told.removeprefix('checked: ')}\n"
    (record,) = person.call("backup", "--list", "--json").record["backups"]
    assert (record["path"], record["conversations"], record["replies"]) == (path, 1, 1)
    assert (record["readable"], record["flaws"], record["cost"][:2]) == (True, [], "0.")
    assert record["bytes"] > 50_000


def test_a_backup_elsewhere(person: Person, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder can be named, from where one is; it is not in the list, and neither are keys in it."""
    ask(person)
    (person.home / "vault.age").write_text("sealed")
    monkeypatch.chdir(tmp_path)
    record = person.call("backup", "mine", "--json").record
    assert record["path"] == str(tmp_path / "mine")
    assert {path.name for path in (tmp_path / "mine").rglob("*")} == {"chit.db", "blobs"}
    assert person.call("backup", "--list").out == "There is no backup yet. Make one: chit backup\n"


def test_what_a_backup_is_not(person: Person) -> None:
    """Its help says that keys are not in it."""
    outcome = person.call("backup", "--help")
    assert "Keys and the vault are not in a backup" in " ".join(outcome.out.split())


def test_nothing_to_back_up(person: Person) -> None:
    """It is told in one line, and nothing is made."""
    outcome = person.call("backup", "--json")
    assert (outcome.code, outcome.err.count("\n")) == (2, 1)
    assert "there is no history" in outcome.record["error"]["message"]
    assert not person.home.exists()
    assert person.call("backup", "here", "--list").code == 2


def test_a_full_disk(person: Person, tmp_path: Path) -> None:
    """One clear line, the code of a full disk, and nothing left."""
    ask(person)
    with mount_small(tmp_path / "disk", "64k") as disk:
        outcome = person.call("backup", str(disk / "backup"))
        assert list(disk.iterdir()) == []
    assert (outcome.code, outcome.out, outcome.err.count("\n")) == (6, "", 1)
    assert outcome.err.startswith("chit: the disk is full: the backup in ")


def test_what_is_lost_already_is_told(person: Person) -> None:
    """A history that is not whole is backed up, and a line says what it lacks."""
    ask(person)
    database = person.open_database()
    database.execute("INSERT INTO blobs VALUES (?, 1)", ("0" * 64,))
    database.close()
    outcome = person.call("backup")
    assert outcome.code == 0
    assert outcome.err == (
        "chit: not whole, as the history itself is not: the attachment 00000000 is missing. See: chit doctor\n"
    )


@pytest.mark.parametrize(
    ("contents", "told"),
    [
        (None, "cannot be read · 2.0 MiB"),
        (
            Contents(schema=1, conversations=1200, replies=2, cost=None),
            "1,200 conversations · 2 replies · – · 2.0 MiB",
        ),
    ],
)
def test_what_is_said_of_one(contents: Contents | None, told: str) -> None:
    """Unknown costs are a dash, and one that cannot be read says so."""
    assert describe(Backup(path=Path("x"), made_at=1.0, size=2**21, contents=contents)) == told


def test_there_and_back(person: Person) -> None:
    """What came after the backup is gone from the history and kept beside it; without a history nothing is kept."""
    ask(person)
    made = person.call("backup", "--json").record["path"]
    ask(person)
    outcome = person.call("restore", made)
    assert (outcome.code, outcome.err) == (0, "")
    first, second, end = outcome.out.split("\n")
    assert (first, end) == ("restored: 1 conversation · 1 reply", "")
    replaced = second.removeprefix("what was there before: ")
    assert person.open_database().execute("SELECT count(*) FROM conversations").get == 1
    record = person.call("restore", replaced, "--json").record
    assert (record["conversations"], record["replies"], record["path"]) == (2, 2, replaced)
    assert Path(record["replaced"]).parent == person.home / "backups"
    away = person.home.parent / "away"
    (person.home / "backups").rename(away)
    (person.home / "chit.db").unlink()
    outcome = person.call("restore", str(away / Path(made).name))
    assert outcome.out == "restored: 1 conversation · 1 reply\n"
    assert person.call("restore", str(away / Path(made).name), "--json").record["replaced"]


def test_a_restore_while_chit_runs(person: Person) -> None:
    """It is refused in one line that says what to end; when that has ended, it works."""
    ask(person)
    made = person.call("backup", "--json").record["path"]
    server = person.start("serve", "--port", "0")
    read_until(server, "--no-browser\n")
    outcome = person.run("restore", made)
    assert (outcome.code, outcome.err.count("\n")) == (2, 1)
    assert "is in use by another Chit. End it first (Ctrl-C where `chit serve` runs)" in outcome.err
    kill(server)
    assert person.run("restore", made).code == 0


def test_an_incomplete_backup(person: Person) -> None:
    """It is refused with the option that will do; with that it is restored."""
    ask(person)
    database = person.open_database()
    database.execute("INSERT INTO blobs VALUES (?, 1)", ("0" * 64,))
    database.close()
    made = json.loads(person.call("backup", "--json").out)["path"]
    outcome = person.call("restore", made)
    assert outcome.code == 2
    assert "chit restore --incomplete" in outcome.err
    assert person.call("restore", "--incomplete", made).code == 0


def test_what_a_killed_restore_kept_is_listed(person: Person) -> None:
    """The next look at the backups gives it its name."""
    ask(person)
    made = Path(person.call("backup", "--json").record["path"])
    os.rename(made, made.with_name(".replacing-2026"))
    assert f"{made.parent}/replaced-2026\n" in person.call("backup", "--list").out
