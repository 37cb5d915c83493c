"""The commands of a chat: their names, what they take, and telling them from words for the model."""

import difflib
import re
from dataclasses import dataclass
from typing import Literal

from chit.errors import InputError

_NAME = re.compile(r"/([a-z?]+)(?:\s+|$)")
_ALIASES = {"exit": "quit", "q": "quit", "?": "help", "regenerate": "retry"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """One of them."""

    name: str
    arguments: str = ""
    about: str
    takes: Literal["", "model", "path", "parameter"] = ""
    """What completion offers after it."""
    asks: bool = False
    """Whether a reply comes of it."""


COMMANDS = (
    Command(name="model", arguments="[ID]", about="say or choose the model; default: your account's", takes="model"),
    Command(name="system", arguments="[TEXT]", about="say or give instructions, from the next question on"),
    Command(
        name="set",
        arguments="[NAME=VALUE …]",
        about="say or set parameters of this conversation; NAME= forgets one, NAME=null does without a default",
        takes="parameter",
    ),
    Command(
        name="attach",
        arguments="[FILE …]",
        about="let files go along with the next question; none: no files",
        takes="path",
    ),
    Command(
        name="retry",
        arguments="[NAME=VALUE …]",
        about="ask again for the last reply, with what was set since; model=ID for another model",
        takes="parameter",
        asks=True,
    ),
    Command(name="continue", asks=True, about="let the model go on where its reply broke off"),
    Command(name="edit", arguments="[N]", about="rewrite your last question, or the one with that number"),
    Command(name="branch", arguments="[N]", about="list the branches of this conversation, or go to one"),
    Command(name="stop", about="stop the reply that is coming in, as Ctrl-C does"),
    Command(name="cost", about="what this conversation cost, and the receipt of the last reply"),
    Command(
        name="save",
        arguments="[FILE]",
        about="write the conversation to a file, as JSON if it is called so, else as Markdown",
        takes="path",
    ),
    Command(name="help", about="this"),
    Command(name="quit", about="leave, as Ctrl-D does"),
)
_BY_NAME = {each.name: each for each in COMMANDS}


def find_command(name: str) -> Command | None:
    """By its name, or another word for it."""
    return _BY_NAME.get(_ALIASES.get(name, name))


def read_input(text: str) -> tuple[Command | None, str]:
    """A command with what follows it; None with words for the model.

    A path is none, and a text that begins with two slashes loses one. Raises `InputError` for a command that there is
    not.
    """
    if text.startswith("//"):
        return None, text[1:]
    found = _NAME.match(text)
    if found is None:
        return None, text
    if (command := find_command(found[1])) is None:
        near = difflib.get_close_matches(found[1], [*_BY_NAME, *_ALIASES], n=1)
        meant = f"Did you mean /{near[0]}? " if near else ""
        raise InputError(
            f"there is no command /{found[1]}", hint=f"{meant}See /help; to send such words, begin with //."
        )
    return command, text[found.end() :].strip()


def write_input(words: str) -> str:
    """Words for the model as they are typed."""
    is_taken = words.startswith("//") or _NAME.match(words) is not None
    return f"/{words}" if is_taken else words
