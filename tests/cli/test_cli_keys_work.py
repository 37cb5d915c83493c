"""`chit keys`: the account's keys, with a management key."""

import json
from collections.abc import Iterator
from decimal import Decimal
from hashlib import sha256

import pytest
from tests.cli.conftest import NEW, PASSPHRASE, Do, HandOver, seal
from tests.cli.person import KEY, Person
from tests.upstream import Exchange, Upstream
from tests.vault.doubles import make_entry
from tests.vault.keychains import Remembering

from chit.cli.keys_work import write_keys
from chit.core.account_keys import read_account_key
from chit.errors import StoreError
from chit.sandbox.account import MANAGEMENT_KEY, SANDBOX_KEY, Key
from chit.vault.store import SecretStore


@pytest.fixture
def manager(stranger: Person, remembering: Remembering) -> Person:
    """Somebody with a management key, and no other."""
    assert stranger.call("key", "set", "--management", typed=MANAGEMENT_KEY.encode()).code == 0
    assert remembering.kept
    return stranger


def hash_of(text: str) -> str:
    """As OpenRouter names a key."""
    return sha256(text.encode()).hexdigest()


def test_without_a_management_key(person: Person, remembering: Remembering) -> None:
    """It is said which one is needed, and where to get it."""
    for arguments in (["keys"], ["keys", "create", "x"], ["activity"]):
        outcome = person.call(*arguments)
        assert outcome.code == 3
        assert "chit key set --management" in outcome.err
    assert remembering.kept == {}


def test_the_list(manager: Person) -> None:
    """With what each spent and may spend."""
    manager.upstream.account.keys = {
        MANAGEMENT_KEY: Key(kind="management"),
        SANDBOX_KEY: Key(name="Mine", usage=Decimal("0.5")),
        "sk-or-v1-other": Key(name="Other", limit=5, limit_reset="monthly", disabled=True, expires_at="2027-01-31"),
    }
    outcome = manager.call("keys")
    assert outcome.code == 0
    assert outcome.out.splitlines() == [
        f"{hash_of(SANDBOX_KEY)[:8]}  Mine   $0.50 used  no limit  sk-or-v1-c0f...e00",
        f"{hash_of('sk-or-v1-other')[:8]}  Other  disabled  $0 used  $5.00 left of $5.00 monthly  sk-or-v1-oth...her"
        "  until 2027-01-31",
    ]
    record = manager.call("keys", "--json").record["items"]
    assert [(each["name"], each["usage"], each["limit"]) for each in record] == [
        ("Mine", "0.5", None),
        ("Other", "0", "5"),
    ]
    manager.upstream.account.keys = {MANAGEMENT_KEY: Key(kind="management")}
    assert manager.call("keys").out.startswith("The account has no API key yet.")


def test_making_one(manager: Person) -> None:
    """The key is all of standard output, once; what it is for goes beside it."""
    outcome = manager.call(
        "keys", "create", "For CI", "--limit", "$0.50", "--reset", "daily", "--expires", "2999-01-31"
    )
    assert outcome.code == 0
    text = outcome.out.strip()
    made = manager.upstream.account.keys[text]
    assert (made.name, made.limit, made.limit_reset, made.expires_at) == (
        *("For CI", Decimal("0.5"), "daily", "2999-01-31T23:59:59Z"),
    )
    assert text not in outcome.err
    assert text not in manager.call("keys").out
    record = manager.call("keys", "create", "Another", "--json").record
    assert record["key"] in manager.upstream.account.keys
    assert record["name"] == "Another"


def test_keeping_it(manager: Person, remembering: Remembering) -> None:
    """Then it is the one that Chit asks with, and is never shown."""
    outcome = manager.call("keys", "create", "Chit", "--keep")
    assert outcome.code == 0
    (text,) = [each for each in manager.upstream.account.keys if each not in (MANAGEMENT_KEY, SANDBOX_KEY)]
    assert outcome.out.startswith("The inference key sk-or-")
    assert text not in outcome.out + outcome.err
    assert manager.call("ask", "-m", "sandbox/echo", "Hi").out == "Hi\n"
    again = manager.call("keys", "create", "Chit", "--keep", "--store", "keychain", "--json")
    assert again.record["key"] is None
    assert "rests in" in again.err
    assert len(remembering.kept) == 2


@pytest.fixture
def locked(stranger: Person) -> Iterator[Person]:
    """Somebody whose management key rests in a locked vault, and no other."""
    seal(stranger, management=make_entry(MANAGEMENT_KEY, base_url=stranger.upstream.base_url))
    yield stranger
    stranger.call("key", "lock")


def test_one_passphrase_for_both(locked: Person, hand_over: HandOver) -> None:
    """The line that unlocks the management key also seals the new one; a wrong one makes nothing."""
    wrong = locked.call("keys", "create", "Chit", "--keep", "--passphrase-fd", hand_over(NEW))
    assert (wrong.code, len(locked.upstream.account.keys)) == (3, 2)
    outcome = locked.call("keys", "create", "Chit", "--keep", "--passphrase-fd", hand_over(PASSPHRASE))
    assert (outcome.code, outcome.err) == (0, "")
    assert "rests in the vault file" in outcome.out
    assert len(locked.upstream.account.keys) == 3
    assert locked.call("ask", "-m", "sandbox/echo", "Hi", "--passphrase-fd", hand_over(PASSPHRASE)).out == "Hi\n"


def test_a_person_types_it_once(locked: Person) -> None:
    """At a terminal there is one prompt."""
    terminal = locked.sit_down("keys", "create", "Chit", "--keep")
    terminal.read_until("Passphrase of the vault: ")
    terminal.type(f"{PASSPHRASE}\n")
    assert terminal.close() == 0
    assert terminal.screen.count("Passphrase") == 1
    assert "rests in the vault file" in " ".join(terminal.screen.split())


def test_options_before_the_verb(locked: Person, hand_over: HandOver) -> None:
    """They count as those after it, which win; an error is one object as well."""
    outcome = locked.call("keys", "--json", "--passphrase-fd", hand_over(PASSPHRASE), "create", "Chit")
    assert (outcome.code, outcome.record["name"]) == (0, "Chit")
    for verb, disabled in (("disable", True), ("enable", False)):
        outcome = locked.call("keys", "--passphrase-fd", hand_over(PASSPHRASE), "--json", verb, "Chit")
        assert (outcome.code, outcome.record["disabled"]) == (0, disabled)
    twice = locked.call(
        "keys", "--passphrase-fd", hand_over(NEW), "disable", "Chit", "--passphrase-fd", hand_over(PASSPHRASE)
    )
    assert (twice.code, twice.out.startswith("Chit does not work any more")) == (0, True)
    refused = locked.call("keys", "--json", "enable", "Chit")
    assert (refused.code, refused.record["error"]["kind"]) == (3, "locked")


def test_what_cannot_be_kept_is_shown(manager: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    """Since it cannot be had again."""

    async def fail(*_: object, **__: object) -> None:
        raise StoreError("no room")

    monkeypatch.setattr(SecretStore, "save", fail)
    outcome = manager.call("keys", "create", "Chit", "--keep")
    assert (outcome.code, "no room" in outcome.err) == (2, True)
    assert outcome.out.strip() in manager.upstream.account.keys


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (["--limit", "much"], "no amount of US dollars"),
        (["--limit", "0"], "no amount of US dollars"),
        (["--reset", "daily"], "--reset needs a limit"),
        (["--store", "file"], "it is not kept"),
        (["--expires", "soon"], "soon is no day"),
    ],
)
def test_mistakes(manager: Person, arguments: list[str], why: str) -> None:
    """Nothing is made."""
    outcome = manager.call("keys", "create", "x", *arguments)
    assert (outcome.code, why in outcome.err) == (2, True), outcome.err
    assert len(manager.upstream.account.keys) == 2


def test_switching_off_and_on(manager: Person) -> None:
    """By name, label or the beginning of the hash; each says how to undo it."""
    manager.upstream.account.keys |= {
        "sk-or-v1-a": Key(name="A"),
        "sk-or-v1-b": Key(name="B", label="B"),
        KEY: Key(name="B"),
    }
    hash = hash_of("sk-or-v1-a")
    outcome = manager.call("keys", "disable", "A")
    assert outcome.out == f"A does not work any more: chit keys enable {hash[:8]}\n"
    assert manager.upstream.account.keys["sk-or-v1-a"].disabled
    assert manager.call(*outcome.out.split()[-4:][1:]).out == f"A works again: chit keys disable {hash[:8]}\n"
    assert not manager.upstream.account.keys["sk-or-v1-a"].disabled
    assert manager.call("keys", "disable", hash[:8], "--json").record == {"hash": hash, "name": "A", "disabled": True}
    several = manager.call("keys", "disable", "B")
    assert (several.code, several.err) == (2, "chit: 2 keys are called B. Name the hash that `chit keys` shows.\n")
    assert manager.call("keys", "enable", "unknown").code == 2


def test_an_answer_that_never_came(manager: Person, elsewhere: Do) -> None:
    """The key may have been made all the same, and that is said; a refusal says no such thing."""

    async def drop(exchange: Exchange) -> None:
        raise ConnectionResetError

    manager.upstream.account.keys[MANAGEMENT_KEY] = Key()
    refused = manager.call("keys", "create", "x")
    assert "is not known" not in refused.err
    assert "management" in refused.err
    upstream = Upstream(drop)
    elsewhere(upstream.__aenter__())
    try:
        lost = Person(home=manager.home, upstream=manager.upstream, variables=dict(manager.variables))
        lost.variables["CHIT_BASE_URL"] = upstream.base_url
        stored = lost.call("key", "set", "--management", typed=MANAGEMENT_KEY.encode())
        assert stored.code == 0
        outcome = lost.call("keys", "create", "x")
    finally:
        elsewhere(upstream.__aexit__(None, None, None))
    assert outcome.code == 6
    assert "whether it was made is not known: see `chit keys`" in outcome.err


def test_narrow_terminals() -> None:
    """What has no room is left out, and nothing that a terminal obeys gets there."""
    made = read_account_key(
        {"hash": "abcdef0123", "name": "A \x1b[31mname that is long", "label": "sk-or-v1-abc...def", "usage": 1}
    )
    assert made is not None
    assert write_keys([made], 40) == "abcdef01  A \ufffd[31mname that is long\n"
    assert write_keys([made], 30) == "abcdef01  A \ufffd[31mname that is…\n"
    assert json.dumps(write_keys([made], None)).count("sk-or-v1-abc") == 1
