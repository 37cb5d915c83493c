"""Options that several commands share."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

Command = TypeVar("Command", bound=Callable[..., Any])


def api_key_file(command: Command) -> Command:
    """`--api-key-file`: there is no option that takes a key itself, since command lines are public."""
    return click.option(
        "--api-key-file",
        type=click.Path(path_type=Path),
        metavar="PATH",
        help="Read the OpenRouter key from this file (yours alone: mode 600). Default: OPENROUTER_API_KEY.",
    )(command)


def as_json(command: Command) -> Command:
    """`--json`."""
    return click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead of text.")(command)
