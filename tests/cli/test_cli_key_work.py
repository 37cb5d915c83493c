"""`chit key passphrase`, `forget` and `export`."""

import stat
from pathlib import Path

import pytest
from tests.cli.conftest import NEW, PASSPHRASE, HandOver
from tests.cli.person import Person
from tests.vault.doubles import OTHER


def test_the_passphrase_is_changed(keeper: Person, hand_over: HandOver) -> None:
    """From then on only the new one opens the vault."""
    outcome = keeper.call("key", "passphrase", "--passphrase-fd", hand_over(PASSPHRASE, NEW))
    assert outcome.out.startswith("The vault has its new passphrase.")
    assert keeper.call("key", "test", "--passphrase-fd", hand_over(PASSPHRASE)).code == 3
    assert keeper.call("key", "test", "--passphrase-fd", hand_over(NEW)).code == 0


@pytest.mark.parametrize("command", ["passphrase", "unlock"])
def test_without_a_vault_there_is_nothing_to_open(stranger: Person, hand_over: HandOver, command: str) -> None:
    """It says how to get one."""
    outcome = stranger.call("key", command, "--passphrase-fd", hand_over(PASSPHRASE))
    assert outcome.code == 3
    assert "there is no vault file. Store a key first" in outcome.err


@pytest.mark.usefixtures("quick")
def test_a_key_is_forgotten(person: Person, hand_over: HandOver) -> None:
    """Its passphrase is needed, since the vault is sealed anew; a key in the environment stays the owner's matter."""
    person.call("key", "set", "--passphrase-fd", hand_over(PASSPHRASE), typed=OTHER.encode())
    locked = person.call("key", "forget", "--yes")
    assert (locked.code, "passphrase is needed" in locked.err) == (3, True)
    outcome = person.call("key", "forget", "--yes", "--passphrase-fd", hand_over(PASSPHRASE))
    assert outcome.out.startswith(f"Deleted: the inference key, from the vault file {person.home}/vault.age.")
    assert "OPENROUTER_API_KEY still holds a key" in outcome.err
    again = person.call("key", "forget", "--yes", "--passphrase-fd", hand_over(PASSPHRASE))
    assert (again.code, again.out) == (0, "There was nothing to delete.\n")


@pytest.mark.usefixtures("remembering")
def test_all_is_forgotten_without_a_passphrase(keeper: Person) -> None:
    """For a vault whose passphrase nobody remembers."""
    outcome = keeper.call("key", "forget", "--all", "--yes")
    assert outcome.out.startswith("Deleted: every stored key, from the vault file ")
    assert not (keeper.home / "vault.age").exists()
    assert keeper.call("key", "forget", "--all", "--yes").out == "There was nothing to delete.\n"


def test_deleting_is_asked_for(keeper: Person) -> None:
    """At a terminal a plain return is no; without one only --yes is yes."""
    assert keeper.call("key", "forget", "--all").code == 2
    terminal = keeper.sit_down("key", "forget", "--all")
    terminal.read_until("Delete every stored key and the vault file? [y/N]: ")
    terminal.type("\n")
    assert terminal.close() == 0
    assert "Nothing was deleted." in terminal.screen
    assert (keeper.home / "vault.age").exists()
    terminal = keeper.sit_down("key", "forget", "--all")
    terminal.read_until("[y/N]: ")
    terminal.type("y\n")
    assert terminal.close() == 0
    assert not (keeper.home / "vault.age").exists()


def test_the_vault_is_exported_sealed(keeper: Person, tmp_path: Path) -> None:
    """Byte for byte, for this user alone, and over another file only with --force."""
    sealed = (keeper.home / "vault.age").read_bytes()
    copy = tmp_path / "copy.age"
    assert keeper.call("key", "export", str(copy)).code == 0
    assert copy.read_bytes() == sealed
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600
    copy.write_bytes(b"mine")
    copy.chmod(0o644)
    refused = keeper.call("key", "export", str(copy))
    assert (refused.code, copy.read_bytes()) == (2, b"mine")
    assert "--force" in refused.err
    assert keeper.call("key", "export", "--force", str(copy)).code == 0
    assert (copy.read_bytes(), stat.S_IMODE(copy.stat().st_mode)) == (sealed, 0o600)
    assert keeper.call("key", "export", str(tmp_path / "nowhere" / "copy")).code == 2


def test_the_vault_goes_into_a_pipe_and_not_onto_a_screen(keeper: Person) -> None:
    """A terminal would garble it."""
    process = keeper.start("key", "export", "-")
    out, _ = process.communicate(timeout=30)
    assert out == (keeper.home / "vault.age").read_bytes()
    terminal = keeper.sit_down("key", "export", "-")
    assert terminal.close() == 2
    assert "no text for a terminal" in terminal.screen


def test_nothing_to_export(stranger: Person) -> None:
    """Without a vault file there is none."""
    assert stranger.call("key", "export", "-").code == 3
