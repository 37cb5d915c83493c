"""Keys that rest on this machine, as a program finds them."""

import warnings
from pathlib import Path

import pytest
from tests.cli.person import KEY
from tests.library.conftest import move_in
from tests.vault.doubles import encrypt, make_content, make_entry
from tests.vault.keychains import Remembering, keychain

import chit
from chit.core.secret import Secret
from chit.sandbox.server import Sandbox
from chit.vault.content import encode_content
from chit.vault.keychain import Keychain
from chit.vault.passphrase import Passphrase
from chit.vault.store import SecretStore

OTHER = "sk-or-v1-" + "5ca1ab1e" * 8
PASSPHRASE = "correct horse battery staple"


@pytest.fixture
def backend(monkeypatch: pytest.MonkeyPatch) -> Remembering:
    """A keychain that works."""
    backend = Remembering()

    def find(home: Path) -> Keychain:
        return keychain(home, backend)

    monkeypatch.setattr("chit.vault.store.find_keychain", find)
    return backend


def _seal(home: Path, base_url: str) -> None:
    home.mkdir(mode=0o700)
    entry = make_entry(KEY, base_url=base_url)
    (home / "vault.age").write_bytes(encrypt(encode_content(make_content(inference=entry)), PASSPHRASE))


async def test_a_key_from_the_keychain(
    box: Sandbox, home: Path, backend: Remembering, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is used; one that was exchanged from outside is warned of, once."""
    move_in(home, box.base_url, monkeypatch, key="")
    monkeypatch.delenv("OPENROUTER_API_KEY", raising=False)
    store = SecretStore(home, base_url=box.base_url)
    await store.save("inference", Secret(KEY), place="keychain")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        async with chit.open() as app:
            assert (await app.send("Hi")).state == "done"
    await store.save("inference", Secret(OTHER), place="keychain")
    with pytest.warns(chit.ChitWarning, match="is not the one that Chit last used") as told:
        async with chit.open():
            pass
    assert told[0].filename == __file__
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        async with chit.open():
            pass


async def test_a_vault_that_the_agent_has_open(box: Sandbox, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A locked vault is told as one; what `chit key unlock` has opened is used, without asking anybody."""
    monkeypatch.delenv("OPENROUTER_API_KEY")
    _seal(home, box.base_url)
    async with chit.open() as app:
        with pytest.raises(chit.KeyUnavailable) as locked:
            await app.send("Hi")
        assert locked.value.kind == "locked"
        store = SecretStore(home, base_url=box.base_url)
        await store.unlock(Passphrase(PASSPHRASE))
        await store.share()
        try:
            assert (await app.send("Hi")).state == "done"
        finally:
            await store.lock()
