"""Assertions of the contract, which is no test file itself, explain themselves too."""

import pytest

pytest.register_assert_rewrite("tests.store.contract")
