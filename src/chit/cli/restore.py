"""`chit restore`: a backup in the place of the history."""

from pathlib import Path

import click

from chit.cli.options import as_json


@click.command(
    short_help="Put a backup in the place of the history.",
    epilog="""\b
Examples:
  chit backup --list
  chit restore ~/.local/share/chit/backups/2026-03-01

Keys, the vault and preferences stay as they are. See docs/backup.md.
""",
)
@click.argument("path", type=click.Path(path_type=Path), metavar="BACKUP")
@click.option(
    "--incomplete", is_flag=True, help="Also a backup that lacks attachments, or refers to what is not there."
)
@as_json
def restore(path: Path, incomplete: bool, as_json: bool) -> None:
    """Put a backup in the place of the history: a folder, or a file, that `chit backup --list` shows.

    It is checked first. What was there is kept as another backup. No Chit may be running in this home; costs that were
    still pending are looked up again, and browsers have to sign in again.
    """
    from chit.cli.backup import count
    from chit.cli.prefs import load_prefs_aloud
    from chit.cli.terminal import neutralise, write_json, write_out
    from chit.store.home import Home
    from chit.store.restoration import restore as put_back

    done = put_back(Home(load_prefs_aloud().home), path.absolute(), is_incomplete_enough=incomplete)
    replaced = None if done.replaced is None else str(done.replaced)
    if as_json:
        contents = done.contents
        counts = {"conversations": contents.conversations, "replies": contents.replies, "schema": contents.schema}
        write_json({"path": str(path.absolute()), "replaced": replaced, **counts})
        return
    write_out(f"restored: {count(done.contents)}\n")
    if replaced is not None:
        write_out(f"what was there before: {neutralise(replaced)}\n")
