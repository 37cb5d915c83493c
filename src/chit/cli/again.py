"""`chit regenerate` and `chit continue`: what to do with a reply that failed, broke off or does not please."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from chit.about import MODELS_PAGE
from chit.cli.options import WAIT, api_key_file, as_json, passphrase_fd
from chit.cli.parameters import read_parameters

Command = TypeVar("Command", bound=Callable[..., Any])


def _sending(command: Command) -> Command:
    """What both take."""
    for option in (
        passphrase_fd,
        api_key_file,
        as_json,
        click.option("--wait", **WAIT),
        click.option(
            "-p",
            "--param",
            "assignments",
            multiple=True,
            metavar="NAME=VALUE",
            help="Change a request parameter; NAME=null leaves it out.",
        ),
        click.option(
            "-m", "--model", metavar="ID", help=f"Another model, from {MODELS_PAGE}; several with commas as fallbacks."
        ),
        click.argument("name", metavar="[ID]", required=False),
    ):
        command = option(command)
    return command


@click.command(
    short_help="Ask once more for a reply.",
    epilog="""\b
Examples:
  chit regenerate
  chit regenerate 1a2b3c4d -m anthropic/claude-sonnet-4
  chit regenerate -p temperature=1 -p seed=null
""",
)
@_sending
def regenerate(name: str | None, **given: Any) -> int:
    """Ask once more for the reply named ID, else for the last one, with its request as it was.

    ID may also be a question or a conversation: then its newest reply is meant. The earlier reply stays in the history.
    """
    return _send(name, goes_on=False, **given)


@click.command(
    "continue",
    short_help="Let the model go on where a reply broke off.",
    epilog="""\b
Examples:
  chit continue
  chit continue 1a2b3c4d -p max_tokens=2000
""",
)
@_sending
def continue_(name: str | None, **given: Any) -> int:
    """Let the model go on where the reply named ID, else the last one, broke off or reached its length limit."""
    return _send(name, goes_on=True, **given)


def _send(
    name: str | None,
    *,
    goes_on: bool,
    model: str | None,
    assignments: tuple[str, ...],
    wait: bool,
    as_json: bool,
    api_key_file: Path | None,
    passphrase_fd: int | None,
) -> int:
    from chit.cli.asking import Again, answer_question
    from chit.cli.manner import Manner
    from chit.core.defaults import model_parameters

    changes = {**model_parameters(model), **read_parameters(assignments)}
    again = Again(name=name, changes=changes, goes_on=goes_on)
    return answer_question(
        again, Manner(as_json=as_json, wait=wait), key_file=api_key_file, passphrase_fd=passphrase_fd
    )
