"""What leaves Chit: files with names of our own, as far as a reply came, and never a key."""

import io
import zipfile
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
from tests.dossiers import PICTURE, PICTURE_ADDRESS, a_dossier, fill, same
from tests.store.contract import append
from tests.store.samples import send
from tests.upstream import text_chunk

from chit.core.dossier import Dossier
from chit.core.dossier_reading import decode_dossier
from chit.core.messages import MediaPart
from chit.core.scrub import Scrubber
from chit.errors import NotFound, StoreError
from chit.store.sqlite import SqliteStore, open_store
from chit.transfer.exporting import Form, export_all, export_one


async def unzip(pieces: AsyncIterator[bytes]) -> dict[str, bytes]:
    """Every file by its name, in order; the whole is checked."""
    packed = zipfile.ZipFile(io.BytesIO(b"".join([piece async for piece in pieces])))
    assert packed.testzip() is None
    return {name: packed.read(name) for name in packed.namelist()}


@pytest.mark.parametrize("form", ["json", "markdown"])
async def test_names_are_our_own(tmp_path: Path, form: Form) -> None:
    """Attack 28: whatever a title is, a name is a number, letters, digits and hyphens; nothing climbs or hides."""
    titles = ["../../etc/passwd", "C:\\nul", "\0", "-rf", "äöü 文", "x" * 500, '"; filename="evil.sh', "a\r\nb"]
    store = await fill(tmp_path, *map(a_dossier, titles))
    names = list(await unzip(export_all(store, form, same)))
    names += [(await export_one(store, id, form, same))[0] for id in await store.list_dossiers()]
    ending = {"json": "json", "markdown": "md"}[form]
    plain = set("abcdefghijklmnopqrstuvwxyz0123456789-")
    assert [name for name in names if not (set(name.removesuffix(f".{ending}")) <= plain and len(name) < 80)] == []
    assert len(set(names)) == 2 * len(titles)
    assert names[0].startswith("000001-etc-passwd-")
    await store.close()


async def test_everything_is_there_and_always_the_same(tmp_path: Path) -> None:
    """One file for each conversation, in the order of use, and the same bytes each time."""
    made = [a_dossier("one"), a_dossier("two")]
    store = await fill(tmp_path, *made)
    files = await unzip(export_all(store, "json", same))
    assert [decode_dossier(data).id for data in files.values()] == [each.id for each in made]
    assert list(files.values()) == [(await export_one(store, each.id, "json", same))[1] for each in made]
    assert await unzip(export_all(store, "json", same)) == files
    await store.close()


async def test_a_running_reply_as_far_as_it_came(tmp_path: Path) -> None:
    """With an id it is cut, with what it said so far; before that its outcome is unknown. It goes on meanwhile."""
    store = open_store(tmp_path)
    conversation, answer, generation = await send(store)
    early = decode_dossier((await export_one(store, conversation.id, "json", same))[1])
    assert (early.generations[0].state, early.messages[1].text) == ("unknown", "")
    await store.record_start(generation, "gen-1")
    await append(store, generation, text_chunk("So f", generation_id="gen-1"))
    _, data = await export_one(store, conversation.id, "json", same)
    exported = decode_dossier(data)
    assert [(each.state, each.generation_id) for each in exported.generations] == [("cut", "gen-1")]
    assert exported.messages[1].text == "So f"
    assert "So f" in (await export_one(store, conversation.id, "markdown", same))[1].decode()
    assert (await store.get_generation(generation.id)).state == "streaming"
    added = await store.add_dossier(exported, scrub=same, now=9.0)
    assert (added.changed, added.conflict) == (False, None)
    await store.record_end(replace(generation, generation_id="gen-1", state="done"), answer, now=9.0)
    assert (await store.add_dossier(exported, scrub=same, now=9.0)).conflict is None
    await store.close()


async def test_pictures_of_markdown(tmp_path: Path) -> None:
    """In the text of a single file; beside the texts of a zip, each once."""
    part = MediaPart({"type": "image_url", "image_url": {"url": PICTURE_ADDRESS}})
    made = []
    for dossier in (a_dossier(), a_dossier()):
        made.append(replace(dossier, messages=(replace(dossier.messages[0], parts=(part,)), dossier.messages[1])))
    store = await fill(tmp_path, *made)
    assert PICTURE in (await export_one(store, made[0].id, "markdown", same))[1].decode()
    files = await unzip(export_all(store, "markdown", same))
    [picture] = [name for name in files if name.startswith("pictures/")]
    assert files.pop(picture).startswith(b"\x89PNG")
    assert all(f"![Picture]({picture})".encode() in data for data in files.values())
    assert len(files) == 2
    await store.close()


async def test_a_deleted_conversation(tmp_path: Path) -> None:
    """Its costs are in the JSON of everything; by itself, and for reading, there is nothing to export."""
    dossier = a_dossier("secret")
    store = await fill(tmp_path, dossier, a_dossier())
    await store.delete_conversation(dossier.id, now=1.0)
    with pytest.raises(NotFound):
        await export_one(store, dossier.id, "json", same)
    assert len(await unzip(export_all(store, "markdown", same))) == 1
    [gone, _] = (await unzip(export_all(store, "json", same))).items()
    assert gone[0].startswith("000001-deleted-")
    assert b"secret" not in gone[1]
    assert b"0.0000013" in gone[1]
    await store.close()


class Damaged(SqliteStore):
    """Some conversations cannot be loaded."""

    broken: dict[str, StoreError]

    async def load_dossier(self, conversation_id: str) -> Dossier:
        """Or raise what is wrong with it."""
        if conversation_id in self.broken:
            raise self.broken[conversation_id]
        return await super().load_dossier(conversation_id)


async def test_what_cannot_be_read_is_named(tmp_path: Path) -> None:
    """The others are there; one that was deleted meanwhile is no problem."""
    store = await fill(tmp_path, *(made := [a_dossier(), a_dossier(), a_dossier()]))
    store.__class__ = Damaged
    assert isinstance(store, Damaged)
    store.broken = {made[0].id: StoreError("a page is torn"), made[1].id: NotFound("gone")}
    files = await unzip(export_all(store, "json", same))
    assert files.pop("problems.txt") == f"{made[0].id}: a page is torn\n".encode()
    assert [decode_dossier(data).id for data in files.values()] == [made[2].id]
    await store.close()


@pytest.mark.parametrize("form", ["json", "markdown"])
async def test_attack_35_no_key_in_any_export(tmp_path: Path, form: Form) -> None:
    """Attack 35: not in a text, not in front matter, not in a name, not between marks of Markdown."""
    key = "sk-or-v1-" + "5ca1ab1e" * 8
    dossier = a_dossier(f"{key} is *my* `{key}`")
    store = await fill(tmp_path, replace(dossier, generations=(replace(dossier.generations[0], provider=key),)))
    files = await unzip(export_all(store, form, Scrubber(()).scrub))
    name, data = await export_one(store, dossier.id, form, Scrubber(()).scrub)
    for text in (*files, *(each.decode() for each in files.values()), name, data.decode()):
        assert "5ca1ab1e5ca1" not in text.replace("\\", "")
    await store.close()
