"""What `chit doctor` finds wrong with keys and network."""

import os
import socket
import threading

import pytest
from tests.cli.conftest import PASSPHRASE, HandOver, seal
from tests.cli.doctoring import bad, texts
from tests.cli.person import KEY, Person
from tests.vault.doubles import make_entry

from chit.cli import reach
from chit.sandbox.account import Key

# --- keys ------------------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("remembering")
def test_a_locked_vault_is_not_asked_for(keeper: Person) -> None:
    """At a terminal as well nobody is asked; the hint says how to unlock it."""
    outcome = keeper.call("doctor", "--json", watched=True)
    assert (outcome.code, bad(outcome)) == (3, ["key"])
    assert "chit key unlock" in texts(outcome, "key")
    assert "[note] the vault file is locked; no running Chit shares keys Open it" in texts(outcome, "vault")
    assert "[ok] the test keychain can be used" in texts(outcome, "vault")


def test_an_unlocked_vault(keeper: Person, hand_over: HandOver) -> None:
    """Its key is tried, and its place is told from the person's home on."""
    keeper.call("key", "unlock", "--passphrase-fd", hand_over(PASSPHRASE))
    outcome = keeper.call("doctor", "--json")
    assert (outcome.code, outcome.err) == (0, "")
    assert "vault.age, unlocked by a running Chit, ordinary, accepted" in texts(outcome, "key")
    assert "[ok] the vault file is unlocked; a running Chit shares its keys" in texts(outcome, "vault")
    assert "[note] the Secret Service is not used: " in texts(outcome, "vault") or os.uname().sysname != "Linux"


def test_a_key_for_another_address_is_not_sent(keeper: Person, hand_over: HandOver) -> None:
    """It is bad, and upstream never hears of it."""
    seal(keeper, inference=make_entry(KEY))
    keeper.call("key", "unlock", "--passphrase-fd", hand_over(PASSPHRASE))
    outcome = keeper.call("doctor", "--json")
    assert (outcome.code, bad(outcome)) == (3, ["key"])
    assert "is not sent to" in texts(outcome, "key")
    assert KEY not in keeper.upstream.account.keys


def test_a_vault_that_is_none(keeper: Person) -> None:
    """Key and vault are bad."""
    (keeper.home / "vault.age").write_text("nonsense")
    (keeper.home / "vault.age").chmod(0o600)
    outcome = keeper.call("doctor", "--json")
    assert (outcome.code, bad(outcome)) == (3, ["key", "vault"])
    assert "the vault file cannot be used: " in texts(outcome, "vault")


def test_a_variable_that_holds_no_key(person: Person) -> None:
    """What was handed over and is none is bad, and not repeated."""
    person.variables["OPENROUTER_API_KEY"] = "hunter2"
    outcome = person.call("doctor", "--json")
    assert (outcome.code, bad(outcome)) == (3, ["key"])
    assert "hunter2" not in outcome.out


@pytest.mark.parametrize(
    ("key", "code", "words"),
    [
        (Key(disabled=True), 3, "(HTTP status 401)"),
        (Key(kind="management"), 3, "a management key: it cannot ask models"),
        (Key(limit=5), 0, "accepted, with a spending limit"),
        (Key(limit=5, usage=5), 5, "its spending limit is used up"),
    ],
)
def test_what_openrouter_says_of_the_key(person: Person, key: Key, code: int, words: str) -> None:
    """Refused, of the wrong kind, limited, or used up: each has its code."""
    person.upstream.account.keys[KEY] = key
    outcome = person.call("doctor", "--json")
    assert outcome.code == code
    assert words in texts(outcome, "key")


# --- the network -----------------------------------------------------------------------------------------------------


def test_offline(person: Person) -> None:
    """Nobody there is one problem with its hint; the key was not refused, only not tried."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        person.variables["CHIT_BASE_URL"] = f"http://127.0.0.1:{taken.getsockname()[1]}/api/v1"
        outcome = person.call("doctor", "--json")
    assert (outcome.code, bad(outcome)) == (6, ["connection"])
    assert "Check your network, then try again." in texts(outcome, "connection")
    assert "it could not be tried" in texts(outcome, "key")
    assert texts(outcome, "balance") == "[note] unknown "


def test_silence_is_not_waited_for(person: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    """An address that accepts and never answers ends with the time for the network."""
    monkeypatch.setattr(reach.reach_out, "__kwdefaults__", {"seconds": 0.2})
    with socket.socket() as deaf:
        deaf.bind(("127.0.0.1", 0))
        deaf.listen()
        person.variables["CHIT_BASE_URL"] = f"http://127.0.0.1:{deaf.getsockname()[1]}/api/v1"
        outcome = person.call("doctor", "--json")
    assert (outcome.code, bad(outcome)) == (6, ["connection"])
    assert "no whole answer came in time" in texts(outcome, "connection")


def test_something_else_at_the_address(person: Person) -> None:
    """A server that is no OpenRouter is told by its status."""
    person.variables["CHIT_BASE_URL"] = person.upstream.base_url.replace("/api/v1", "/elsewhere")
    outcome = person.call("doctor", "--json")
    assert (outcome.code, "connection" in bad(outcome)) == (4, True)
    assert "answers with status 404, as OpenRouter does not" in texts(outcome, "connection")


def test_a_look_up_that_hangs_is_not_waited_for(person: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    """A name server that never answers ends with the time for the network, and does not keep the process."""
    forever = threading.Event()
    monkeypatch.setattr(reach.reach_out, "__kwdefaults__", {"seconds": 0.2})
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: forever.wait())
    person.variables["CHIT_BASE_URL"] = "https://nowhere.invalid/api/v1"
    outcome = person.call("doctor", "--json")
    forever.set()
    assert (outcome.code, bad(outcome)) == (6, ["connection"])
