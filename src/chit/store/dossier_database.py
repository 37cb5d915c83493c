"""The part of the store on SQLite that goes over whole conversations."""

import threading
from collections.abc import Callable
from typing import TypeVar

import apsw

from chit.core.dossier import Dossier
from chit.store import dossiers
from chit.store.database import Database
from chit.store.dossier_protocol import Added
from chit.store.home import Home

T = TypeVar("T")


class DossierDatabase(Database):
    """See `dossier_protocol.DossierStore` for what each method promises.

    Reading is done in a thread, on a connection of its own: a long conversation takes its time.
    """

    def __init__(self, home: Home, connect: Callable[[], apsw.Connection]) -> None:
        """As `Database`."""
        super().__init__(home, connect)
        self._aside: apsw.Connection | None = None
        self._aside_lock = threading.Lock()

    async def list_dossiers(self) -> list[str]:
        """See `DossierStore.list_dossiers`."""
        return await self._read_aside(dossiers.list_dossiers)

    async def load_dossier(self, conversation_id: str) -> Dossier:
        """See `DossierStore.load_dossier`."""
        return await self._read_aside(lambda db: dossiers.load_dossier(db, self._blobs, conversation_id))

    async def add_dossier(self, dossier: Dossier, *, scrub: Callable[[str], str], now: float) -> Added:
        """See `DossierStore.add_dossier`."""
        return await self._write(lambda db: dossiers.add_dossier(db, self._blobs, dossier, scrub, now))

    async def close(self) -> None:
        """See `Store.close`."""
        await super().close()
        with self._aside_lock:
            if self._aside is not None:
                self._aside.close()
                self._aside = None

    async def _read_aside(self, operation: Callable[[apsw.Connection], T]) -> T:
        from asyncio import to_thread

        return await to_thread(self._look_aside, operation)

    def _look_aside(self, operation: Callable[[apsw.Connection], T]) -> T:
        with self._aside_lock:
            self._check_open()
            if self._aside is None:
                self._aside = self._connect()
            return self._read(operation, self._aside)
