"""The contract, held by the stores on SQLite. A further implementation is one more class like these."""

from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
from tests.store.contract import OpenStore, StoreContract
from tests.store.contract_dossiers import DossierContract
from tests.store.contract_history import HistoryContract
from tests.store.contract_search import SearchContract
from tests.store.contract_shelves import ShelvesContract
from tests.store.contract_spending import SpendingContract
from tests.store.contract_tokens import TokenContract

from chit.store.private import open_private_store
from chit.store.protocol import Store
from chit.store.sqlite import open_store as open_sqlite


async def open_many(folder: Path, open_one: Callable[[Path], Store]) -> AsyncIterator[OpenStore]:
    """Opens stores on one folder; all are closed at the end."""
    opened: list[Store] = []

    def open_store() -> Store:
        opened.append(open_one(folder))
        return opened[-1]

    yield open_store
    for store in opened:
        await store.close()


class TestSqliteStore(
    StoreContract, DossierContract, HistoryContract, SearchContract, ShelvesContract, SpendingContract, TokenContract
):
    """SQLite."""

    @pytest.fixture
    async def open_store(self, tmp_path: Path) -> AsyncIterator[OpenStore]:
        """On one folder."""
        async for opener in open_many(tmp_path / "home", open_sqlite):
            yield opener


class TestPrivateStore(StoreContract, HistoryContract, ShelvesContract, TokenContract):
    """With private conversations in memory, ordinary ones are as they were."""

    @pytest.fixture
    async def open_store(self, tmp_path: Path) -> AsyncIterator[OpenStore]:
        """On one folder."""
        async for opener in open_many(tmp_path / "home", open_private_store):
            yield opener
