"""`chit list`, `search`, `rename`, `delete`, `export` and `import`: what there is, found, tidied and moved."""

from pathlib import Path
from typing import TYPE_CHECKING, Literal

import click

from chit.cli.options import PAGE, as_json

if TYPE_CHECKING:
    from chit.core.generation import Origin

_ORIGINS = ("web", "cli", "api", "library", "batch", "import")
_MOST = 1000

limit = click.option(
    "-n",
    "--limit",
    type=click.IntRange(1, _MOST),
    default=PAGE,
    show_default=True,
    metavar="N",
    help="At most so many.",
)
before = click.option("--before", type=click.IntRange(1), metavar="CURSOR", help="Go on where the page before ended.")


@click.command(
    name="list",
    short_help="List conversations.",
    epilog="""\b
Examples:
  chit list
  chit list --pinned
  chit list --origin import -n 100 --json
""",
)
@click.option("--pinned", "shelf", flag_value="pinned", help="Only those that are pinned.")
@click.option("--archived", "shelf", flag_value="archived", help="Only those in the archive.")
@click.option("--all", "shelf", flag_value="all", help="The archived ones among the others.")
@click.option("--origin", type=click.Choice(_ORIGINS), help="Only those that began there: --origin import, say.")
@limit
@before
@as_json
def list_conversations(
    shelf: Literal["pinned", "archived", "all"] | None,
    origin: "Origin | None",
    limit: int,
    before: int | None,
    as_json: bool,
) -> None:
    """List conversations, pinned ones first, then the latest in use.

    With their ids: chit show ID prints one. Those of the local API are listed with --origin api.
    """
    from chit.cli.history_list import show_list

    show_list(shelf, origin, limit=limit, before=_clamp(before), as_json=as_json)


@click.command(
    short_help="Search the words of all conversations.",
    epilog="""\b
Examples:
  chit search blue sky
  chit search '"blue sky" model:claude after:2026-01'
  chit search from:me receipts --json

Filters: model:claude from:me from:model has:error in:title after:2026-01 before:2026-03 cost:>0.01
""",
)
@click.argument("words", nargs=-1, required=True, metavar="QUERY...")
@limit
@before
@as_json
def search(words: tuple[str, ...], limit: int, before: int | None, as_json: bool) -> None:
    """Search the words of all conversations, the newest first.

    All words must occur; '"several in quotes"' next to each other. A query that begins with -word goes after `--`. See
    docs/search.md.
    """
    from chit.cli.history_search import show_found

    show_found(" ".join(words), limit=limit, before=_clamp(before), as_json=as_json)


@click.command(
    epilog="""\b
Examples:
  chit rename 1a2b3c4d The colour of the sky
""",
)
@click.argument("name", metavar="ID")
@click.argument("title", nargs=-1, required=True, metavar="TITLE...")
def rename(name: str, title: tuple[str, ...]) -> None:
    """Give a conversation another title."""
    from chit.cli.history_change import rename_conversation

    rename_conversation(name, " ".join(title))


@click.command(
    epilog="""\b
Examples:
  chit delete 1a2b3c4d
  chit delete --restore 1a2b3c4d
""",
)
@click.argument("names", nargs=-1, required=True, metavar="CONVERSATION...")
@click.option("--restore", "restores", is_flag=True, help="Bring them back instead, as long as that is possible.")
def delete(names: tuple[str, ...], restores: bool) -> None:
    """Delete conversations.

    For an hour at least they can be brought back. What they cost stays in the sums.
    """
    from chit.cli.history_change import delete_conversations, restore_conversations

    if restores:
        restore_conversations(names)
    else:
        delete_conversations(names)


@click.command(
    short_help="Write conversations to a file.",
    epilog="""\b
Examples:
  chit export 1a2b3c4d | less
  chit export 1a2b3c4d --format json -o sky.json
  chit export --all --format json -o history.zip
""",
)
@click.argument("names", nargs=-1, metavar="[ID]...")
@click.option("--all", "everything", is_flag=True, help="Every conversation.")
@click.option(
    "--format",
    "form",
    type=click.Choice(["json", "markdown"]),
    default="markdown",
    show_default=True,
    help="Markdown is for reading; JSON comes back with `chit import`.",
)
@click.option("-o", "--output", metavar="FILE", help="Write there; '-' is standard output.")
@click.option("--force", is_flag=True, help="Replace a file that is there.")
def export(
    names: tuple[str, ...], everything: bool, form: Literal["json", "markdown"], output: str | None, force: bool
) -> None:
    """Write conversations to a file: one as it is, several as a zip.

    One goes to standard output without -o. No key is in it. See docs/export.md.
    """
    from chit.cli.history_export import export_conversations

    export_conversations(names, everything=everything, form=form, output=output, force=force)


@click.command(
    name="import",
    short_help="Add the conversations of a file.",
    epilog="""\b
Examples:
  chit import history.zip
  chit import conversations.json
  chit import "$(llm logs path)"

ChatGPT makes its file at Settings, Data controls, Export data.
""",
)
@click.argument("path", type=click.Path(path_type=Path), metavar="FILE")
@as_json
def import_(path: Path, as_json: bool) -> int:
    """Add the conversations of a file: Chit's own JSON or zip, ChatGPT's export, or llm's database.

    What is here already stays as it is. An import that was broken off goes on when it is started again. See
    docs/import.md.
    """
    from chit.cli.history_import import import_conversations

    return import_conversations(path, as_json=as_json)


def _clamp(cursor: int | None) -> int | None:
    """To what a database takes; nothing stands beyond it."""
    return None if cursor is None else min(cursor, 2**63 - 1)
