"""Options that several commands share."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

import click

Command = TypeVar("Command", bound=Callable[..., Any])

API_KEY_FILE: Mapping[str, Any] = {
    "type": click.Path(path_type=Path),
    "metavar": "PATH",
    "help": "Read the OpenRouter key from this file (yours alone: mode 600). Default: OPENROUTER_API_KEY, or stored.",
}
PASSPHRASE_FD: Mapping[str, Any] = {
    "type": click.IntRange(0),
    "metavar": "N",
    "help": "Read the vault's passphrase, one line, from file descriptor N instead of asking for it.",
}
AS_JSON: Mapping[str, Any] = {"is_flag": True, "help": "Print one JSON object instead of text."}
PAGE = 20
"""Lines of a list, unless another number is asked for."""
WAIT: Mapping[str, Any] = {"is_flag": True, "help": "Wait, at most 60 s, until the cost is settled."}


def api_key_file(command: Command) -> Command:
    """`--api-key-file`: there is no option that takes a key itself, since command lines are public."""
    return click.option("--api-key-file", **API_KEY_FILE)(command)


def passphrase_fd(command: Command) -> Command:
    """`--passphrase-fd`."""
    return click.option("--passphrase-fd", **PASSPHRASE_FD)(command)


def management(command: Command) -> Command:
    """`--management`."""
    return click.option("--management", is_flag=True, help="The management key, not the one for inference.")(command)


def store_place(command: Command) -> Command:
    """`--store`."""
    return click.option(
        "--store",
        "place",
        type=click.Choice(["keychain", "file"]),
        help="The system's keychain or the vault file. Default: the keychain, where there is one.",
    )(command)


def as_json(command: Command) -> Command:
    """`--json`."""
    return click.option("--json", "as_json", **AS_JSON)(command)
