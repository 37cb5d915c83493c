"""A message's Markdown on a terminal; elsewhere its text as it is, for pipes."""

import sys

from chit.cli.terminal import is_terminal, neutralise, wants_colour, write_out


def print_markdown(text: str) -> None:
    """On standard output, laid out for a person who watches, with a line feed at the end."""
    if not is_terminal(sys.stdout):
        write_out(text if text.endswith("\n") else f"{text}\n")
        return
    from rich.console import Console  # 100 ms that a pipe need not pay
    from rich.markdown import Markdown

    colour = wants_colour(sys.stdout)
    console = Console(no_color=not colour, highlight=False, emoji=False, markup=False)
    console.print(Markdown(neutralise(text), hyperlinks=False))
