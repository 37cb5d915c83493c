"""What tests of the store share."""

import time
from collections.abc import Iterator

import pytest


@pytest.fixture
def timezone(monkeypatch: pytest.MonkeyPatch) -> Iterator[pytest.MonkeyPatch]:
    """Of this process, put back afterwards."""
    yield monkeypatch
    monkeypatch.undo()
    time.tzset()
