"""Assertions of the contract, whose files are no test files themselves, explain themselves too."""

import time
from collections.abc import Iterator

import pytest

CONTRACTS = ("", "_dossiers", "_history", "_search", "_shelves", "_spending", "_tokens")
pytest.register_assert_rewrite(*(f"tests.store.contract{name}" for name in CONTRACTS))


@pytest.fixture
def timezone(monkeypatch: pytest.MonkeyPatch) -> Iterator[pytest.MonkeyPatch]:
    """Of this process, put back afterwards."""
    yield monkeypatch
    monkeypatch.undo()
    time.tzset()
