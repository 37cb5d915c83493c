"""`chit costs`, `models`, `keys` and `activity`: what was spent, what there is to spend it on, and who may."""

from pathlib import Path
from typing import TYPE_CHECKING, Literal

import click

from chit.about import MANAGEMENT_KEYS_PAGE
from chit.cli.options import api_key_file, as_json, passphrase_fd, store_place
from chit.errors import InputError

if TYPE_CHECKING:
    from datetime import date
    from decimal import Decimal

    from chit.cli.unlocking import CommandKeys

Place = Literal["keychain", "file"]
_NEEDS = f"It needs a management key: chit key set --management. {MANAGEMENT_KEYS_PAGE}"

as_csv = click.option("--csv", "as_csv", is_flag=True, help="Print a table for a spreadsheet instead of text.")


@click.command(
    short_help="Show what was spent here.",
    epilog="""\b
Examples:
  chit costs
  chit costs --by model --since 2026-01
  chit costs --by month --since all --csv > costs.csv

Times are those of this computer. See docs/costs.md.
""",
)
@click.option(
    "--by",
    type=click.Choice(["day", "month", "model", "provider", "origin"]),
    default="day",
    show_default=True,
    help="What the lines tell apart.",
)
@click.option(
    "--since", default="30d", show_default=True, metavar="WHEN", help="A day, month or year, so many days (7d), or all."
)
@as_json
@as_csv
def costs(by: Literal["day", "month", "model", "provider", "origin"], since: str, as_json: bool, as_csv: bool) -> None:
    """Show what was spent, as this computer knows it; nothing is asked for it.

    Settled costs, else reported ones. What may have been billed without a known cost is listed.
    """
    from chit.cli.costs_table import show_costs

    show_costs(by, since, form=_choose_form(as_json=as_json, as_csv=as_csv))


@click.command(
    short_help="List models, their prices and what they can do.",
    epilog="""\b
Examples:
  chit models claude
  chit models tools image free
  chit models anthropic/claude-sonnet-4

Prices are US dollars a million tokens.
""",
)
@click.argument("words", nargs=-1, metavar="[MODEL|WORD]...")
@click.option("-n", "--limit", type=click.IntRange(1), metavar="N", help="At most so many. Default: all.")
@click.option("--refresh", is_flag=True, help="Ask OpenRouter, though the list is younger than a day.")
@as_json
@api_key_file
@passphrase_fd
def models(
    words: tuple[str, ...],
    limit: int | None,
    refresh: bool,
    as_json: bool,
    api_key_file: Path | None,
    passphrase_fd: int | None,
) -> None:
    """List models with price, context and what they can do; of one MODEL (author/slug) its endpoints.

    Words are those of names, as claude, and of capabilities: tools, image, free. All must fit.
    """
    from chit.cli.models_table import show_models

    keys = _open_keys(passphrase_fd, api_key_file)
    show_models(keys, words, limit=limit, refresh=refresh, as_json=as_json)


@click.group(
    invoke_without_command=True,
    short_help="Look after the API keys of your account.",
    epilog=f"""\b
Examples:
  chit keys
  chit keys create laptop --limit 5 --reset monthly --keep
  chit keys disable laptop

{_NEEDS}
""",
)
@as_json
@passphrase_fd
@click.pass_context
def keys(context: click.Context, as_json: bool, passphrase_fd: int | None) -> None:
    """List the API keys of your OpenRouter account; create, disable and enable them.

    The keys that Chit itself uses are looked at with `chit key`.
    """
    given = {"as_json": as_json, "passphrase_fd": passphrase_fd}
    context.default_map = {name: given for name in keys.commands}
    if context.invoked_subcommand is None:
        from chit.cli.keys_work import list_keys

        list_keys(_open_keys(passphrase_fd), as_json=as_json)


@keys.command(
    short_help="Create an API key, and print it this once.",
    epilog="""\b
Examples:
  chit keys create laptop --limit 5 --reset monthly --keep
  chit keys create build --expires 2027-01-31 > build.key
""",
)
@click.argument("name", metavar="NAME")
@click.option("--limit", type=str, metavar="USD", help="What it may spend. Default: no limit.")
@click.option("--reset", type=click.Choice(["daily", "weekly", "monthly"]), help="When the limit begins anew.")
@click.option("--expires", metavar="DAY", help="The last day on which it works, as 2027-01-31.")
@click.option("--keep", is_flag=True, help="Store it as the key that Chit asks with, instead of printing it.")
@store_place
@as_json
@passphrase_fd
def create(
    name: str,
    limit: str | None,
    reset: str | None,
    expires: str | None,
    keep: bool,
    place: Place | None,
    as_json: bool,
    passphrase_fd: int | None,
) -> None:
    """Create an API key called NAME. It is printed once, to standard output, and cannot be had again."""
    from chit.cli.keys_work import create_key
    from chit.core.account_keys import NewKey

    if reset is not None and limit is None:
        raise InputError("--reset needs a limit to begin anew", hint="Say one: --limit 5")
    if place is not None and not keep:
        raise InputError("--store says where to keep it, and it is not kept", hint="Say --keep as well.")
    wanted = NewKey(name=name, limit=_read_limit(limit), reset=reset, expires=_read_expiry(expires))
    create_key(_open_keys(passphrase_fd), wanted, keep=keep, place=place, as_json=as_json)


@keys.command(
    short_help="Keep a key from being used.",
    epilog="""\b
Examples:
  chit keys disable laptop
""",
)
@click.argument("key", metavar="KEY")
@as_json
@passphrase_fd
def disable(key: str, as_json: bool, passphrase_fd: int | None) -> None:
    """Keep a key from being used. KEY is its name, its label, or the beginning of its hash."""
    from chit.cli.keys_work import change_key

    change_key(_open_keys(passphrase_fd), key, disabled=True, as_json=as_json)


@keys.command(
    epilog="""\b
Examples:
  chit keys enable laptop
""",
)
@click.argument("key", metavar="KEY")
@as_json
@passphrase_fd
def enable(key: str, as_json: bool, passphrase_fd: int | None) -> None:
    """Let a key be used again."""
    from chit.cli.keys_work import change_key

    change_key(_open_keys(passphrase_fd), key, disabled=False, as_json=as_json)


@click.command(
    short_help="Show what the whole account spent.",
    epilog=f"""\b
Examples:
  chit activity
  chit activity --by model --csv > activity.csv

{_NEEDS}
""",
)
@click.option(
    "--by",
    type=click.Choice(["day", "model", "provider"]),
    default="day",
    show_default=True,
    help="What the lines tell apart.",
)
@as_json
@as_csv
@passphrase_fd
def activity(by: Literal["day", "model", "provider"], as_json: bool, as_csv: bool, passphrase_fd: int | None) -> None:
    """Show what the whole account spent, as OpenRouter tells it: the last 30 days of UTC that are over.

    Every key's and every program's, not only Chit's: `chit costs` shows those.
    """
    from chit.cli.activity_table import show_activity

    form = _choose_form(as_json=as_json, as_csv=as_csv)
    show_activity(_open_keys(passphrase_fd), by, form=form)


def _choose_form(*, as_json: bool, as_csv: bool) -> Literal["text", "json", "csv"]:
    if as_json and as_csv:
        raise InputError("--json and --csv are two forms of one table", hint="Say one of them.")
    return "json" if as_json else "csv" if as_csv else "text"


def _read_limit(text: str | None) -> "Decimal | None":
    from chit.core.usage import read_cost

    if text is None:
        return None
    limit = read_cost(text.strip().removeprefix("$"))
    if limit is None or limit <= 0:
        raise InputError(f"{text} is no amount of US dollars", hint="Like this: --limit 5, or --limit 0.50")
    return limit


def _read_expiry(text: str | None) -> "date | None":
    from datetime import date

    try:
        return None if text is None else date.fromisoformat(text)
    except ValueError:
        raise InputError(f"{text} is no day", hint="Like this: --expires 2027-01-31") from None


def _open_keys(passphrase_fd: int | None = None, api_key_file: Path | None = None) -> "CommandKeys":
    from chit.cli.prefs import load_prefs_aloud
    from chit.cli.unlocking import CommandKeys

    keys = CommandKeys(load_prefs_aloud(), passphrase_fd=passphrase_fd)
    keys.take_given(api_key_file)
    return keys
