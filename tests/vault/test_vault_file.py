"""`vault.age` on disk."""

import asyncio
import contextlib
import fcntl
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.vault.doubles import KEY, OTHER, PASSPHRASE, WRONG, PlainSealer, make_entry

from chit.errors import ChitError, DiskFull, VaultDamaged, VaultError, VaultTooCostly, WrongPassphrase
from chit.vault.age_worker import AgeWorker
from chit.vault.content import Content
from chit.vault.passphrase import Passphrase
from chit.vault.vault_file import VaultFile, find_stamp

NEW = Passphrase("another one")


async def save(file: VaultFile, name: str = "inference", label: str = "") -> Content:
    """Add a key."""
    return (await file.change(lambda content: content.with_key(name, make_entry(label=label)), PASSPHRASE))[0]


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A folder that does not exist yet."""
    return tmp_path / "some" / "home"


@pytest.fixture
def file(home: Path) -> VaultFile:
    """Its vault."""
    return VaultFile(home, PlainSealer())


async def test_the_first_change_makes_the_vault(home: Path, file: VaultFile) -> None:
    """Nothing is on disk before; then folder and file are this user's alone (attack case 13), and it opens."""
    assert not file.exists()
    assert find_stamp(home) is None
    assert not file.path.parent.exists()
    before = os.umask(0)
    try:
        saved = await save(file)
    finally:
        os.umask(before)
    assert file.exists()
    assert [path.stat().st_mode & 0o777 for path in (home, home / "run", file.path)] == [0o700, 0o700, 0o600]
    assert (home / "run" / "vault.lock").stat().st_mode & 0o777 == 0o600
    assert await file.load(PASSPHRASE) == saved
    with pytest.raises(WrongPassphrase):
        await file.load(WRONG)


async def test_a_change_keeps_what_it_does_not_change(home: Path, file: VaultFile) -> None:
    """The id and the other keys stay; the stamp that comes back is the file's, and is another than before."""
    first = await save(file)
    stamp = find_stamp(home)
    second, told = await file.change(lambda content: content.with_key("management", make_entry(OTHER)), PASSPHRASE)
    assert second.id == first.id
    assert set(second.keys) == {"inference", "management"}
    assert told == find_stamp(home) != stamp


async def test_a_change_with_a_wrong_passphrase_changes_nothing(file: VaultFile) -> None:
    """Who cannot open the vault cannot replace it either."""
    await save(file)
    before = file.load_sealed()
    with pytest.raises(WrongPassphrase):
        await file.change(lambda content: content, WRONG)
    assert file.load_sealed() == before


async def test_the_passphrase_changes(file: VaultFile) -> None:
    """Sealed with a new one, the old one is wrong."""
    saved = await save(file)
    await file.change(lambda content: content, PASSPHRASE, seal_with=NEW)
    assert await file.load(NEW) == saved
    with pytest.raises(WrongPassphrase):
        await file.load(PASSPHRASE)


async def test_the_vault_is_removed(home: Path, file: VaultFile) -> None:
    """Removing it twice is no error."""
    await save(file)
    await file.remove()
    await file.remove()
    assert not file.exists()


async def test_a_removal_that_fails_is_told(home: Path, file: VaultFile) -> None:
    """A folder in the file's place is a typed error."""
    file.path.mkdir(parents=True)
    with pytest.raises(VaultError, match="cannot be used"):
        await file.remove()


async def test_parallel_changes_do_not_lose_one_another(home: Path, file: VaultFile) -> None:
    """Ten tasks with two objects for one folder each add a key: all ten are there."""
    other = VaultFile(home, PlainSealer())
    await asyncio.gather(*((file, other)[number % 2].change(_adding(f"k{number}"), PASSPHRASE) for number in range(10)))
    assert set((await file.load(PASSPHRASE)).keys) == {f"k{number}" for number in range(10)}


def _adding(name: str) -> Callable[[Content], Content]:
    return lambda content: content.with_key(name, make_entry())


SAVE = """
import asyncio, pathlib, sys
from tests.vault.doubles import PASSPHRASE, PlainSealer, make_entry
from chit.vault.vault_file import VaultFile
home, name = pathlib.Path(sys.argv[1]), sys.argv[2]
print("ready", flush=True)
sys.stdin.readline()
for number in range(5):
    file = VaultFile(home, PlainSealer())
    asyncio.run(file.change(lambda content: content.with_key(f"{name}-{number}", make_entry()), PASSPHRASE))
"""


def test_processes_do_not_lose_one_another(home: Path, file: VaultFile) -> None:
    """Two processes that save at the same time, five keys each: all ten are there."""
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])}
    children = [
        subprocess.Popen(
            [sys.executable, "-c", SAVE, str(home), name],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=environment,
        )
        for name in "ab"
    ]
    for child in children:
        assert child.stdout is not None
        assert child.stdout.readline() == b"ready\n"
    for child in children:
        child.communicate(b"\n")
        assert child.returncode == 0
    content = asyncio.run(file.load(PASSPHRASE))
    assert set(content.keys) == {f"{name}-{number}" for name in "ab" for number in range(5)}


async def test_a_lock_that_stays_taken_is_told(home: Path, file: VaultFile) -> None:
    """Who holds the lock for too long makes others give up with a typed error; temporary files are not touched."""
    await save(file)
    stale = home / ".vault.age.0123456789abcdef.tmp"
    stale.touch()
    handle = os.open(home / "run" / "vault.lock", os.O_RDWR)
    fcntl.flock(handle, fcntl.LOCK_EX)
    with pytest.raises(VaultError, match="another Chit"):
        await save(VaultFile(home, PlainSealer(), lock_seconds=0.0))
    assert stale.exists()
    os.close(handle)
    VaultFile(home, PlainSealer())
    assert not stale.exists()


async def test_temporary_files_are_cleared_before_a_change(home: Path, file: VaultFile) -> None:
    """What a killed process left is gone after the next save, too."""
    await save(file)
    stale = home / ".vault.age.0123456789abcdef.tmp"
    stale.touch()
    await save(file)
    assert not stale.exists()


@pytest.mark.parametrize(
    ("make", "kind"),
    [
        (lambda path: path.mkdir(), VaultError),
        (os.mkfifo, VaultDamaged),
        (lambda path: path.write_bytes(b""), VaultDamaged),
        (lambda path: path.write_bytes(b"x" * 5 * 1024 * 1024), VaultTooCostly),
        (lambda path: path.symlink_to(path), VaultError),
    ],
    ids=["folder", "pipe", "empty", "huge", "circle"],
)
async def test_what_is_no_vault_is_told_and_left(
    home: Path, file: VaultFile, make: Callable[[Path], object], kind: type[ChitError]
) -> None:
    """Whatever lies in the vault's place is a typed error, nothing hangs, and a save does not replace it."""
    os.makedirs(home)
    make(file.path)
    for attempt in (file.load(PASSPHRASE), save(file)):
        with pytest.raises(VaultError) as caught:
            await attempt
        assert isinstance(caught.value, kind)
        assert caught.value.hint
    assert file.exists()


async def test_a_home_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    """A folder under a file is a typed error, and looking there is none."""
    (tmp_path / "file").touch()
    file = VaultFile(tmp_path / "file" / "home", PlainSealer())
    assert not file.exists()
    with pytest.raises(VaultError, match="cannot be used"):
        await save(file)


@pytest.fixture
def tiny_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 64 KiB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(folder)]
    if os.geteuid() != 0 or subprocess.run(command, capture_output=True).returncode:
        pytest.skip("mounting a tiny tmpfs takes root, and a system that lets it mount")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def fill(path: Path) -> None:
    """Write until there is no room."""
    with contextlib.suppress(OSError), path.open("wb", buffering=0) as full:
        while True:
            full.write(b"x" * 4096)


async def test_a_full_disk_keeps_the_old_vault(tiny_disk: Path) -> None:
    """With no room left the save is refused by name, the old vault opens, and room makes it work again."""
    file = VaultFile(tiny_disk / "home", PlainSealer())
    saved = await save(file)
    filler = tiny_disk / "filler"
    fill(filler)
    with pytest.raises(DiskFull, match="the disk is full"):
        await save(file, "management")
    assert await file.load(PASSPHRASE) == saved
    filler.unlink()
    assert set((await save(file, "management")).keys) == {"inference", "management"}


KILLS = """
import asyncio, os, pathlib, signal, sys
from tests.vault.doubles import PASSPHRASE, PlainSealer, make_entry
from chit.vault.age_worker import AgeWorker
from chit.vault.vault_file import VaultFile

home, kills, real = pathlib.Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3] == "real"
sealer = AgeWorker() if real else PlainSealer()

def save(label):
    entry = make_entry(label=label)
    return asyncio.run(VaultFile(home, sealer).change(lambda content: content.with_key("inference", entry), PASSPHRASE))

save("0")
known = 0
for number in range(1, kills + 1):
    child = os.fork()
    if not child:
        for turn in range(1000):
            save(str(number))
    while True:
        if any(name.endswith(".tmp") for name in os.listdir(home)):
            break
    for _ in range(number * 37 % 400):
        pass
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    content = asyncio.run(VaultFile(home, sealer).load(PASSPHRASE))
    label = int(content.keys["inference"].label)
    assert label in (known, number), (known, label, number)
    known = label
    assert not any(name.endswith(".tmp") for name in os.listdir(home))
print("whole")
"""


def kill_savers(home: Path, kills: int, *, real: bool = False) -> None:
    """Kill that many processes in the write phase of a save; the vault is the old or the new one each time."""
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])}
    command = [sys.executable, "-c", KILLS, str(home), str(kills), "real" if real else "cheap"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert done.stdout == "whole\n", done.stderr


def test_a_killed_save_leaves_the_old_or_the_new_vault(home: Path) -> None:
    """Fifteen kills in the write phase of a save; no temporary file outlives the next start, no lock stays."""
    kill_savers(home, 15)


@pytest.mark.long
def test_many_killed_saves(home: Path) -> None:
    """The same, 150 times."""
    kill_savers(home, 150)


@pytest.mark.long
def test_killed_real_saves(home: Path) -> None:
    """The same with real seals, ten times."""
    kill_savers(home, 10, real=True)


@pytest.mark.long
async def test_a_real_vault(home: Path) -> None:
    """The real sealer from end to end: save, open, refuse another passphrase."""
    file = VaultFile(home, AgeWorker())
    saved = await save(file)
    assert await file.load(PASSPHRASE) == saved
    with pytest.raises(WrongPassphrase):
        await file.load(WRONG)
    assert KEY.encode() not in file.load_sealed()
