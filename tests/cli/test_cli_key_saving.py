"""`chit key set`: a key is typed unseen or piped in, and rests where it is said to."""

import io
import stat
from pathlib import Path

import pytest
from tests.cli.conftest import NEW, PASSPHRASE, HandOver
from tests.cli.person import KEY, Person, Screen
from tests.vault.doubles import OTHER
from tests.vault.keychains import Remembering

from chit.sandbox.account import MANAGEMENT_KEY


def test_a_key_is_stored_from_a_pipe_and_used(stranger: Person, hand_over: HandOver, tmp_path: Path) -> None:
    """A new vault file is made for this user alone, one line says where, and its passphrase gives the key back."""
    (tmp_path / "passphrase").write_text(f"{PASSPHRASE}\n")
    prelude = f"exec 3<'{tmp_path}/passphrase';"
    stored = stranger.run("key", "set", "--passphrase-fd", "3", typed=f"{KEY}\n".encode(), prelude=prelude)
    vault = stranger.home / "vault.age"
    assert stored.code == 0, stored.err
    assert stored.out == (
        f"The inference key sk-or-…a115 rests in the vault file {vault}, for {stranger.upstream.base_url}.\n"
    )
    assert stat.S_IMODE(vault.stat().st_mode) == 0o600
    assert KEY not in stored.out + stored.err
    assert stranger.call("ask", "-m", "sandbox/echo", "Hi", "--passphrase-fd", hand_over(PASSPHRASE)).out == "Hi\n"


def test_at_a_terminal_a_key_is_typed_unseen(stranger: Person) -> None:
    """The key once, the passphrase of a new vault twice, and none of them on the screen."""
    terminal = stranger.sit_down("key", "set", "--label", "laptop")
    terminal.read_until("(it is not shown): ")
    terminal.type(f"{KEY}\n")
    terminal.read_until("New passphrase for the vault: ")
    terminal.type(f"{PASSPHRASE}\n")
    terminal.read_until("The same once more: ")
    terminal.type(f"{PASSPHRASE}\n")
    assert terminal.close() == 0
    assert "rests in the vault file" in " ".join(terminal.screen.split())
    assert KEY not in terminal.screen
    assert "horse" not in terminal.screen


def test_two_passphrases_that_differ_make_no_vault(stranger: Person) -> None:
    """A slip of the fingers must not lock the key away."""
    terminal = stranger.sit_down("key", "set")
    for prompt, text in (("shown): ", KEY), ("for the vault: ", PASSPHRASE), ("once more: ", NEW)):
        terminal.read_until(prompt)
        terminal.type(f"{text}\n")
    assert terminal.close() == 2
    assert "the two passphrases differ" in terminal.screen
    assert not (stranger.home / "vault.age").exists()


@pytest.mark.usefixtures("quick", "remembering")
def test_a_second_key_joins_the_first(stranger: Person, hand_over: HandOver) -> None:
    """A vault that exists takes its own passphrase, once."""
    for key, *options in ((KEY,), (MANAGEMENT_KEY, "--management", "--label", "the account")):
        fd = hand_over(PASSPHRASE)
        assert (
            stranger.call("key", "set", "--store=file", *options, "--passphrase-fd", fd, typed=key.encode()).code == 0
        )
    wrong = stranger.call("key", "set", "--store=file", "--passphrase-fd", hand_over(NEW), typed=KEY.encode())
    assert (wrong.code, wrong.out) == (3, "")
    tested = stranger.call("key", "test", "--management", "--passphrase-fd", hand_over(PASSPHRASE))
    assert tested.code == 0
    assert "kind        management\n" in tested.out


@pytest.mark.parametrize("text", [b"", b"\xff\xfe", b"sk-or-v1-with space inside", b"something else"])
def test_what_is_no_key_is_not_stored(stranger: Person, text: bytes) -> None:
    """It is not repeated either."""
    outcome = stranger.call("key", "set", typed=text)
    assert (outcome.code, outcome.out) == (2, "")
    assert outcome.err.startswith("chit: that is no key")
    assert "something else" not in outcome.err
    assert not stranger.home.exists()


def test_a_terminal_that_cannot_be_asked_is_told(stranger: Person) -> None:
    """With its errors sent elsewhere nobody would see the question."""
    outcome = stranger.call("key", "set", stdin=Screen(io.BytesIO(), encoding="utf-8"))
    assert outcome.code == 3
    assert "Pipe it in" in outcome.err


def test_a_keychain_is_preferred(stranger: Person, remembering: Remembering) -> None:
    """It needs no passphrase, and a command finds the key there."""
    outcome = stranger.call("key", "set", typed=KEY.encode())
    assert (outcome.code, outcome.err) == (0, "")
    assert "rests in the test keychain" in outcome.out
    assert stranger.call("ask", "-m", "sandbox/echo", "Hi").out == "Hi\n"
    assert stranger.call("key", "set", "--store", "keychain", typed=KEY.encode()).code == 0
    shown = stranger.call("key", "status").out
    assert "in the test keychain: used" in shown
    assert "keychain  the test keychain can be used\n" in shown
    forgotten = stranger.call("key", "forget", "--yes")
    assert forgotten.out.startswith("Deleted: the inference key, from the test keychain. ")
    assert not remembering.kept


def test_a_keychain_that_was_asked_for_and_is_none(stranger: Person) -> None:
    """It is told, and nothing is stored elsewhere instead."""
    outcome = stranger.call("key", "set", "--store", "keychain", typed=KEY.encode())
    assert outcome.code == 3
    assert "PYTHON_KEYRING_BACKEND" in outcome.err
    assert not (stranger.home / "vault.age").exists()


@pytest.mark.usefixtures("quick", "remembering")
def test_a_key_in_the_environment_still_wins(person: Person, hand_over: HandOver) -> None:
    """Whoever stores another is told so; for the management key that is no matter."""
    for option, words in (("--store=file", "holds a key as well, which is used instead"), ("--management", "")):
        fd = hand_over(PASSPHRASE)
        outcome = person.call("key", "set", option, "--passphrase-fd", fd, typed=OTHER.encode())
        assert outcome.code == 0
        assert (words in outcome.err) is True
        assert ("OPENROUTER_API_KEY" in outcome.err) is bool(words)


@pytest.mark.parametrize(
    ("key", "options", "words"),
    [
        (KEY, ["--management"], "this is an ordinary key: it cannot read the balance"),
        (MANAGEMENT_KEY, [], "this is a management key: it cannot ask models"),
    ],
)
def test_a_key_in_the_wrong_place_is_told(
    stranger: Person, remembering: Remembering, key: str, options: list[str], words: str
) -> None:
    """It is kept all the same; one line says what it is, and what to do."""
    outcome = stranger.call("key", "set", *options, typed=key.encode())
    assert outcome.code == 0
    assert outcome.err.startswith(f"chit: {words}. ")
    assert outcome.err.count("\n") == 1
    assert remembering.kept


def test_offline_a_key_is_stored_without_a_word(stranger: Person, remembering: Remembering) -> None:
    """What cannot be asked is no reason to lose a key, or to alarm anybody."""
    stranger.variables["CHIT_BASE_URL"] = "http://127.0.0.1:9/api/v1"
    outcome = stranger.call("key", "set", "--management", typed=KEY.encode())
    assert (outcome.code, outcome.err) == (0, "")
    assert remembering.kept
