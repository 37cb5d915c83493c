"""What comes back: each conversation wholly or not at all, and every outcome told."""

import asyncio
import gc
import io
import json
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from threading import Event
from typing import Any

import pytest
from tests.dossiers import a_dossier, fill, same
from tests.transfer.zips import make_zip

from chit.core.dossier import Dossier
from chit.core.dossier_json import dossier_record, encode_dossier
from chit.core.messages import TextPart
from chit.errors import InputError
from chit.store.sqlite import SqliteStore, open_store
from chit.transfer import import_report, importing, zip_reading
from chit.transfer.exporting import export_all
from chit.transfer.import_report import Report, Source
from chit.transfer.importing import import_file

PATIENCE = 30.0
"""Seconds that only a failing test waits out."""


async def take(store: SqliteStore, data: bytes, tell: Callable[[Report], None] = lambda report: None) -> Report:
    """Import a file of these bytes."""
    return await import_file(store, io.BytesIO(data), scrub=same, clock=lambda: 1000.0, tell=tell)


def pack(*lines: Dossier | bytes) -> bytes:
    """A zip of these, named a.json, b.json and so on."""
    data = [encode_dossier(each, same) if isinstance(each, Dossier) else each for each in lines]
    return make_zip([(f"{'abcdefgh'[place]}.json", each) for place, each in enumerate(data)])


def spoil(dossier: Dossier, **members: Any) -> bytes:
    """Its JSON with other members."""
    return json.dumps(dossier_record(dossier, same) | members).encode()


async def test_there_and_back(tmp_path: Path) -> None:
    """What one home exports another one imports; each step is told."""
    first = await fill(tmp_path / "a", a_dossier(), a_dossier())
    data = b"".join([piece async for piece in export_all(first, "json", same)])
    second = open_store(tmp_path / "b")
    told: list[Report] = []
    report = await take(second, data, told.append)
    assert report == Report(total=2, done=2, added=2, messages=4)
    assert [each.done for each in told] == [0, 1, 2]
    assert b"".join([piece async for piece in export_all(second, "json", same)]) == data
    assert await take(second, data) == Report(total=2, done=2, here=2)
    await first.close()
    await second.close()


async def test_a_part_is_completed(tmp_path: Path) -> None:
    """A conversation that is here in part counts as such."""
    dossier = a_dossier()
    store = await fill(tmp_path, replace(dossier, messages=dossier.messages[:1], generations=()))
    assert await take(store, pack(dossier)) == Report(total=1, done=1, completed=1, messages=1)
    await store.close()


async def test_one_file_of_one_conversation(tmp_path: Path) -> None:
    """As it is exported by itself; what contradicts is named by its title, else by its id."""
    dossier = a_dossier("Title")
    store = open_store(tmp_path)
    assert await take(store, encode_dossier(dossier, same)) == Report(total=1, done=1, added=1, messages=2)
    other = replace(dossier, messages=(replace(dossier.messages[0], parts=(TextPart("x"),)), dossier.messages[1]))
    told = "a message in it is another one here (parts)"
    assert (await take(store, encode_dossier(other, same))).problems == (f"Title: {told}",)
    gone = replace(dossier, conversation=None, messages=(), generations=())
    assert await take(store, encode_dossier(gone, same)) == Report(total=1, done=1, here=1)
    bare = replace(dossier.generations[0], message_id="", request=b"", completion=None, provider="Other")
    report = await take(store, encode_dossier(replace(gone, generations=(bare,)), same))
    assert report.problems == (f"{dossier.id}: a reply in it is another one here (provider)",)
    await store.close()


async def test_good_ones_around_a_bad_one(tmp_path: Path) -> None:
    """Nothing of a bad one is imported, everything of those before and after is, and each bad one is told once."""
    good, bad, last = a_dossier("good"), a_dossier("bad"), a_dossier("last")
    evil = [*dossier_record(bad, same)["messages"], {"id": "x"}]
    store = open_store(tmp_path)
    report = await take(store, pack(good, spoil(bad, messages=evil), b"[" * 100_000, last))
    assert (report.total, report.done, report.added, report.refused, report.messages) == (4, 4, 2, 2, 4)
    assert report.problems == ("b.json: “bad”: message 3 has no options", "c.json: it is nested too deeply")
    assert set(await store.list_dossiers()) == {good.id, last.id}
    await store.close()


async def test_a_reply_that_ran(tmp_path: Path) -> None:
    """It comes as broken off, with its id, and its cost is looked for."""
    dossier = a_dossier()
    running = replace(dossier.generations[0], state="streaming", settlement=None)
    value = dossier_record(replace(dossier, generations=(running,)), same)
    value["generations"][0]["settlement"] = {
        **{"state": "pending", "attempts": 0, "record": None},
        **{"ended_at": None, "next_attempt_at": None},
    }
    store = open_store(tmp_path)
    await take(store, json.dumps(value).encode())
    [job] = await store.list_pending()
    assert (job.generation_id, job.next_attempt_at) == (running.generation_id, 1002.0)
    assert (await store.get_generation(running.id)).state == "cut"
    await store.close()


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "not JSON"),
        (b"PK\x03\x04 and no more", "not a zip"),
        (b"\x89PNG", "not UTF-8"),
        (b"{" * 100_000, "nested too deeply"),
        (b'{"format":"chit-conversation","version":2}', "another version"),
        (b'{"a":1e999}', "a number without an end"),
        (make_zip([("x/y.json", b"{}")]), "something else"),
    ],
)
async def test_no_file_of_ours(tmp_path: Path, data: bytes, why: str) -> None:
    """Attacks 29 and 30: one clear line, and nothing imported."""
    store = open_store(tmp_path)
    with pytest.raises(InputError, match=f"this file cannot be imported: .*{why}"):
        await take(store, data)
    assert await store.list_dossiers() == []
    await store.close()


async def test_what_is_too_large(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One conversation by itself; and a zip that unpacks to too much ends there, with what came before."""
    store = open_store(tmp_path)
    monkeypatch.setattr(importing, "MOST_DOCUMENT", 1024**2)
    with pytest.raises(InputError, match="more than 1 MiB"):
        await take(store, b" " * (1024**2 + 1))
    monkeypatch.setattr(zip_reading, "MOST_AT_FIRST", 10_000)
    monkeypatch.setattr(zip_reading, "MOST_RATIO", 1)
    dossier = a_dossier()
    with pytest.raises(InputError, match="far more than it is"):
        await take(store, pack(dossier, b" " * 100_000, a_dossier()))
    assert await store.list_dossiers() == [dossier.id]
    await store.close()


async def test_of_many_problems_the_first_are_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And how many there are."""
    monkeypatch.setattr(import_report, "MOST_PROBLEMS", 2)
    store = open_store(tmp_path)
    report = await take(store, pack(b"1", b"2", b"3"))
    assert (report.refused, len(report.problems)) == (3, 2)
    await store.close()


async def test_cancelled_while_a_thread_reads(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """However often: the thread is told to stop, what it reads is closed once it is out, and nothing more is told."""
    store = open_store(tmp_path)
    seen: list[str] = []
    inside, out = Event(), Event()

    def read(file: object, path: object, folder: object, closing: ExitStack, stop: Event) -> Source:
        closing.callback(seen.append, "closed")
        inside.set()
        assert stop.wait(PATIENCE)
        assert out.wait(PATIENCE)
        seen.append("out")
        raise InputError("whatever")

    monkeypatch.setattr(importing, "_open", read)
    task = asyncio.create_task(take(store, b""))
    await asyncio.to_thread(inside.wait, PATIENCE)
    for _ in range(3):
        task.cancel()
        for _ in range(3):
            await asyncio.sleep(0)
    assert not task.done()
    out.set()
    await asyncio.wait([task])
    assert task.cancelled()
    assert seen == ["out", "closed"]
    del task
    gc.collect()
    assert caplog.messages == []
    await store.close()
