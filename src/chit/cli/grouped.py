"""Options in groups, so that the help of a command with many of them is readable."""

from collections.abc import Callable
from typing import Any, TypeVar

import click

Command = TypeVar("Command", bound=Callable[..., Any])
_OTHERS = "Options"


class GroupedOption(click.Option):
    """An option that stands under a heading."""

    def __init__(self, *declarations: Any, group: str = _OTHERS, **members: Any) -> None:
        super().__init__(*declarations, **members)
        self.group = group


class GroupedCommand(click.Command):
    """Shows its options under their headings, in the order in which these first come."""

    def format_options(self, context: click.Context, formatter: click.HelpFormatter) -> None:
        """What click calls for the help page."""
        groups: dict[str, list[tuple[str, str]]] = {}
        for each in self.get_params(context):
            if isinstance(each, click.Option) and (record := each.get_help_record(context)) is not None:
                groups.setdefault(getattr(each, "group", _OTHERS), []).append(record)
        for name, records in groups.items():
            with formatter.section(name):
                formatter.write_dl(records)


def grouped(group: str, *declarations: str, **members: Any) -> Callable[[Command], Command]:
    """`click.option` under a heading."""
    return click.option(*declarations, cls=GroupedOption, group=group, **members)
