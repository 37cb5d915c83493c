"""A message's Markdown, for a person or for a pipe."""

import io
import sys

import pytest
from tests.cli.person import Screen

from chit.cli.markdown import print_markdown


@pytest.mark.parametrize("text", ["# A\x1b[2J", "# A\x1b[2J\n"])
def test_a_pipe_gets_the_text_itself(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    """No layout, one line feed at the end."""
    out = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(out, encoding="utf-8"))
    print_markdown(text)
    assert out.getvalue() == b"# A\x1b[2J\n"


@pytest.mark.parametrize(
    "text", ["", "*", "[a](javascript:x)\x1b[2J", "```\n\x9b\n", "| a |\n|---|\n| \x07 |", "<b>\x1b"]
)
def test_a_terminal_gets_no_escape_of_the_model(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    """Whatever the construct, nothing of the model's own controls is left."""
    out = io.BytesIO()
    monkeypatch.setenv("TERM", "dumb")
    monkeypatch.setattr(sys, "stdout", Screen(out, encoding="utf-8"))
    print_markdown(text)
    sys.stdout.flush()
    assert not set(out.getvalue().decode()) & set("\x1b\x9b\x07")
