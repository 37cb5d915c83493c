"""What a shell is offered where a value is typed: by what the help calls that value, without any network.

Whatever goes wrong while looking, nothing is offered: a person who presses a key must not get an error.
"""

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

import click
from click.shell_completion import CompletionItem

from chit.errors import ChitError

if TYPE_CHECKING:
    from chit.store.recent import Named, Recent

Items = list[CompletionItem[Any]]
_LONGEST = 60


class Suggested(click.ParamType[Any, Any]):
    """A type that only offers values; it is put in the place of another while a shell asks."""

    name = "suggested"

    def __init__(self, offer: Callable[[str], Iterable[CompletionItem[Any]]]) -> None:
        self._offer = offer

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> Items:
        """What click calls."""
        with suppress(ChitError, OSError, ValueError):
            return [
                each for each in self._offer(incomplete) if each.type != "plain" or each.value.startswith(incomplete)
            ]
        return []


@contextmanager
def suggesting(command: click.Command) -> Iterator[None]:
    """Meanwhile, every parameter of a command, and of those below it, offers what it may be."""
    before = [(each, each.type) for each in _list_parameters(command)]
    for parameter, _ in before:
        if (offer := find_offer(parameter)) is not None:
            parameter.type = Suggested(offer)
    try:
        yield
    finally:
        for parameter, kind in before:
            parameter.type = kind


def _list_parameters(command: click.Command) -> Iterator[click.Parameter]:
    yield from command.params
    for each in command.commands.values() if isinstance(command, click.Group) else ():
        yield from _list_parameters(each)


def find_offer(parameter: click.Parameter) -> Callable[[str], Iterable[CompletionItem[Any]]] | None:
    """What it offers: models for `--model`, else by its metavar; None for what offers nothing, or its own choices."""
    if parameter.name in ("model", "models"):
        return _offer_models
    return OFFERS.get((parameter.metavar or "").strip("[]."))


def _offer_models(_: str) -> Items:
    from chit.core.generation import read_text
    from chit.core.kept_catalogue import SETTING, read_catalogue
    from chit.prefs import load_prefs

    prefs = load_prefs()
    kept = _look(lambda recent: recent.find_setting(SETTING))
    models = read_catalogue(kept, prefs.base_url)[0]
    return [_item(id, read_text(model.get("name")) or "") for model in models if (id := read_text(model.get("id")))]


def _offer_names(_: str) -> Items:
    from chit.store.ids import short_id

    def look(recent: "Recent") -> "list[Named]":
        return [*recent.list_conversations(), *recent.list_messages()]

    return [_item(short_id(id), words) for id, words in _look(look)]


def _offer_conversations(_: str) -> Items:
    from chit.store.ids import short_id

    return [_item(short_id(id), words) for id, words in _look(lambda recent: recent.list_conversations())]


def _offer_pending(_: str) -> Items:
    return [_item(id, words) for id, words in _look(lambda recent: recent.list_pending())]


def _offer_parameters(_: str) -> Items:
    from chit.core.params import PARAMETERS

    return [_item(f"{name}=", about) for name, about in PARAMETERS.items()]


def _offer_efforts(_: str) -> Items:
    from chit.cli.request_options import EFFORTS

    return [_item(each, "") for each in EFFORTS]


def _offer_preferences(_: str) -> Items:
    from chit.core.preferences import PREFERENCES

    return [_item(each.name, each.about) for each in PREFERENCES]


def _offer_files(incomplete: str) -> Items:
    return [CompletionItem(incomplete, type="file")]


OFFERS: Mapping[str, Callable[[str], Iterable[CompletionItem[Any]]]] = {
    "ID": _offer_names,
    "CONVERSATION": _offer_conversations,
    "MODEL|WORD": _offer_models,
    "EFFORT|TOKENS": _offer_efforts,
    "GENERATION_ID": _offer_pending,
    "NAME=VALUE": _offer_parameters,
    "PREFERENCE": _offer_preferences,
    **dict.fromkeys(("FILE", "PATH", "FOLDER", "BACKUP"), _offer_files),
}
"""By metavar."""


def _look(read: Callable[["Recent"], Any]) -> Any:
    from chit.prefs import find_home
    from chit.store.recent import look_at

    with look_at(find_home(os.environ)) as recent:
        return read(recent)


def _item(value: str, about: str) -> CompletionItem[Any]:
    """On one line, without anything that a terminal obeys: titles may come from anywhere."""
    from chit.cli.terminal import neutralise

    words = " ".join(neutralise(about).split())
    return CompletionItem(value, help=words if len(words) <= _LONGEST else f"{words[: _LONGEST - 1]}…")
