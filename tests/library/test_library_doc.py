"""docs/library.md: every block of code runs, in order, as a person would who reads it."""

import ast
import asyncio
import re
import types
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

import chit
from chit.sandbox.server import Sandbox

DOCUMENT = (Path(__file__).parent.parent.parent / "docs" / "library.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```python\n(.*?)^```$", DOCUMENT, flags=re.MULTILINE | re.DOTALL)
OWN_LOOP = ("asyncio.run(", "chit.ask(")
"""What blocks a loop, and so runs in a thread of its own here."""


@pytest.fixture
async def reader(box: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[dict[str, Any]]:
    """The names that a reader has: `chit`, and `app`, which is open; and the files that they attach."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CHIT_SETTLE", "manual")  # `settled` then looks at once
    (tmp_path / "photo.png").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(20))
    (tmp_path / "notes.txt").write_text("Some notes")
    async with chit.open() as app:
        yield {"chit": chit, "app": app}


async def test_every_block_runs(reader: dict[str, Any], capsys: pytest.CaptureFixture[str]) -> None:
    """None raises, and the last ones still have the names of the first."""
    assert len(BLOCKS) > 15
    for block in BLOCKS:
        if any(each in block for each in OWN_LOOP):
            await asyncio.to_thread(exec, block, reader)
            continue
        code = compile(block, "docs/library.md", "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT, dont_inherit=True)
        coroutine = types.FunctionType(code, reader)()
        if coroutine is not None:
            await coroutine
    printed = capsys.readouterr().out
    assert "sandbox 42\n" in printed
    assert "This reply begins well, but it will never 0." in printed
    assert "This is the **Chit sandbox**" in printed


def test_every_public_name_of_a_person_is_told() -> None:
    """The page names every verb, every error and every event that a program has to know."""
    verbs = [name for name in dir(chit.App) if not name.startswith("_") and name != "prefs"]
    errors = [name for name in chit.__all__ if name.endswith(("Error", "Invalid", "Reached", "Found", "Unavailable"))]
    assert [name for name in (*verbs, *errors, "ask", "open", "tool", "ToolEnded") if name not in DOCUMENT] == []


def test_links_lead_somewhere() -> None:
    """Files that the page points at are there."""
    folder = Path(__file__).parent.parent.parent / "docs"
    targets = [link for link in re.findall(r"\]\(([^)#]+)\)", DOCUMENT) if "://" not in link]
    assert [link for link in targets if not (folder / link).exists()] == []
