"""A sandbox that listens in a thread of its own, and a person in front of it."""

import asyncio
import os
import threading
from collections.abc import Callable, Coroutine, Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.cli.person import KEY, PATIENCE, Person
from tests.vault.doubles import PlainSealer, encrypt, make_content, make_entry
from tests.vault.keychains import Remembering, keychain

from chit.sandbox.server import Sandbox
from chit.vault.content import encode_content
from chit.vault.entry import KeyEntry
from chit.vault.keychain import Keychain

PASSPHRASE = "correct horse battery staple"
"""Opens every vault of these tests."""
NEW = "another horse"

Do = Callable[[Coroutine[Any, Any, Any]], Any]


@pytest.fixture(scope="session")
def elsewhere() -> Iterator[Do]:
    """Runs coroutines on an event loop in another thread."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    yield lambda coroutine: asyncio.run_coroutine_threadsafe(coroutine, loop).result(PATIENCE)
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    loop.close()


@pytest.fixture
def upstream(elsewhere: Do) -> Iterator[Sandbox]:
    """A fresh sandbox without delays, whose generations settle at once."""
    sandbox = Sandbox(pace=0, settle_after=0)
    elsewhere(sandbox.start())
    yield sandbox
    elsewhere(_close(sandbox))


async def _close(sandbox: Sandbox) -> None:
    """Once callers that have left again are known of: asyncio leaks a connection that comes while its server closes."""
    for _ in range(3):  # it is seen, accepted, and the server's
        await asyncio.sleep(0)
    await sandbox.close()


@pytest.fixture
def person(tmp_path: Path, upstream: Sandbox) -> Person:
    """Somebody with a key and an empty home."""
    return Person(home=tmp_path / "home", upstream=upstream)


HandOver = Callable[..., str]


@pytest.fixture
def hand_over() -> Iterator[HandOver]:
    """Makes a descriptor from which lines can be read, and tells its number."""
    open_ones = []

    def hand_over(*lines: str) -> str:
        reading, writing = os.pipe()
        os.write(writing, "".join(f"{line}\n" for line in lines).encode("utf-8", "surrogateescape"))
        os.close(writing)
        open_ones.append(reading)
        return str(reading)

    yield hand_over
    for each in open_ones:
        os.close(each)


def seal(person: Person, **keys: KeyEntry) -> None:
    """Give the person a vault file that takes no time to open; without `keys` with one for inference."""
    kept = keys or {"inference": make_entry(KEY, base_url=person.upstream.base_url)}
    person.home.mkdir(mode=0o700, exist_ok=True)
    (person.home / "vault.age").write_bytes(encrypt(encode_content(make_content(**kept)), PASSPHRASE))


@pytest.fixture
def keeper(person: Person) -> Iterator[Person]:
    """Somebody whose key rests in a locked vault."""
    person.variables["OPENROUTER_API_KEY"] = ""
    seal(person)
    yield person
    person.call("key", "lock")


@pytest.fixture
def stranger(person: Person) -> Person:
    """Somebody without any key."""
    person.variables["OPENROUTER_API_KEY"] = ""
    return person


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Sealing takes no time in this process."""
    monkeypatch.setattr("chit.vault.store.AgeWorker", PlainSealer)


@pytest.fixture
def remembering(monkeypatch: pytest.MonkeyPatch) -> Remembering:
    """A keychain that works, in this process."""
    backend = Remembering()

    def find(home: Path) -> Keychain:
        return keychain(home, backend)

    monkeypatch.setattr("chit.vault.store.find_keychain", find)
    return backend
