"""What `chit doctor` finds wrong with the home folder and the history in it."""

import os
import re
from pathlib import Path

import pytest
from tests.cli.conftest import Do, seal
from tests.cli.doctoring import ask, bad, findings, texts
from tests.cli.person import KEY, Person

from chit.cli import history_findings
from chit.store import home as home_module
from chit.store.examination import examine
from chit.store.schema import STEPS
from chit.vault.agent import Agent
from chit.vault.unlocked import Unlocked, awake_clock
from chit.vault.vault_file import find_stamp

# --- home, preferences -----------------------------------------------------------------------------------------------


def test_broken_preferences_are_told_and_passed_by(person: Person) -> None:
    """The file is named with what shows its mistake, the variables still count, and the rest is examined."""
    ask(person)
    (person.home / "prefs.toml").write_text("model = [")
    outcome = person.call("doctor", "--json")
    assert (outcome.code, bad(outcome)) == (2, ["preferences"])
    assert "chit prefs list" in texts(outcome, "preferences")
    assert "accepted" in texts(outcome, "key")


def test_a_key_goes_nowhere_while_the_base_url_may_be_another(person: Person) -> None:
    """With a broken file and no variable the default is looked at, and a key is not sent there."""
    person.home.mkdir(mode=0o700)
    (person.home / "prefs.toml").write_text(f'base_url = "{person.upstream.base_url}"\nmodel = [')
    person.variables |= {"CHIT_BASE_URL": "", "https_proxy": "http://127.0.0.1:9"}
    person.variables |= {"CHIT_MODEL": " ", "CHIT_LINGER_SECONDS": "many"}
    outcome = person.call("doctor", "--json")
    assert bad(outcome) == ["preferences", "connection"]
    assert "it was not tried" in texts(outcome, "key")
    assert not person.upstream.account.keys.get(KEY)


def test_a_folder_that_cannot_be_found(person: Person) -> None:
    """`CHIT_HOME` of somebody who does not exist is told, and nothing crashes."""
    person.variables["CHIT_HOME"] = "~nobodyatall/x"
    outcome = person.call("doctor", "--json")
    assert (outcome.code, bad(outcome)) == (2, ["preferences"])


def test_unknown_preferences_are_a_warning(person: Person) -> None:
    """They are counted, not quoted, and the last line names them."""
    person.home.mkdir(mode=0o700)
    (person.home / "prefs.toml").write_text("privatest = 1\n")
    outcome = person.call("doctor")
    assert (outcome.code, outcome.err) == (0, "")
    assert "! warn  preferences    1 of the lines in prefs.toml may not mean what they should\n" in outcome.out
    assert "privatest" not in outcome.out
    assert outcome.out.endswith("\neverything works; 1 warning: preferences\n")


def test_preferences_that_can_be_used(person: Person) -> None:
    """A file without mistakes is said to be one."""
    person.home.mkdir(mode=0o700)
    (person.home / "prefs.toml").write_text('model = "a/b"\n')
    assert texts(person.call("doctor", "--json"), "preferences") == "[ok] prefs.toml can be used "


def test_others_may_look(person: Person) -> None:
    """Folder, database and vault that others can read are warned of, each with the command that mends it."""
    ask(person)
    seal(person)
    for name, mode in (("", 0o755), ("chit.db", 0o644), ("vault.age", 0o644)):
        (person.home / name).chmod(mode)
    outcome = person.call("doctor", "--json")
    assert outcome.code == 0
    assert [each["verdict"] for each in findings(outcome, "home")] == ["warn"] * 3
    assert all(word in texts(outcome, "home") for word in ("chmod 700 ", "chmod 600 ", "chit.db", "vault.age"))


def test_a_file_in_the_place_of_the_folder(person: Person) -> None:
    """It is told, and neither preferences nor database can be read."""
    person.home.touch()
    outcome = person.call("doctor", "--json")
    assert (outcome.code, bad(outcome)) == (2, ["preferences", "home", "database"])
    assert "is not a folder" in texts(outcome, "home")
    assert texts(outcome, "settlement").startswith("[note] not known")


def test_a_file_in_the_way_to_the_folder(person: Person, tmp_path: Path) -> None:
    """The operating system's reason is told."""
    (tmp_path / "file").touch()
    person.variables["CHIT_HOME"] = str(tmp_path / "file" / "home")
    outcome = person.call("doctor", "--json")
    assert "Not a directory" in texts(outcome, "home")
    assert outcome.code == 2


def test_a_folder_of_somebody_else(person: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another owner is a warning, a folder that cannot be written to is bad."""
    person.home.mkdir(mode=0o700)
    user, access = os.geteuid(), os.access
    monkeypatch.setattr(os, "geteuid", lambda: user + 1)
    monkeypatch.setattr(os, "access", lambda path, mode: path != person.home and access(path, mode))
    outcome = person.call("doctor", "--json")
    assert (outcome.code, bad(outcome)) == (2, ["home"])
    assert "belongs to another user" in texts(outcome, "home")
    assert "cannot be written to" in texts(outcome, "home")


def test_a_full_disk(person: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    """Too little room for a reply is bad, as it stops each send."""
    person.home.mkdir(mode=0o700)
    monkeypatch.setattr("chit.cli.home_findings.ROOM_FOR_A_SEND", 2**70)
    outcome = person.call("doctor", "--json")
    assert (outcome.code, bad(outcome)) == (6, ["home"])
    assert home_module.ROOM_FOR_A_SEND < 2**70


# --- history ---------------------------------------------------------------------------------------------------------


def test_a_damaged_database_is_reported(person: Person) -> None:
    """Three lines of the damage are told and the others counted; the checks after it run."""
    ask(person)
    database = person.open_database()
    database.execute("PRAGMA foreign_keys = OFF")
    database.execute("UPDATE messages SET conversation = 'nowhere'")
    database.execute("UPDATE generations SET message = 'nowhere', generation_id = 'nowhere'")
    database.execute("INSERT INTO rendered VALUES ('nowhere', 1, '')")
    database.close()
    outcome = person.call("doctor", "--json")
    assert (outcome.code, bad(outcome)) == (2, ["database"])
    assert "it is damaged: " in texts(outcome, "database")
    assert "; and 2 more" in texts(outcome, "database")
    assert "readable: conversations 1, " in texts(outcome, "database")


def test_nonsense_in_the_place_of_the_database(person: Person) -> None:
    """It is damage; the path is told from the home on."""
    person.home.mkdir(mode=0o700)
    (person.home / "chit.db").write_bytes(b"nonsense" * 1000)
    outcome = person.call("doctor", "--json")
    assert (outcome.code, bad(outcome)) == (2, ["database"])
    assert "is damaged or not a Chit database" in texts(outcome, "database")


def test_a_database_that_cannot_be_counted(person: Person) -> None:
    """A table that is missing is damage, and nothing is said of what is pending."""
    ask(person)
    database = person.open_database()
    database.execute("PRAGMA foreign_keys = OFF")
    database.execute("DROP TABLE conversations")
    database.close()
    outcome = person.call("doctor", "--json")
    assert (outcome.code, bad(outcome)) == (2, ["database"])
    assert "no such table: conversations" in texts(outcome, "database")
    assert texts(outcome, "settlement").startswith("[note] not known")


@pytest.mark.usefixtures("remembering")
def test_beside_a_chit_that_runs_locked(keeper: Person, elsewhere: Do) -> None:
    """A server of ours that was locked is told from none."""
    agent = Agent(keeper.home, Unlocked(idle_seconds=0, clock=awake_clock), lambda: find_stamp(keeper.home))
    elsewhere(agent.open())
    outcome = keeper.call("doctor", "--json")
    elsewhere(agent.close())
    assert outcome.code == 3
    assert "is locked; a running Chit has locked its own" in texts(outcome, "vault")


def test_a_database_of_a_later_chit(person: Person) -> None:
    """It is refused and left as it is."""
    ask(person)
    database = person.open_database()
    database.execute(f"PRAGMA user_version = {len(STEPS) + 1}")
    database.close()
    outcome = person.call("doctor", "--json")
    assert (outcome.code, bad(outcome)) == (2, ["database"])
    assert "Update Chit" in texts(outcome, "database")


def test_a_database_of_an_earlier_chit(person: Person) -> None:
    """It is not brought up to date by looking."""
    person.home.mkdir(mode=0o700)
    (person.home / "chit.db").touch(0o600)
    outcome = person.call("doctor", "--json")
    assert outcome.code == 0
    assert "[note] schema 0, of an earlier Chit" in texts(outcome, "database")
    assert (person.home / "chit.db").read_bytes() == b""


def test_lost_attachments_and_unknown_generations(person: Person) -> None:
    """Both are told: the first as damage, the second as what they are, with the page that knows."""
    ask(person)
    database = person.open_database()
    database.execute("INSERT INTO blobs VALUES (?, 1)", ("0" * 64,))
    database.execute("UPDATE generations SET state = 'unknown'")
    database.close()
    outcome = person.call("doctor", "--json")
    assert (outcome.code, bad(outcome)) == (2, ["database"])
    assert "attachments that are not what they were: 1; first: the attachment 00000000 is missing" in texts(
        outcome, "database"
    )
    told = texts(outcome, "database")
    (reply,) = re.findall(
        r"“may have been billed” 1 The newest: \d{4}-\d\d-\d\d \d\d:\d\d UTC \S+ \(chit show (\w{8})\)\.", told
    )
    assert "What https://openrouter.ai/activity shows of that model" in told
    assert person.call("show", reply).code == 0


def test_a_history_that_is_too_large(person: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    """What could not be checked in its time is not called whole."""
    ask(person)
    database = person.open_database()
    database.execute("INSERT INTO blobs VALUES (?, 1)", ("0" * 64,))
    database.close()
    monkeypatch.setattr(history_findings, "examine", lambda home: examine(home, seconds=-1))
    outcome = person.call("doctor", "--json")
    assert outcome.code == 0
    assert "[note] it is too large to be checked whole" in texts(outcome, "database")
    assert "readable: " in texts(outcome, "database")


@pytest.mark.parametrize(
    ("seconds", "verdict", "age"),
    [
        (90, "note", "90 s"),
        (600, "note", "10 min"),
        (3 * 3600, "warn", "3 h"),
        (3 * 86_400, "warn", "3 days"),
    ],
)
def test_a_backlog(person: Person, seconds: float, verdict: str, age: str) -> None:
    """What is pending for long is a warning; what was given up is counted."""
    person.upstream.settle_after = 10**6
    ask(person)
    ask(person)
    database = person.open_database()
    database.execute("UPDATE settlements SET ended_at = ended_at - ?", (seconds,))
    first = "SELECT generation_id FROM settlements LIMIT 1"
    database.execute(f"UPDATE settlements SET state = 'gave_up' WHERE generation_id = ({first})")  # noqa: S608
    database.close()
    (found,) = findings(person.call("doctor", "--json"), "settlement")
    assert (found["verdict"], "1 pending, the oldest for" in found["text"]) == (verdict, True)
    assert f" {age.split()[1]}; 1 given up" in found["text"]
    assert found["text"].endswith("; 1 given up: OpenRouter had no record of them")
