"""The operations about signed-in browsers of the store on SQLite."""

from chit.store import reads, writes
from chit.store.database import Database
from chit.store.protocol import Session


class SessionDatabase(Database):
    """See `protocol.Store` for what each method promises."""

    async def record_session(self, session: Session) -> None:
        """See `Store.record_session`."""
        await self._write(lambda db: writes.record_session(db, session))

    async def find_session(self, digest: str) -> Session | None:
        """See `Store.find_session`."""
        return self._read(lambda db: reads.find_session(db, digest))

    async def list_sessions(self) -> list[Session]:
        """See `Store.list_sessions`."""
        return self._read(reads.list_sessions)

    async def record_session_use(self, digest: str, at: float) -> None:
        """See `Store.record_session_use`."""
        await self._write(lambda db: writes.record_session_use(db, digest, at))

    async def delete_sessions(self, *, only: str | None = None) -> list[str]:
        """See `Store.delete_sessions`."""
        return await self._write(lambda db: writes.delete_sessions(db, only))
