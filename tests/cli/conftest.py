"""A sandbox that listens in a thread of its own, and a person in front of it."""

import asyncio
import threading
from collections.abc import Callable, Coroutine, Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.cli.person import PATIENCE, Person

from chit.sandbox.server import Sandbox

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
    elsewhere(sandbox.close())


@pytest.fixture
def person(tmp_path: Path, upstream: Sandbox) -> Person:
    """Somebody with a key and an empty home."""
    return Person(home=tmp_path / "home", upstream=upstream)
