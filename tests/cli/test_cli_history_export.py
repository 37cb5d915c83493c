"""`chit export`: to standard output, to files that are whole or not there, and back."""

import io
import json
import os
import zipfile
from pathlib import Path
from typing import Any

import pytest
from tests.cli.histories import talks
from tests.cli.person import Person
from tests.dossiers import same

from chit.core.dossier_json import encode_dossier
from chit.transfer import exporting


def test_one_to_standard_output(person: Person) -> None:
    """Markdown for reading, JSON to the byte as the pages write it."""
    (made,) = talks(person, "Why?")
    shown = person.call("export", made.id[-8:])
    assert shown.code == 0
    assert "# Why\\?\n" in shown.out
    assert "## a\\/b\\-1\n" in shown.out
    assert person.call("export", made.messages[0].id, "--format", "json").out == encode_dossier(made, same).decode()
    assert person.call("export", made.id, "-o", "-").out == shown.out


def test_there_and_back(person: Person, tmp_path: Path) -> None:
    """What one home exports another one imports, and then exports the same bytes."""
    talks(person, "One", "Two")
    file, again = tmp_path / "all.zip", tmp_path / "again.zip"
    assert person.call("export", "--all", "--format", "json", "-o", str(file)).err.startswith(f"{file}: ")
    other = Person(home=tmp_path / "other", upstream=person.upstream)
    assert other.call("import", str(file)).out == "2 conversations added · 4 messages\n"
    assert other.call("export", "--all", "--format", "json", "-o", str(again)).code == 0
    assert again.read_bytes() == file.read_bytes()
    assert file.stat().st_mode & 0o777 == 0o600


def test_some(person: Person, tmp_path: Path) -> None:
    """Several are a zip of those, in that order; into a pipe it goes only when asked for."""
    made = talks(person, "One", "Two", "Three")
    file = tmp_path / "some.zip"
    assert person.call("export", made[2].id, made[0].id, "-o", str(file)).code == 0
    names = zipfile.ZipFile(file).namelist()
    assert [name[7:10] for name in names] == ["thr", "one"]
    refused = person.call("export", made[2].id, made[0].id)
    assert (refused.code, refused.err) == (
        *(2, "chit: several conversations make a zip, which needs a file. Name one: -o chit.zip\n"),
    )
    process = person.start("export", "--all", "-o", "-")
    out, _ = process.communicate()
    assert len(zipfile.ZipFile(io.BytesIO(out)).namelist()) == 3


def test_what_is_asked_for(person: Person) -> None:
    """Ids or all, not neither and not both; an unknown one is told."""
    (made,) = talks(person, "One")
    for arguments in ((), ("--all", made.id)):
        assert "say which conversations: ids, or --all" in person.call("export", *arguments).err
    assert person.call("export", "unknown").code == 2


def test_files_that_are_there(person: Person, tmp_path: Path) -> None:
    """They are only replaced with --force, and stay as they are where the new one does not come into being."""
    (made,) = talks(person, "One")
    file = tmp_path / "one.md"
    file.write_text("mine")
    assert "is there already" in person.call("export", made.id, "-o", str(file)).err
    assert file.read_text() == "mine"
    assert person.call("export", made.id, "-o", str(file), "--force").code == 0
    assert "# One" in file.read_text()
    assert sorted(os.listdir(tmp_path)) == ["home", "one.md"]
    nowhere = person.call("export", made.id, "-o", str(tmp_path / "no" / "such.md"))
    assert (nowhere.code, "cannot be written: No such file or directory" in nowhere.err) == (2, True)


def test_a_full_disk(person: Person) -> None:
    """Is told, behind standard output too."""
    (made,) = talks(person, "One")
    full = person.call("export", made.id, "-o", "/dev/full")
    assert (full.code, "/dev/full cannot be written: No space left" in full.err) == (6, True)
    piped = person.run("export", made.id, prelude="exec > /dev/full;")
    assert (piped.code, "standard output cannot be written: No space left" in piped.err) == (6, True)


def test_broken_off(person: Person, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An export that fails leaves nothing behind."""
    talks(person, "One")

    async def fail(*_: Any) -> Any:
        raise KeyboardInterrupt
        yield b""

    monkeypatch.setattr("chit.cli.history_export.export_all", fail)
    assert person.call("export", "--all", "-o", str(tmp_path / "all.zip")).code == 130
    assert os.listdir(tmp_path) == ["home"]
    assert exporting.PROBLEMS == "problems.txt"


def test_keys_are_not_in_it(person: Person) -> None:
    """Neither the one that was handed over nor what looks like one; a key that is none is no reason to fail."""
    other = "sk-or-v1-" + "ab" * 32
    mine = "sk-or-gateway-1234567890"
    person.variables["OPENROUTER_API_KEY"] = mine
    (made,) = talks(person, f"My key is {mine} or {other}")
    for form in ("json", "markdown"):
        shown = person.call("export", made.id, "--format", form)
        assert shown.code == 0
        assert mine not in shown.out
        assert other not in shown.out
    person.variables["OPENROUTER_API_KEY"] = "not a key at all"
    assert person.call("export", made.id).code == 0


def test_a_terminal_is_not_obeyed(person: Person) -> None:
    """Markdown on a screen holds nothing that it would obey; a zip never gets there."""
    (made,) = talks(person, "Evil \x1b]0;x\x07 title")
    terminal = person.sit_down("export", made.id)
    assert terminal.close() == 0
    assert "\x1b" not in terminal.screen
    terminal = person.sit_down("export", "--all", "-o", "-")
    assert terminal.close() == 2


def test_json_is_one_object(person: Person) -> None:
    """As docs/export.md says."""
    (made,) = talks(person, "One")
    record = json.loads(person.call("export", made.id, "--format", "json").out)
    assert record["format"] == "chit-conversation"
    assert record["conversation"]["title"] == "One"
