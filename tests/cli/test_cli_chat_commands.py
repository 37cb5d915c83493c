"""Commands and words of a chat."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chit.cli.chat_commands import COMMANDS, find_command, read_input, write_input
from chit.errors import InputError


@pytest.mark.parametrize(
    ("text", "name", "rest"),
    [
        ("/help", "help", ""),
        ("/?", "help", ""),
        ("/q", "quit", ""),
        ("/exit ", "quit", ""),
        ("/regenerate", "retry", ""),
        ("/model  a/b ", "model", "a/b"),
        ("/system one\ntwo", "system", "one\ntwo"),
        ("Hi", None, "Hi"),
        (" /help", None, " /help"),
        ("//help", None, "/help"),
        ("/etc/passwd?", None, "/etc/passwd?"),
        ("/Help", None, "/Help"),
        ("/", None, "/"),
        ("/help.", None, "/help."),
    ],
)
def test_commands_and_words(text: str, name: str | None, rest: str) -> None:
    """A command is a slash and a word of small letters."""
    command, found = read_input(text)
    assert (command.name if command else None, found) == (name, rest)


@pytest.mark.parametrize(("text", "near"), [("/modle x", "Did you mean /model? "), ("/xyzzy", "")])
def test_a_command_that_there_is_not(text: str, near: str) -> None:
    """Never sent to the model by mistake."""
    with pytest.raises(InputError, match="there is no command") as caught:
        read_input(text)
    assert caught.value.hint == f"{near}See /help; to send such words, begin with //."


def test_every_command_is_found() -> None:
    """By its name."""
    assert [find_command(each.name) for each in COMMANDS] == list(COMMANDS)


@pytest.mark.parametrize(
    ("words", "typed"),
    [("/quit", "//quit"), ("/xyzzy a", "//xyzzy a"), ("//quit", "///quit"), ("/etc/hosts", "/etc/hosts"), ("Hi", "Hi")],
)
def test_words_as_they_are_typed(words: str, typed: str) -> None:
    """With another slash only where they would be taken for a command."""
    assert write_input(words) == typed


@given(st.text("/quit \n") | st.text())
def test_words_as_they_are_typed_are_read_again(words: str) -> None:
    """Whatever they are."""
    assert read_input(write_input(words)) == (None, words)


@given(st.text())
def test_any_text_can_be_sent(text: str) -> None:
    """Behind another slash if it begins with one."""
    assert read_input(f"/{text}" if text.startswith("/") else text) == (None, text)
