"""Whole conversations on SQLite: what only this store has to mind."""

from dataclasses import replace
from pathlib import Path

import apsw
import pytest
from tests.dossiers import PICTURE_ADDRESS, a_dossier, fill, same

from chit.errors import StoreDamaged
from chit.store.dossier_protocol import Added


async def test_a_doomed_conversation_waits_for_its_end(tmp_path: Path) -> None:
    """While it is being purged nothing of it is added; its costs are, since they stay."""
    dossier = a_dossier()
    store = await fill(tmp_path, dossier)
    await store.delete_conversation(dossier.id, now=5.0)
    connection = apsw.Connection(str(tmp_path / "chit.db"))
    connection.execute("UPDATE conversations SET is_doomed = 1")
    connection.close()
    told = "it is just being deleted here; import it again in a moment"
    assert await store.add_dossier(dossier, scrub=same, now=9.0) == Added(conflict=told)
    gone = await store.load_dossier(dossier.id)
    assert await store.add_dossier(gone, scrub=same, now=9.0) == Added()
    await store.close()


async def test_a_picture_that_is_lost_is_told(tmp_path: Path) -> None:
    """The conversation cannot be exported whole, and is not exported in part."""
    dossier = a_dossier()
    request = f'{{"x":"{PICTURE_ADDRESS}"}}'.encode()
    store = await fill(tmp_path, replace(dossier, generations=(replace(dossier.generations[0], request=request),)))
    [file] = (tmp_path / "blobs").iterdir()
    file.unlink()
    with pytest.raises(StoreDamaged, match="cannot be read"):
        await store.load_dossier(dossier.id)
    await store.close()
