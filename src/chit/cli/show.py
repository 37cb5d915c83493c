"""`chit show`: a message, a conversation or a generation, as it is in the history."""

import sys
from collections.abc import Coroutine
from typing import TYPE_CHECKING, Any, TypeVar

import click

from chit.cli.options import as_json
from chit.errors import NotFound

if TYPE_CHECKING:
    from chit.core.generation import Generation
    from chit.core.messages import Message
    from chit.store.sqlite import SqliteStore

T = TypeVar("T")
_NAMES = {"system": "system", "user": "you", "actor": "model", "client": "tool"}


@click.command()
@click.argument("name", metavar="ID")
@as_json
def show(name: str, as_json: bool) -> None:
    """Show the message, conversation or gen-… id named ID; the last eight characters of our own ids are enough."""
    from chit.cli.housekeeping import do_chores
    from chit.prefs import load_prefs
    from chit.store.sqlite import open_store

    prefs = load_prefs()
    store = open_store(prefs.home)
    try:
        do_chores(prefs, store)
        _show(store, name, as_json=as_json)
    finally:
        finish(store.close())


def finish(reading: Coroutine[Any, Any, T]) -> T:
    """The result of a coroutine that never waits, without an event loop. Raises `RuntimeError` if it does wait."""
    try:
        reading.send(None)
    except StopIteration as finished:
        value: T = finished.value
        return value
    raise RuntimeError("this needs an event loop")


def _show(store: "SqliteStore", name: str, *, as_json: bool) -> None:
    found = finish(store.find(name))
    if found is None:
        raise NotFound(f"nothing here has the id {name}", hint="`chit ask --json` prints the ids of what it keeps.")
    if found.kind == "conversation":
        messages = finish(store.list_messages(found.id))
        generations = {each.message_id: each for each in finish(store.list_generations(found.id))}
        if as_json:
            from chit.cli.record import conversation_record

            _print_json(conversation_record(finish(store.get_conversation(found.id)), messages, generations))
        for message in messages if not as_json else ():
            _print_message(message, generations.get(message.id), full=False)
        return
    if found.kind == "generation":
        generation = finish(store.get_generation(found.id))
        message = finish(store.get_message(generation.message_id))
    else:
        message = finish(store.get_message(found.id))
        newest = finish(store.find_generation(message.id))
        if newest is None:
            return _print_json(_record(message, None)) if as_json else _print_message(message, None, full=True)
        generation = newest
    _print_json(_record(message, generation)) if as_json else _print_message(message, generation, full=True)


def _record(message: "Message", generation: "Generation | None") -> dict[str, Any]:
    from chit.cli.record import message_record

    return message_record(message, generation)


def _print_json(value: dict[str, Any]) -> None:
    from chit.core.jsontext import encode_json

    sys.stdout.write(encode_json(value).decode() + "\n")


def _print_message(message: "Message", generation: "Generation | None", *, full: bool) -> None:
    from chit.cli.receipt import chit_line, receipt
    from chit.cli.terminal import neutralise, paint, write_out
    from chit.core.generation import write_chit

    write_out(paint(f"{_NAMES[message.source]}\n", "dim", sys.stdout))
    text = message.text
    write_out(neutralise(text) + ("\n" if not text.endswith("\n") else ""))
    if generation is None:
        write_out("\n")
        return
    error = generation.error
    if error is not None:
        write_out(
            paint(
                f"{generation.state}: {neutralise(error['message'])} {neutralise(error['hint'])}\n", "bad", sys.stdout
            )
        )
    chit = write_chit(generation)
    write_out((f"\n{receipt(chit)}\n" if full else f"{chit_line(chit)}\n") + ("" if full else "\n"))
