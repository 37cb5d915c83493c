"""Assertions of the contract, whose files are no test files themselves, explain themselves too."""

import pytest

pytest.register_assert_rewrite("tests.store.contract", "tests.store.contract_history", "tests.store.contract_dossiers")
