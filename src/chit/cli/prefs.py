"""`chit prefs`: what the person prefers, shown, changed and edited."""

import os
import sys
from typing import TYPE_CHECKING, Any

import click

from chit.cli.options import as_json
from chit.errors import InputError

if TYPE_CHECKING:
    from chit.core.preferences import Preference
    from chit.prefs import UserPrefs


@click.group(
    short_help="See and change preferences.",
    epilog="""\b
Examples:
  chit prefs set model openai/gpt-5-mini
  chit prefs set parameters.temperature 0.2
  chit prefs unset model
""",
)
def prefs() -> None:
    """See and change preferences: the model, default parameters, limits, colours. Never a key."""


@prefs.command(
    name="list",
    epilog="""\b
Examples:
  chit prefs list
  chit prefs list --json
""",
)
@as_json
def list_preferences(as_json: bool) -> None:
    """Show them all.

    Each with where it comes from: default, file or environment.
    """
    from chit.cli.terminal import neutralise, paint, write_json, write_out
    from chit.prefs import find_prefs_file, list_settings

    warnings = load_prefs_aloud().warnings
    settings = list_settings()
    if as_json:
        shown = {
            each.name: {"value": _plain(each.value), "source": each.source, "variable": each.variable}
            for each in settings
        }
        write_json({"file": str(find_prefs_file(os.environ)), "preferences": shown, "warnings": list(warnings)})
        return
    width = max(len(each.name) for each in settings)
    for each in settings:
        line = neutralise(f"{each.name:<{width}}  {_write(each.name, each.value) or '–'}  ")
        source = f"environment: {each.variable}" if each.source == "environment" else each.source
        write_out(f"{line}{paint(f'({source})', 'dim', sys.stdout)}\n")


@prefs.command(
    name="get",
    epilog="""\b
Examples:
  chit prefs get model
  chit prefs get parameters.temperature
""",
)
@click.argument("name", metavar="PREFERENCE")
@as_json
def get_preference(name: str, as_json: bool) -> None:
    """Print one.

    PREFERENCE may be one default parameter: parameters.temperature.
    """
    from chit.cli.terminal import neutralise, write_json, write_out
    from chit.prefs import list_settings

    preference, inside = _find(name)
    value = getattr(load_prefs_aloud(), preference.name)
    for step in inside:
        if not isinstance(value, dict) or step not in value:
            raise InputError(f"{name} is not set", hint="See what is: chit prefs list")
        value = value[step]
    if as_json:
        top = ".".join((preference.name, *inside[:1]))
        sources = {each.source for each in list_settings() if f"{each.name}.".startswith(f"{top}.")}
        strongest = max(sources, key=("default", "file", "environment").index)
        write_json({"name": name, "value": _plain(value), "source": strongest})
    else:
        write_out(neutralise(_write(name, value)) + "\n")


@prefs.command(
    name="set",
    context_settings={"ignore_unknown_options": True},  # or -1 would be an option
    epilog="""\b
Examples:
  chit prefs set model openai/gpt-5-mini
  chit prefs set parameters.temperature 0.2
  chit prefs set low_balance 5
""",
)
@click.argument("name", metavar="PREFERENCE")
@click.argument("words", metavar="VALUE", nargs=-1, required=True, type=click.UNPROCESSED)
def set_preference(name: str, words: tuple[str, ...]) -> None:
    """Set one in the file.

    `unset` goes back to the default. PREFERENCE may be one default parameter: parameters.temperature.
    """
    from chit.cli.terminal import neutralise, write_err
    from chit.core.params import remark_on_parameters
    from chit.prefs import check_value, find_prefs_file
    from chit.prefs_change import set_in_file

    preference, inside = _find(name)
    value: Any = preference.read(" ".join(words))
    for step in reversed(inside):
        value = {step: value}
    value = check_value(preference, value)
    if preference.name == "parameters":
        for remark in remark_on_parameters(value):
            write_err(neutralise(f"chit: {remark}\n"))
    for step in inside:
        value = value[step]
    set_in_file(find_prefs_file(os.environ), (preference.name, *inside), value)
    if os.environ.get(preference.variable):
        write_err(f"chit: {preference.variable} is set as well, and wins over the file.\n")


@prefs.command(
    name="unset",
    epilog="""\b
Examples:
  chit prefs unset model
  chit prefs unset parameters.temperature
""",
)
@click.argument("name", metavar="PREFERENCE")
def unset_preference(name: str) -> None:
    """Take one out of the file.

    PREFERENCE may also be a name that Chit does not know.
    """
    from chit.cli.terminal import write_err
    from chit.prefs import find_prefs_file
    from chit.prefs_change import unset_in_file

    if not unset_in_file(find_prefs_file(os.environ), name.split(".")):
        _find(name)  # a name that nobody knows is a mistake
        write_err("chit: the file does not set that; nothing was changed.\n")


@prefs.command(
    name="path",
    epilog="""\b
Examples:
  chit prefs path
  cat "$(chit prefs path)"
""",
)
def print_path() -> None:
    """Print where the file is."""
    from chit.cli.terminal import write_out
    from chit.prefs import find_prefs_file

    write_out(f"{find_prefs_file(os.environ)}\n")


@prefs.command(
    name="edit",
    epilog="""\b
Examples:
  chit prefs edit
  EDITOR=nano chit prefs edit
""",
)
def edit_preferences() -> None:
    """Open the file in $EDITOR.

    What opens, in $VISUAL or $EDITOR, is a copy: it takes the file's place only if it is valid.
    """
    from chit.cli.editing import edit_prefs_file
    from chit.prefs import find_prefs_file

    edit_prefs_file(find_prefs_file(os.environ))


def load_prefs_aloud() -> "UserPrefs":
    """`load_prefs`, with its warnings on standard error."""
    from chit.cli.terminal import neutralise, write_err
    from chit.prefs import load_prefs

    loaded = load_prefs()
    write_err("".join(f"chit: {neutralise(warning)}\n" for warning in loaded.warnings))
    return loaded


def _find(name: str) -> "tuple[Preference, tuple[str, ...]]":
    """The preference and, of the parameters, the way to a member. Raises `InputError`."""
    from chit.core.preferences import find_preference, suggest_preference
    from chit.core.stray_secret import holds_key, names_secret
    from chit.prefs_file import refuse_secret

    first, *inside = name.split(".")
    preference = find_preference(first)
    if preference is not None and all(inside) and (not inside or first == "parameters"):
        return preference, tuple(inside)
    if holds_key(name) or names_secret(name):
        raise refuse_secret("" if holds_key(name) else name)
    near = suggest_preference(first)
    meant = f"Did you mean {near}? " if near else ""
    raise InputError(f"there is no preference {name!r}", hint=f"{meant}See them all: chit prefs list")


def _plain(value: Any) -> Any:
    """For JSON. Money is text, exact to its last digit."""
    from decimal import Decimal

    return str(value) if isinstance(value, Decimal) else value


def _write(name: str, value: Any) -> str:
    """As `set` reads it: parameters are JSON."""
    from chit.core.jsontext import encode_json

    if name.startswith("parameters"):
        return encode_json(value).decode()
    return "" if value is None else str(value)
