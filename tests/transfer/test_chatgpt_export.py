"""ChatGPT's export, as a zip and as what was in it."""

import io
import json
import os
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.dossiers import same
from tests.transfer.chatgpt_exports import PNG, conversation, node, picture, text, write_export, write_list
from tests.transfer.zips import make_zip

from chit.core.attachments import read_content
from chit.core.messages import MediaPart, TextFilePart, TextPart
from chit.errors import DiskFull, InputError
from chit.store.sqlite import SqliteStore, open_store
from chit.transfer import chatgpt_export, zip_reading
from chit.transfer.import_report import Report
from chit.transfer.importing import import_file


async def take(store: SqliteStore, data: bytes, tell: Callable[[Report], None] = lambda report: None) -> Report:
    """Import a file of these bytes."""
    return await import_file(store, io.BytesIO(data), scrub=same, clock=lambda: 1000.0, tell=tell)


async def titles(store: SqliteStore) -> list[str]:
    """As a list shows them, the newest first."""
    return [each.title for each in await store.list_conversations(None, 100, "all", "import")]


def talk(number: int, **members: Any) -> dict[str, Any]:
    """A conversation; higher numbers are newer."""
    return conversation(id=f"c{number}", title=f"Talk {number}", update_time=1000.0 * number, **members)


@pytest.mark.parametrize("order", [(1, 2, 3), (3, 2, 1)])
@pytest.mark.parametrize("wrap", [write_list, write_export])
async def test_all_conversations(tmp_path: Path, order: tuple[int, ...], wrap: Callable[..., bytes]) -> None:
    """The newest stands on top, however the export has them; twice is once, and each step is told."""
    store = open_store(tmp_path)
    told: list[Report] = []
    data = wrap(talk(number) for number in order)
    report = await take(store, data, told.append)
    assert report == Report(total=3, done=3, added=3, messages=6)
    assert [each.done for each in told] == [0, 1, 2, 3]
    assert await titles(store) == ["Talk 3", "Talk 2", "Talk 1"]
    assert await take(store, data) == Report(total=3, done=3, here=3)
    (summary, *_) = await store.list_conversations(None, 1)
    assert (summary.cost, summary.pending) == (None, 0)
    await store.close()


async def test_several_lists_in_a_folder(tmp_path: Path) -> None:
    """As large exports have them; the file may be a real one, which is not read into memory."""
    lists = [(f"export/conversations-00{place}.json", write_list([talk(9 - place)])) for place in (0, 1)]
    (tmp_path / "export.zip").write_bytes(make_zip(lists))
    store = open_store(tmp_path / "home")
    with (tmp_path / "export.zip").open("rb") as file:
        report = await import_file(
            store, file, scrub=same, clock=lambda: 1.0, tell=lambda report: None, folder=tmp_path / "home" / "run"
        )
    assert report.added == 2
    assert await titles(store) == ["Talk 9", "Talk 8"]
    assert [name for name in os.listdir(tmp_path / "home" / "run") if name.startswith("tmp")] == []
    await store.close()


async def test_one_conversation(tmp_path: Path) -> None:
    """A single object is one as well."""
    store = open_store(tmp_path)
    told: list[Report] = []
    assert (await take(store, json.dumps(talk(1)).encode(), told.append)).added == 1
    assert [each.done for each in told] == [1]
    with pytest.raises(InputError, match="“Talk 1”: its messages go round"):
        await take(store, json.dumps(talk(1) | {"mapping": {"a": {"parent": "a"}}}).encode())
    await store.close()


async def test_what_grew(tmp_path: Path) -> None:
    """A later export completes what is here, and what was said here meanwhile stays."""
    store = open_store(tmp_path)
    await take(store, write_list([talk(1)]))
    more = talk(1)
    more["mapping"]["more"] = node("more", "answer", "user", "And?")
    assert await take(store, write_list([more])) == Report(total=1, done=1, completed=1, messages=1)
    await store.close()


async def test_pictures(tmp_path: Path) -> None:
    """Those that are in the zip, under whatever names they have there, by their bytes."""
    asked = text(*(picture(f"file-service://{id}") for id in ("file-AAA", "file-BBB", "file-CCC")), "What?")
    files = [{"id": "file_ddd", "name": "../notes.md"}, {"id": "file-EEE", "name": "a.bin"}]
    shown = conversation(node("q", None, "user", asked, metadata={"attachments": files}))
    store = open_store(tmp_path)
    names = {"file-AAA-my cat.png": PNG, "dalle/file-BBB.dat": PNG, "file_ddd.dat": b"notes", "file-EEE.bin": b"\0\xff"}
    await take(store, write_export([shown], **names))
    (summary,) = await store.list_conversations(None, 1)
    (message,) = await store.list_messages(summary.id)
    first, second, third, words, notes, unknown = message.parts
    assert isinstance(first, MediaPart)
    assert isinstance(second, MediaPart)
    assert (first.name, read_content(first), read_content(second)) == ("my cat.png", PNG, PNG)
    assert third == TextPart("[An image that is not in the export]")
    assert (words, notes) == (TextPart("What?"), TextFilePart("notes.md", "notes"))
    assert unknown == TextPart("[A file that is not in the export: a.bin]")
    await store.close()


async def test_good_ones_around_bad_ones(tmp_path: Path) -> None:
    """What cannot be is told by its place, and the rest of a list that breaks off is told as such."""
    data = b"[" + b",".join(
        [json.dumps(talk(1)).encode(), b'{"id":1e999}', b'{"mapping":5}', json.dumps(talk(2)).encode(), b'{"a":']
    )
    store = open_store(tmp_path)
    report = await take(store, data)
    assert (report.total, report.added, report.refused) == (5, 2, 3)
    assert report.problems == (
        "conversation 2: it holds a number without an end",
        "conversation 3: it is no conversation of ChatGPT",
        "the rest: it breaks off",
    )
    assert (await take(store, b"[]")).total == 0
    with pytest.raises(InputError, match="cannot be imported: it holds something else than conversations"):
        await take(store, b"[5]")
    assert (await take(store, b'[{"id":"c","mapping":{}}]')).added == 1
    other = talk(2)
    other["mapping"]["ask"]["message"]["content"]["parts"] = ["What?"]
    assert (await take(store, write_list([other]))).problems == (
        "“Talk 2”: a message in it is another one here (parts)",
    )
    assert (await take(store, b'[{"id":"d","mapping":{"a":{"message":5}}}, {"id": 1e999}]')).refused == 1
    await store.close()


async def test_attack_29(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Attack 29: bombs, encryption and what is too large, as a list, as a conversation and as pictures."""
    store = open_store(tmp_path)
    monkeypatch.setattr(zip_reading, "MOST_AT_FIRST", 100_000)
    with pytest.raises(InputError, match="far more than it is"):
        await take(store, make_zip([("conversations.json", b"[" + b" " * 10_000_000)]))
    encrypted = bytearray(make_zip([("conversations.json", b"[]")], zipfile.ZIP_STORED))
    for place in (6, encrypted.index(b"PK\x01\x02") + 8):
        encrypted[place] |= 1
    with pytest.raises(InputError, match=r"conversations.json: it is encrypted"):
        await take(store, bytes(encrypted))
    asked = conversation(node("q", None, "user", text(picture("sediment://file_a"), picture("sediment://file_b"))))
    monkeypatch.setattr(chatgpt_export, "MOST_ASSET", 5_000)
    monkeypatch.setattr(chatgpt_export, "MOST_ASSETS", 6_000)
    files = {"file_a.png": PNG + b"a" * 6_000, "file_b.png": PNG}
    report = await take(store, write_export([asked], **files))
    assert report.problems == ("conversation 1: it is larger than 0 MiB",)
    files = {"file_a.png": PNG + b"a" * 4_000, "file_b.png": PNG + b"b" * 4_000}
    report = await take(store, write_export([asked], **files))
    assert report.problems == ("conversation 1: its pictures are larger than 0 MiB together",)
    monkeypatch.setattr(chatgpt_export, "MOST_DOCUMENT", 100)
    assert (await take(store, write_list([talk(1)]))).problems == ("conversation 1: it is larger than 0 MiB",)
    monkeypatch.setattr(chatgpt_export, "MOST_LIST", 100)
    with pytest.raises(InputError, match="larger than 0 GiB"):
        await take(store, write_list([talk(1)]))
    assert await titles(store) == []
    await store.close()


async def test_no_room_to_unpack(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A disk that is full is said to be full."""
    store = open_store(tmp_path)

    def fail(**_: Any) -> Any:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("chit.transfer.chatgpt_export.tempfile.TemporaryFile", fail)
    with pytest.raises(DiskFull):
        await take(store, write_export([talk(1)]))
    await store.close()


async def test_a_database_needs_a_place(tmp_path: Path) -> None:
    """What came over the network has none."""
    store = open_store(tmp_path)
    with pytest.raises(InputError, match="cannot be imported here"):
        await take(store, b"SQLite format 3\0" + bytes(100))
    await store.close()
