"""Commands under headings, so that the help of many is readable."""

from collections.abc import Sequence
from typing import Any

import click


class SectionedGroup(click.Group):
    """A group whose help lists its commands by section, in the order in which they were added."""

    def __init__(self, *args: Any, **members: Any) -> None:
        super().__init__(*args, **members)
        self.sections: dict[str, list[str]] = {}
        """The names of the commands, by heading."""

    def add_section(self, heading: str, commands: Sequence[click.Command]) -> None:
        """Add these under one heading."""
        for command in commands:
            self.add_command(command)
            self.sections.setdefault(heading, []).append(command.name or "")

    def list_commands(self, context: click.Context) -> list[str]:
        """In the order of the help."""
        return [name for names in self.sections.values() for name in names]

    def format_commands(self, context: click.Context, formatter: click.HelpFormatter) -> None:
        """What click calls for the help page. All columns begin at the same place."""
        widest = max(map(len, self.list_commands(context)), default=0)
        limit = formatter.width - 6 - widest
        for heading, names in self.sections.items():
            with formatter.section(heading):
                rows = [(name.ljust(widest), self.commands[name].get_short_help_str(limit)) for name in names]
                formatter.write_dl(rows)
