"""Attack case 42: an import that is killed leaves whole conversations, and a second one completes it."""

import random
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from tests.dossiers import PICTURE_ADDRESS, a_dossier, a_generation, fill, same

from chit.core.dossier import Dossier
from chit.core.dossier_json import encode_dossier
from chit.core.messages import MediaPart
from chit.store.sqlite import open_store
from chit.transfer.exporting import export_all

IMPORT = """
import asyncio, os, signal, sys
from pathlib import Path
from chit.store import inserts
from chit.store.sqlite import open_store
from chit.transfer.importing import import_file

home, file, left = Path(sys.argv[1]), sys.argv[2], [int(sys.argv[3])]

def deadly(function):
    def step(*given, **named):
        left[0] -= 1
        if left[0] == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return function(*given, **named)
    return step

for name in ("insert_conversation", "insert_message", "insert_generation", "end_generation", "take_out"):
    setattr(inserts, name, deadly(getattr(inserts, name)))

async def main():
    store = open_store(home)
    with open(file, "rb") as packed:
        tell = lambda report: print(report.done, flush=True)
        await import_file(store, packed, scrub=lambda text: text, clock=lambda: 1000.0, tell=tell, path=Path(file))
    await store.close()

asyncio.run(main())
"""
NEVER = 10**6


def some(count: int) -> list[Dossier]:
    """With branches, pictures and two generations each."""
    made = []
    for _ in range(count):
        dossier = a_dossier()
        picture = MediaPart({"type": "image_url", "image_url": {"url": PICTURE_ADDRESS}})
        again = replace(dossier.messages[1], id=f"{dossier.id[-12:]}-again", parts=(picture,))
        more = a_generation(again, request=f'["{PICTURE_ADDRESS}"]'.encode())
        made.append(replace(dossier, messages=(*dossier.messages, again), generations=(*dossier.generations, more)))
    return made


async def pack(folder: Path, made: list[Dossier]) -> tuple[Path, list[bytes]]:
    """The export of a home that holds these: the file, and the conversations in it."""
    store = await fill(folder / "source", *made)
    file = folder / "chit-json.zip"
    file.write_bytes(b"".join([piece async for piece in export_all(store, "json", same)]))
    wanted = [encode_dossier(await store.load_dossier(id), same) for id in await store.list_dossiers()]
    await store.close()
    return file, wanted


def start(home: Path, file: Path, kill_at: int) -> subprocess.Popen[str]:
    """An import in a process of its own, which kills itself at that step."""
    command = [sys.executable, "-c", IMPORT, str(home), str(file), str(kill_at)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


async def check(home: Path, file: Path, wanted: list[bytes], told: int) -> int:
    """Whole conversations, at least those that were told; then all of them. How many there were before."""
    store = open_store(home)
    found = [encode_dossier(await store.load_dossier(id), same) for id in await store.list_dossiers()]
    assert found == wanted[: len(found)]
    assert len(found) >= told
    assert (await store.check_integrity()).problems == ()
    await store.close()
    with start(home, file, NEVER) as process:
        assert process.wait() == 0
    store = open_store(home)
    assert [encode_dossier(await store.load_dossier(id), same) for id in await store.list_dossiers()] == wanted
    assert (await store.check_integrity()).lost == ()
    await store.close()
    return len(found)


async def kill_at_step(folder: Path, file: Path, wanted: list[bytes], step: int) -> int:
    """Import, killed within a transaction; the number of conversations that were there."""
    with start(folder, file, step) as process:
        told, _ = process.communicate()
    assert process.returncode == -9
    return await check(folder, file, wanted, int(told.split()[-1]))


async def test_attack_42_killed_half_way(tmp_path: Path) -> None:
    """Attack 42: killed in the middle of the first, the second and the last conversation."""
    file, wanted = await pack(tmp_path, some(3))
    whole = [await kill_at_step(tmp_path / str(step), file, wanted, step) for step in (3, 20, 32)]
    assert whole == [0, 1, 2]


@pytest.mark.long
async def test_attack_42_killed_at_every_step(tmp_path: Path) -> None:
    """Attack 42: at each write of each conversation."""
    file, wanted = await pack(tmp_path, some(3))
    whole = [await kill_at_step(tmp_path / str(step), file, wanted, step) for step in range(1, 37)]
    assert set(whole) == {0, 1, 2}


@pytest.mark.long
async def test_attack_42_killed_from_outside(tmp_path: Path) -> None:
    """Attack 42: with SIGKILL, after any number of conversations, fifty times."""
    chance = random.Random(42)
    file, wanted = await pack(tmp_path, some(40))
    for number in range(50):
        home, after = tmp_path / str(number), chance.randrange(40)
        with start(home, file, NEVER) as process:
            assert process.stdout is not None
            while int(told := process.stdout.readline()) < after:
                pass
            process.kill()
        await check(home, file, wanted, int(told))
