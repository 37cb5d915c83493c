"""The contract, held by the store on SQLite. A second implementation is one more class like this."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.store.contract import OpenStore, StoreContract
from tests.store.contract_dossiers import DossierContract
from tests.store.contract_history import HistoryContract

from chit.store.protocol import Store
from chit.store.sqlite import open_store as open_sqlite


class TestSqliteStore(StoreContract, HistoryContract, DossierContract):
    """SQLite."""

    @pytest.fixture
    async def open_store(self, tmp_path: Path) -> AsyncIterator[OpenStore]:
        """Opens stores on one folder; all are closed at the end."""
        opened: list[Store] = []

        def open_one() -> Store:
            opened.append(open_sqlite(tmp_path / "home"))
            return opened[-1]

        yield open_one
        for store in opened:
            await store.close()
