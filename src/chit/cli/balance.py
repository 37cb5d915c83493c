"""`chit balance`: what is left to spend, as far as a key can tell."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from chit.about import MANAGEMENT_KEYS_PAGE
from chit.cli.options import api_key_file, as_json, passphrase_fd

if TYPE_CHECKING:
    from chit.cli.unlocking import CommandKeys


@click.command(
    short_help="Ask what is left to spend.",
    epilog=f"""\b
Examples:
  chit balance
  chit balance --json

Account credits need a management key: chit key set --management. {MANAGEMENT_KEYS_PAGE}
""",
)
@as_json
@api_key_file
@passphrase_fd
def balance(as_json: bool, api_key_file: Path | None, passphrase_fd: int | None) -> int:
    """Ask what is left: account credits, or what your key may still spend."""
    from chit.cli.balance_work import show_balance

    return show_balance(lambda: _find_keys(api_key_file, passphrase_fd), as_json=as_json)


def _find_keys(api_key_file: Path | None, passphrase_fd: int | None) -> "CommandKeys":
    from chit.cli.prefs import load_prefs_aloud
    from chit.cli.unlocking import CommandKeys

    keys = CommandKeys(load_prefs_aloud(), passphrase_fd=passphrase_fd)
    keys.take_given(api_key_file)
    return keys
