"""`chit key status`, and `unlock` and `lock`, which it shows."""

from pathlib import Path

import pytest
from tests.cli.conftest import PASSPHRASE, Do, HandOver, seal
from tests.cli.person import KEY, Person
from tests.vault.doubles import OTHER, make_entry

from chit.vault.agent import Agent
from chit.vault.unlocked import Unlocked, awake_clock
from chit.vault.vault_file import find_stamp


@pytest.mark.usefixtures("remembering")
def test_status_without_any_key(stranger: Person) -> None:
    """The code is 3, and the ways to a key are named."""
    outcome = stranger.call("key", "status")
    assert outcome.code == 3
    assert outcome.out.startswith("no key that can be seen\n")
    assert "vault     missing: " in outcome.out
    assert "agent     not running\n" in outcome.out
    assert "chit login" in outcome.err


def test_status_names_the_source(person: Person) -> None:
    """A key from the environment can be used at once; it is shown masked, with its fingerprint."""
    outcome = person.call("key", "status")
    assert (outcome.code, outcome.err) == (0, "")
    assert "inference key sk-or-…a115 in the environment variable OPENROUTER_API_KEY: used\n" in outcome.out
    assert f"base URL  {person.upstream.base_url}\n" in outcome.out
    assert KEY not in outcome.out


@pytest.mark.usefixtures("remembering")
def test_status_of_a_key_file(stranger: Person, tmp_path: Path) -> None:
    """`--api-key-file` is a source as well."""
    path = tmp_path / "key"
    path.write_text(KEY)
    path.chmod(0o600)
    shown = stranger.call("key", "status", "--json", "--api-key-file", str(path)).record
    assert shown["usable"] is True
    assert [(kept["source"], kept["is_used"]) for kept in shown["kept"]] == [("file", True)]


def test_status_of_a_vault_as_it_is_locked_and_unlocked(keeper: Person, hand_over: HandOver) -> None:
    """Locked, nothing can be seen; unlocked, every key with its label and the time that is left."""
    entry = make_entry(KEY, base_url=keeper.upstream.base_url, label="laptop")
    seal(keeper, inference=entry, management=make_entry(OTHER, base_url=keeper.upstream.base_url))
    locked = keeper.call("key", "status")
    assert locked.code == 3
    assert "vault     locked: " in locked.out
    assert "chit key unlock" in locked.err
    unlocked = keeper.call("key", "unlock", "--passphrase-fd", hand_over(PASSPHRASE))
    assert unlocked.out == "The vault is unlocked for your commands. It locks after 30 idle minutes: chit key lock\n"
    shown = keeper.call("key", "status")
    assert (shown.code, shown.err) == (0, "")
    assert "“laptop”" in shown.out
    assert "agent     running, locks in 30 min unless it is used\n" in shown.out
    record = keeper.call("key", "status", "--json").record
    assert (record["vault"], [kept["info"]["name"] for kept in record["kept"]]) == (
        "unlocked",
        ["inference", "management"],
    )
    assert keeper.call("ask", "-m", "sandbox/echo", "Hi").out == "Hi\n"
    assert keeper.call("key", "lock").out == "The vault is locked.\n"
    assert keeper.call("key", "lock").out == "The vault was not unlocked.\n"
    assert keeper.call("key", "status", "--json").record["vault"] == "locked"


def test_a_vault_that_never_locks_by_itself(keeper: Person, hand_over: HandOver) -> None:
    """It says so when it is unlocked, and in the status."""
    keeper.variables["CHIT_AUTO_LOCK_MINUTES"] = "0"
    unlocked = keeper.call("key", "unlock", "--passphrase-fd", hand_over(PASSPHRASE))
    assert "It locks only when you say so: chit key lock\n" in unlocked.out
    assert "agent     running, locks only with `chit key lock`\n" in keeper.call("key", "status").out


def test_status_of_a_key_for_another_address(keeper: Person, hand_over: HandOver) -> None:
    """It is seen, not used, and the reason is told."""
    seal(keeper, inference=make_entry(KEY))
    keeper.call("key", "unlock", "--passphrase-fd", hand_over(PASSPHRASE))
    outcome = keeper.call("key", "status")
    assert outcome.code == 3
    assert ": not used\n" in outcome.out
    assert "was stored for https://openrouter.ai/api/v1, and is not sent to" in outcome.err
    asked = keeper.call("ask", "-m", "sandbox/echo", "Hi")
    assert (asked.code, "is not sent to" in asked.err) == (3, True)


def test_status_of_a_damaged_vault(keeper: Person) -> None:
    """It is unusable, and why."""
    (keeper.home / "vault.age").write_text("nonsense")
    outcome = keeper.call("key", "status")
    assert outcome.code == 3
    assert "vault     unusable: the vault file does not begin as a vault does\n" in outcome.out
    assert keeper.call("key", "unlock", watched=True).err.count("does not begin") == 1


@pytest.mark.usefixtures("remembering")
def test_status_beside_a_chit_that_runs_locked(keeper: Person, elsewhere: Do) -> None:
    """A server of ours goes on listening after it was locked; then the passphrase is needed."""
    agent = Agent(keeper.home, Unlocked(idle_seconds=0, clock=awake_clock), lambda: find_stamp(keeper.home))
    elsewhere(agent.open())
    outcome = keeper.call("key", "status")
    elsewhere(agent.close())
    assert outcome.code == 3
    assert "agent     running, locked\n" in outcome.out


def test_status_where_the_keychain_is_refused(stranger: Person) -> None:
    """The reason stands beside its name."""
    assert "PYTHON_KEYRING_BACKEND" in stranger.call("key", "status").out
