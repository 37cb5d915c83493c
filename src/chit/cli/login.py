"""`chit login`: sign in with OpenRouter, which makes a key for this machine."""

from typing import Literal

import click

from chit.cli.options import passphrase_fd, store_place


@click.command(
    short_help="Sign in with OpenRouter in your browser.",
    epilog="""\b
Examples:
  chit login
  chit login --no-browser --store file
""",
)
@click.option("--no-browser", is_flag=True, help="Print the address, and paste the code that OpenRouter shows.")
@store_place
@passphrase_fd
def login(no_browser: bool, place: Literal["keychain", "file"] | None, passphrase_fd: int | None) -> None:
    """Sign in with OpenRouter in your browser; the key it makes is stored and never shown."""
    from chit.cli.login_work import sign_in
    from chit.cli.prefs import load_prefs_aloud
    from chit.cli.unlocking import CommandKeys

    keys = CommandKeys(load_prefs_aloud(), passphrase_fd=passphrase_fd)
    keys.take_given()
    sign_in(keys, place=place, no_browser=no_browser)
