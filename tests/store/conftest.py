"""Assertions of the contract, whose files are no test files themselves, explain themselves too."""

import pytest

CONTRACTS = ("contract", "contract_history", "contract_search", "contract_shelves", "contract_spending")
pytest.register_assert_rewrite(*(f"tests.store.{name}" for name in CONTRACTS))
