"""Files that wait to go along: on disk under our own names, judged by their bytes, for a while and not without end."""

import asyncio
import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from chit.core import attachment_limits
from chit.core.attachment_limits import MIB, MOST_AT_ONCE
from chit.errors import DiskFull, InputError, KindNotTaken, NotFound, StoreUnreadable, TooLarge
from chit.web import staging as module
from chit.web.staging import KEPT_SECONDS, Staging

PNG = b"\x89PNG\r\n\x1a\n"


async def give(*pieces: bytes) -> AsyncIterator[bytes]:
    """As they come in."""
    for piece in pieces:
        yield piece


def everything_in(folder: Path) -> list[Path]:
    """The files, however deep."""
    return [path for path in folder.rglob("*") if path.is_file()]


def mode_of(path: Path) -> int:
    """Who may do what."""
    return path.stat().st_mode & 0o777


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """It is not there yet."""
    return tmp_path / "staged"


@pytest.fixture
def staging(folder: Path) -> Staging:
    """An empty one."""
    return Staging(folder)


@pytest.mark.parametrize(
    "name", ["../../evil", "..", "/etc/passwd", "C:\\x", "a\0b", ".part", "", "x" * 5000, "\ud800", "con", "a\nb"]
)
@pytest.mark.parametrize("draft", ["../..", "a/b", "", "\ud800", "x" * 5000])
async def test_no_path_is_made_of_what_was_sent(folder: Path, staging: Staging, name: str, draft: str) -> None:
    """Attack 28, path traversal: whatever file and draft are called, ours is hex, in its folder, for one user."""
    staged = await staging.add(draft, name, give(b"hello"))
    [path] = everything_in(folder.parent)
    assert path == folder / staged.id
    assert set(staged.id) <= set("0123456789abcdef")
    assert (mode_of(path), mode_of(folder)) == (0o600, 0o700)
    assert (await staging.load(staged.id), staging.list_draft(draft)) == (b"hello", [staged])


@pytest.mark.parametrize("id", ["..", "../chit.db", "a/b", "\0", "", "x" * 48, "A" * 48, "0" * 48, "0" * 47])
async def test_ids_that_are_none(staging: Staging, id: str) -> None:
    """Attack 28: only what looks like ours is ever opened."""
    for ask in (staging.find, staging.remove):
        with pytest.raises(NotFound):
            ask(id)
    with pytest.raises(NotFound):
        await staging.load(id)


async def test_a_link_in_its_place_is_not_followed(folder: Path, staging: Staging) -> None:
    """Attack 28, symlinks: what lies there under a name like ours, but is a link, is not there."""
    secret = folder.parent / "secret"
    secret.write_bytes(b"secret\nof mine")
    staged = await staging.add("d", "x", give(b"x"))
    (folder / staged.id).unlink()
    (folder / staged.id).symlink_to(secret)
    with pytest.raises(NotFound):
        await staging.load(staged.id)


async def test_the_kind_is_that_of_the_bytes(staging: Staging) -> None:
    """Attack 19: a name says nothing; SVG and HTML are text, wherever the bytes were cut."""
    for name, data, kind in (
        ("a.txt", PNG, "png"),
        ("a.svg", b"<svg onload='alert(1)'/>", None),
        ("a.png", b"<html>", None),
        ("a", "ä".encode(), None),
    ):
        pieces = [data[at : at + 1] for at in range(len(data))]
        staged = await staging.add("d", name, give(*pieces))
        assert (staged.kind.format if staged.kind else None, staged.size) == (kind, len(data))
        assert (staging.find(staged.id), staged.has_thumbnail) == (staged, kind == "png")


async def test_a_large_picture_is_not_drawn_yet(staging: Staging) -> None:
    """While it waits its name must do."""
    staged = await staging.add("d", "x.png", give(PNG, bytes(8 * MIB)))
    assert staged.kind is not None
    assert not staged.has_thumbnail


@pytest.mark.parametrize(
    ("pieces", "error"),
    [
        ([], InputError),
        ([b""], InputError),
        ([b"MZ\x90\0"], KindNotTaken),
        ([b"a\0"], KindNotTaken),
        ([b"\xff" * (2 * MIB + 1)], KindNotTaken),
        (["€".encode() * MIB], TooLarge),
        ([PNG, bytes(20 * MIB)], TooLarge),
        ([b"%PDF-", *[bytes(MIB)] * 32], TooLarge),
        ([b"x" * MIB] * 40, TooLarge),
    ],
)
async def test_what_is_not_taken_leaves_nothing(
    folder: Path, staging: Staging, pieces: list[bytes], error: type[Exception]
) -> None:
    """Attack 31: nothing, no kind of ours, too much text, too large a picture or anything: refused, and gone."""
    with pytest.raises(error):
        await staging.add("d", "x", give(*pieces))
    assert everything_in(folder) == []


async def test_no_more_is_kept_than_may_be(folder: Path, staging: Staging) -> None:
    """Attack 31: what comes in without end is given up on after a file's most bytes, not at its end."""
    taken = 0

    async def flood() -> AsyncIterator[bytes]:
        nonlocal taken
        while True:
            taken += MIB
            yield b"%PDF-" + bytes(MIB - 5)

    with pytest.raises(TooLarge):
        await staging.add("d", "x", flood())
    assert taken == 33 * MIB
    assert everything_in(folder) == []


async def test_a_draft_has_room_for_so_much(staging: Staging, monkeypatch: pytest.MonkeyPatch) -> None:
    """By count and by size; another draft has room of its own."""
    monkeypatch.setattr(attachment_limits, "MOST_TOGETHER", 8)
    await staging.add("a", "x", give(b"12345"))
    with pytest.raises(TooLarge, match="too much for one message"):
        await staging.add("a", "x", give(b"1234"))
    await staging.add("b", "x", give(b"1234"))
    monkeypatch.undo()
    for _ in range(MOST_AT_ONCE - 1):
        await staging.add("a", "x", give(b"x"))
    with pytest.raises(TooLarge, match="at most 20 files"):
        await staging.add("a", "x", give(b"x"))


@pytest.mark.parametrize(("name", "most"), [("MOST_FILES", 1), ("MOST_STAGED", MIB + 2)])
async def test_all_drafts_together_have_room_for_so_much(
    staging: Staging, monkeypatch: pytest.MonkeyPatch, name: str, most: int
) -> None:
    """Attack 31: files and bytes of everybody, those that are coming in among them."""
    monkeypatch.setattr(module, name, most)
    await staging.add("a", "x", give(b"x"))
    with pytest.raises(TooLarge, match="wait to be sent"):
        await staging.add("b", "x", give(b"x"))


async def test_what_breaks_off_leaves_nothing(folder: Path, staging: Staging) -> None:
    """Whoever leaves in the middle."""

    async def stall() -> AsyncIterator[bytes]:
        yield PNG
        begun.set()
        await asyncio.Event().wait()

    begun = asyncio.Event()
    adding = asyncio.create_task(staging.add("d", "x", stall()))
    await begun.wait()
    assert staging.list_draft("d") == []
    adding.cancel()
    with pytest.raises(asyncio.CancelledError):
        await adding
    assert everything_in(folder) == []


async def test_what_nobody_sends_is_swept(folder: Path) -> None:
    """After a day, with what a dead process left; a younger one stays. Without a folder there is nothing to do."""
    now = [0.0]
    staging = Staging(folder, clock=lambda: now[0])
    staging.sweep()
    old = await staging.add("d", "x", give(b"x"))
    part = folder / f"{'0' * 48}.part"
    part.write_bytes(b"half")
    for path in (folder / old.id, part):
        os.utime(path, (1000, 1000))
    now[0] = 1000 + KEPT_SECONDS
    staging.sweep()
    assert (folder / old.id).exists()
    now[0] += 1
    young = await staging.add("d", "x", give(b"y"))
    assert everything_in(folder) == [folder / young.id]


async def test_one_that_is_removed_is_gone(staging: Staging) -> None:
    """And with its id there is nothing to be had."""
    staged = await staging.add("d", "x", give(b"x"))
    staging.remove(staged.id)
    assert staging.list_draft("d") == []
    with pytest.raises(NotFound):
        staging.find(staged.id)


async def test_files_stand_in_the_order_they_came_in(folder: Path) -> None:
    """Whatever chance called them."""
    staging = Staging(folder, clock=lambda: 0.0)
    for number in range(5):
        staged = await staging.add("d", f"{number}", give(b"x"))
        os.utime(folder / staged.id, (number, number))
    assert [each.name for each in staging.list_draft("d")] == list("01234")


async def test_a_folder_that_cannot_be_used(folder: Path, staging: Staging, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file in its place, a full disk: each said as what it is, and nothing stands in the draft."""
    await asyncio.to_thread(folder.write_bytes, b"")
    with pytest.raises(StoreUnreadable):
        await staging.add("d", "x", give(b"x"))
    assert staging.list_draft("d") == []
    await asyncio.to_thread(folder.unlink)

    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "rename", fail)
    with pytest.raises(DiskFull):
        await staging.add("d", "x", give(b"x"))
    assert everything_in(folder) == []


async def test_a_draft_that_changes_under_the_list(staging: Staging, monkeypatch: pytest.MonkeyPatch) -> None:
    """What goes while the draft is listed is simply not there."""
    await staging.add("d", "x", give(b"x"))

    def fail(*_: object, **__: object) -> None:
        raise FileNotFoundError

    monkeypatch.setattr(Path, "stat", fail)
    assert staging.list_draft("d") == []
