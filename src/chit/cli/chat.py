"""`chit chat`: a conversation at the terminal."""

from pathlib import Path
from typing import Any

import click

from chit.cli.ask_options import chatting, check_place
from chit.cli.grouped import GroupedCommand
from chit.cli.parameters import read_parameters


@click.command(
    cls=GroupedCommand,
    short_help="Talk with a model, turn by turn.",
    epilog="""\b
Examples:
  chit chat
  chit chat --continue
  chit chat -m anthropic/claude-sonnet-4 -f notes.pdf

\b
In it, /help lists the commands: /model, /system, /set, /attach, /retry,
/edit, /branch, /cost, /save and others. Ctrl-C stops a reply, Ctrl-D leaves.
""",
)
@chatting
def chat(api_key_file: Path | None, passphrase_fd: int | None, **given: Any) -> int:
    """Talk with a model, turn by turn.

    Everything is kept as it comes, and each reply has its chit. In pipes and scripts, use `chit ask`.
    """
    from chit.cli.chatting import Beginning, chat_at_terminal
    from chit.cli.request_options import read_reasoning, unite

    goes_on = check_place(given)
    beginning = Beginning(
        goes_on=goes_on,
        place=given["place"],
        private=given["private"],
        model=given["model"],
        system=given["system"],
        files=given["files"],
        parameters=unite(
            read_reasoning(given["reasoning"]) if given["reasoning"] else {}, read_parameters(given["assignments"])
        ),
    )
    return chat_at_terminal(beginning, key_file=api_key_file, passphrase_fd=passphrase_fd)
