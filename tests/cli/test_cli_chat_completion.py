"""What Tab offers."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from prompt_toolkit.completion import CompleteEvent
from prompt_toolkit.document import Document

from chit.cli.chat_commands import COMMANDS
from chit.cli.chat_completion import ChatCompleter
from chit.errors import ChitError

MODELS = [{"id": "a/one"}, {"id": "b/two"}]


async def complete(text: str, *, fails: bool = False) -> list[str]:
    """The whole line with each completion."""

    async def list_models() -> Sequence[Mapping[str, Any]]:
        if fails:
            raise ChitError("no")
        return MODELS

    completer = ChatCompleter(list_models)
    assert list(completer.get_completions(Document(text), CompleteEvent())) == []
    found = completer.get_completions_async(Document(text), CompleteEvent())
    return [text[: len(text) + each.start_position] + each.text async for each in found]


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("/mo", ["/model"]),
        ("/", [f"/{each.name}" for each in COMMANDS]),
        ("Hi", []),
        ("/a\n/mo", []),
        ("/model on", ["/model a/one"]),
        ("/model b/two,on", ["/model b/two,a/one"]),
        ("/model xyzzy", []),
        ("/set temp", ["/set temperature="]),
        ("/set seed=1 temp", ["/set seed=1 temperature="]),
        ("/set temperature=1", []),
        ("/quit now", []),
        ("/xyzzy a", []),
    ],
)
async def test_commands_models_and_parameters(text: str, lines: list[str]) -> None:
    """By what stands before the cursor."""
    assert await complete(text) == lines


async def test_paths(tmp_path: Path) -> None:
    """Of files and folders."""
    (tmp_path / "notes.md").touch()
    assert await complete(f"/attach {tmp_path}/no") == [f"/attach {tmp_path}/notes.md"]


async def test_without_a_catalogue_nothing_is_offered() -> None:
    """And nothing is told: the person is typing."""
    assert await complete("/model on", fails=True) == []
