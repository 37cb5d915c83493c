"""Assertions of the contract, whose files are no test files themselves, explain themselves too."""

import pytest

CONTRACTS = ("", "_dossiers", "_history", "_search", "_shelves", "_spending")
pytest.register_assert_rewrite(*(f"tests.store.contract{name}" for name in CONTRACTS))
