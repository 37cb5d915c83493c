"""Attack case 42 for other programs' files: an import that is killed leaves whole conversations, and a second one
completes it to what one that was never killed makes of it.
"""

import random
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.dossiers import same
from tests.transfer.chatgpt_exports import many, write_export
from tests.transfer.llm_databases import LlmDatabase
from tests.transfer.test_killed_imports import NEVER, start

from chit.core.dossier_json import encode_dossier
from chit.store.sqlite import open_store

Make = Callable[[Path, int], Path]
TEN_THOUSAND = 10_000


def make_chatgpt(folder: Path, count: int) -> Path:
    """An export."""
    file = folder / "export.zip"
    file.write_bytes(write_export(many(count, 2)))
    return file


def make_llm(folder: Path, count: int) -> Path:
    """A database."""
    made = LlmDatabase(folder / "logs.db", "0.13")
    for number in range(count):
        for turn in range(2):
            made.add_response(f"{number:04}-{turn}", conversation=f"c{number:04}")
    return made.close()


both = pytest.mark.parametrize("make", [make_chatgpt, make_llm])


async def load(home: Path) -> list[bytes]:
    """All that is there."""
    store = open_store(home)
    found = [encode_dossier(await store.load_dossier(id), same) for id in await store.list_dossiers()]
    assert (await store.check_integrity()).problems == ()
    await store.close()
    return found


async def import_whole(home: Path, file: Path) -> list[bytes]:
    """To the end."""
    with start(home, file, NEVER) as process:
        assert process.wait() == 0
    return await load(home)


@both
async def test_attack_42_killed_half_way(tmp_path: Path, make: Make) -> None:
    """Attack 42: killed within the first, the second and the last conversation."""
    file = make(tmp_path, 3)
    wanted = await import_whole(tmp_path / "whole", file)
    assert len(wanted) == 3
    for step, whole in ((3, 0), (12, 1), (20, 2)):
        with start(tmp_path / str(step), file, step) as process:
            process.communicate()
        assert process.returncode == -9
        assert await load(tmp_path / str(step)) == wanted[:whole]
        assert await import_whole(tmp_path / str(step), file) == wanted


@both
@pytest.mark.long
async def test_attack_42_killed_from_outside(tmp_path: Path, make: Make) -> None:
    """Attack 42: with SIGKILL, again and again, until it comes to its end."""
    chance = random.Random(42)
    file = make(tmp_path, 60)
    wanted = await import_whole(tmp_path / "whole", file)
    for _ in range(20):
        after = chance.randrange(60)
        with start(tmp_path / "home", file, NEVER) as process:
            assert process.stdout is not None
            while int(process.stdout.readline()) < after:
                pass
            process.kill()
        found = await load(tmp_path / "home")
        assert found == wanted[: len(found)]
    assert await import_whole(tmp_path / "home", file) == wanted


@both
@pytest.mark.long
async def test_ten_thousand_conversations(tmp_path: Path, make: Make) -> None:
    """Killed three times on the way, an import of ten thousand tells how far it is and ends as if nothing had been."""
    file = make(tmp_path, TEN_THOUSAND)
    wanted = await import_whole(tmp_path / "whole", file)
    assert len(wanted) == TEN_THOUSAND
    for after in (2_000, 5_000, 9_000):
        with start(tmp_path / "home", file, NEVER) as process:
            assert process.stdout is not None
            told = [0]
            while told[-1] < after:
                told.append(int(process.stdout.readline()))
            process.kill()
        assert told == sorted(told)
        found = await load(tmp_path / "home")
        assert after <= len(found) < TEN_THOUSAND
        assert found == wanted[: len(found)]
    assert await import_whole(tmp_path / "home", file) == wanted
