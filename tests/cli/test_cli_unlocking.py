"""Where a command gets its key and its passphrase."""

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from tests.cli.conftest import PASSPHRASE, HandOver
from tests.cli.person import KEY, Person

ASK = ("ask", "-m", "sandbox/echo", "Hi")


def test_a_passphrase_comes_over_a_descriptor(keeper: Person, hand_over: HandOver) -> None:
    """With `--passphrase-fd` nobody is asked, and the stored key is sent."""
    outcome = keeper.call(*ASK, "--passphrase-fd", hand_over(PASSPHRASE))
    assert (outcome.code, outcome.out) == (0, "Hi\n")
    assert "assphrase" not in outcome.err


def test_settling_takes_a_passphrase_too(keeper: Person, hand_over: HandOver) -> None:
    """The key from the vault looks pending costs up."""
    keeper.call(*ASK, "--passphrase-fd", hand_over(PASSPHRASE))
    assert keeper.call("settle", "--passphrase-fd", hand_over(PASSPHRASE)).out == "1 settled · 0 still pending\n"


@pytest.mark.parametrize("command", [ASK, ("settle",), ("key", "test"), ("key", "unlock")])
def test_without_a_terminal_nothing_prompts(keeper: Person, command: tuple[str, ...]) -> None:
    """A locked vault is one line with the fix, and code 3."""
    outcome = keeper.run(*command)
    assert (outcome.code, outcome.out) == (3, "")
    assert outcome.err.count("\n") == 1
    assert "chit key unlock" in outcome.err
    assert not keeper.upstream.ledger.generations


def test_at_a_terminal_it_asks(keeper: Person) -> None:
    """A wrong passphrase is told in one line and asked again; none is ever shown; nobody may look into the process."""
    terminal = keeper.sit_down(*ASK)
    terminal.read_until("Passphrase of the vault: ")
    limits = Path(f"/proc/{terminal.process.pid}/limits")
    if limits.exists():
        assert [line.split()[4] for line in limits.read_text().splitlines() if "core file" in line] == ["0"]
    terminal.type("incorrect horse\n")
    terminal.read_until("chit: the vault does not open with this passphrase.")
    terminal.read_until("altered: put a copy back.\nPassphrase of the vault: ")
    terminal.type(f"{PASSPHRASE}\n")
    assert terminal.close() == 0
    assert "\nHi\n" in terminal.screen
    assert "horse" not in terminal.screen


@pytest.mark.long
def test_three_wrong_ones_are_enough(keeper: Person) -> None:
    """Then the command ends with code 3."""
    terminal = keeper.sit_down(*ASK)
    for _ in range(3):
        terminal.read_until("Passphrase of the vault: ")
        terminal.screen = ""
        terminal.type("incorrect horse\n")
    assert terminal.close() == 3


def test_ctrl_c_at_the_prompt_ends_at_once(keeper: Person) -> None:
    """With 130 and without a traceback."""
    terminal = keeper.sit_down(*ASK)
    terminal.read_until("Passphrase of the vault: ")
    terminal.process.send_signal(signal.SIGINT)
    assert terminal.close() == 130
    assert terminal.screen == "Passphrase of the vault: \n"


def test_the_end_of_the_input_at_the_prompt_ends_too(keeper: Person) -> None:
    """Ctrl-D is no passphrase."""
    terminal = keeper.sit_down(*ASK)
    terminal.read_until("Passphrase of the vault: ")
    terminal.type("\x04")
    assert terminal.close() == 130


@pytest.mark.parametrize(
    ("line", "code", "words"),
    [
        ("incorrect horse", 3, "does not open with this passphrase"),
        ("", 2, "1 to 4096 characters"),
        ("\udcff", 2, "not UTF-8"),
        ("a\0b", 2, "one line of text"),
    ],
)
def test_what_is_no_passphrase_is_told(keeper: Person, hand_over: HandOver, line: str, code: int, words: str) -> None:
    """A descriptor is read once."""
    outcome = keeper.call(*ASK, "--passphrase-fd", hand_over(line, PASSPHRASE))
    assert outcome.code == code
    assert words in outcome.err
    assert outcome.err.count("\n") == 1


@pytest.mark.parametrize("number", ["999", "99999999999999999999"])
def test_a_descriptor_that_is_none_is_told(keeper: Person, number: str) -> None:
    """It names the number and how to open one."""
    outcome = keeper.call(*ASK, "--passphrase-fd", number)
    assert outcome.code == 2
    assert f"descriptor {number}" in outcome.err


def test_a_line_may_end_as_windows_ends_it(keeper: Person, hand_over: HandOver) -> None:
    """A carriage return before the line feed is not typed by anybody."""
    assert keeper.call(*ASK, "--passphrase-fd", hand_over(PASSPHRASE + "\r")).code == 0


def test_a_key_that_was_handed_over_needs_no_store(person: Person) -> None:
    """The store, the keychain's library and the vault are not even imported."""
    command = [sys.executable, "-X", "importtime", "-m", "chit", *ASK]
    ended = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, env=person.environment, check=True)
    imported = ended.stderr.decode()
    assert "chit.vault.sources" in imported
    assert not [
        name
        for name in ("chit.vault.store", "keyring", "pyrage", "getpass", "prompt_toolkit", "rich")
        if name in imported
    ]


@pytest.mark.parametrize("option", ["--version", "--help"])
def test_the_first_words_cost_little(person: Person, option: str) -> None:
    """Neither the network, nor the vault, nor an event loop is imported to say them."""
    command = [sys.executable, "-X", "importtime", "-m", "chit", option]
    told = subprocess.run(command, capture_output=True, env=_without_coverage(person), check=True).stderr.decode()
    imported = {line.rpartition("|")[2].strip().partition(".")[0] for line in told.splitlines()}
    assert "click" in imported
    assert not imported & {"asyncio", "aiohttp", "keyring", "prompt_toolkit", "pyrage", "rich"}


def _without_coverage(person: Person) -> dict[str, str]:
    return {name: value for name, value in person.environment.items() if not name.startswith("COVERAGE")}


def test_a_traceback_shows_no_key(person: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    """A bug that has the key in its text is printed without it."""

    def fail(*_: object, **__: object) -> Any:
        raise ZeroDivisionError(f"with {KEY}")

    monkeypatch.setattr("chit.cli.asking.open_app", fail)
    outcome = person.call(*ASK)
    assert outcome.code == 1
    assert "ZeroDivisionError: with sk-or-…a115" in outcome.err
    assert KEY not in outcome.err


@pytest.fixture
def due(keeper: Person, hand_over: HandOver) -> str:
    """A look-up that is due, with the key in a locked vault."""
    asked = keeper.call(*ASK, "--json", "--passphrase-fd", hand_over(PASSPHRASE)).record
    with keeper.open_database() as database:
        database.execute("UPDATE settlements SET next_attempt_at = 1")
    generation_id: str = asked["chit"]["generation_id"]
    return generation_id


def test_housekeeping_never_asks(keeper: Person, due: str) -> None:
    """With a locked vault the look-up waits, without a word, even at a terminal."""
    terminal = keeper.sit_down("show", due)
    assert terminal.close() == 0
    assert "assphrase" not in terminal.screen
    assert keeper.upstream.ledger.lookups[due] == 0


def test_housekeeping_uses_an_unlocked_vault(keeper: Person, due: str, hand_over: HandOver) -> None:
    """Once a Chit has it open, what is due is settled in passing."""
    assert keeper.call("key", "unlock", "--passphrase-fd", hand_over(PASSPHRASE)).code == 0
    assert keeper.call("show", due, "--json").record["chit"]["settlement"] == "settled"


def test_a_missing_key_names_the_ways_to_one(person: Person) -> None:
    """Signing in comes first."""
    person.variables["OPENROUTER_API_KEY"] = ""
    outcome = person.call(*ASK)
    assert outcome.code == 3
    assert "`chit login`" in outcome.err
    assert "`chit key set`" in outcome.err
    assert os.listdir(person.home) == [] if person.home.exists() else True
