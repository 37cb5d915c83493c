"""The prompt, where nobody sits at it."""

import pytest
from prompt_toolkit.completion import DummyCompleter
from prompt_toolkit.history import InMemoryHistory
from tests.cli.person import Person

from chit.cli.chat_prompt import ChatPrompt, fold_line

CHIT = "▸ \x1b[1m$0.1\x1b[0m · Azure · first token 1.0 s"


@pytest.mark.parametrize(
    ("columns", "lines"),
    [
        (40, [CHIT]),
        (20, ["▸ \x1b[1m$0.1\x1b[0m · Azure", "  first token 1.0 s"]),
        (8, ["▸ \x1b[1m$0.1\x1b[0m", "  Azure", "  first token 1.0 s"]),
    ],
)
def test_a_chit_is_broken_at_its_dots(columns: int, lines: list[str]) -> None:
    """By what is to be seen of it."""
    assert fold_line(CHIT, columns) == lines


def test_without_anybody_nothing_happens(person: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not even a failure."""
    monkeypatch.setenv("TERM", "dumb")
    prompt = ChatPrompt(history=InMemoryHistory(), completer=DummyCompleter(), lines=lambda: [], on_clear=lambda: None)
    prompt.refresh()
    prompt.leave(0)
    assert not prompt.interrupt()
