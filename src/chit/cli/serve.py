"""`chit serve`: Chit in the browser."""

from pathlib import Path

import click

from chit.about import DEFAULT_PORT
from chit.cli.options import api_key_file


@click.command(
    short_help="Serve the pages on this machine.",
    epilog="""\b
Examples:
  chit serve
  chit serve --sandbox
  chit serve --no-browser --port 3000 --allow-host chit.example.org
""",
)
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    metavar="N",
    help=f"Default: {DEFAULT_PORT}, or the next that is free; 0 picks a free one.",
)
@click.option("--no-browser", is_flag=True, help="Print the address to sign in at instead of opening a browser.")
@click.option(
    "--allow-host",
    "allowed_hosts",
    multiple=True,
    metavar="NAME",
    help="Answer to this name too: that of a proxy you run in front. NAME or NAME:PORT.",
)
@click.option("--sandbox", is_flag=True, help="Begin in the sandbox: nothing is sent, nothing is billed.")
@api_key_file
def serve(
    port: int | None, no_browser: bool, allowed_hosts: tuple[str, ...], sandbox: bool, api_key_file: Path | None
) -> None:
    """Serve the pages on this machine, for you alone, until Ctrl-C; `chit` alone does the same.

    Where Chit serves already, that one is opened.
    """
    from chit.cli.serving import serve_pages

    serve_pages(
        port=port, no_browser=no_browser, allowed_hosts=allowed_hosts, in_sandbox=sandbox, key_file=api_key_file
    )
