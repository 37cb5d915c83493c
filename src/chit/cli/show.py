"""`chit show`: a message, a conversation or a generation, as it is in the history."""

import sys
from typing import TYPE_CHECKING

import click

from chit.cli.blocking import finish
from chit.cli.options import as_json

if TYPE_CHECKING:
    from collections.abc import Sequence

    from chit.core.generation import Generation
    from chit.core.messages import Message
    from chit.store.sqlite import SqliteStore


@click.command(
    short_help="Show a message, a conversation or a generation.",
    epilog="""\b
Examples:
  chit show 1a2b3c4d
  chit show gen-1795421188-GbmHZdG7bAwivu2MI0jV --json
""",
)
@click.argument("name", metavar="ID")
@as_json
def show(name: str, as_json: bool) -> None:
    """Show the message, conversation or gen-… id named ID; the last eight characters of our own ids are enough."""
    from chit.cli.history_home import open_history

    with open_history() as store:
        _show(store, name, as_json=as_json)


def _show(store: "SqliteStore", name: str, *, as_json: bool) -> None:
    from chit.named import get_message_id, get_named

    found = finish(get_named(store, name))
    if found.kind == "conversation":
        _show_conversation(store, found.id, as_json=as_json)
        return
    message_id = finish(get_message_id(store, found))
    message = finish(store.get_message(message_id))
    generation = finish(store.find_generation(message_id))
    if as_json:
        from chit.cli.terminal import write_json
        from chit.core.message_record import message_record

        write_json(message_record(message, generation))
    else:
        _print_message(message, generation, full=True)


def _show_conversation(store: "SqliteStore", conversation_id: str, *, as_json: bool) -> None:
    messages = finish(store.list_messages(conversation_id))
    generations = {each.message_id: each for each in finish(store.list_generations(conversation_id))}
    if as_json:
        from chit.cli.terminal import write_json
        from chit.core.message_record import conversation_record

        conversation = finish(store.get_conversation(conversation_id))
        write_json(conversation_record(conversation, messages, generations))
        return
    places = _place_alternatives(messages)
    for message in messages:
        _print_message(message, generations.get(message.id), full=False, place=places.get(message.id, ""))


def _place_alternatives(messages: "Sequence[Message]") -> dict[str, str]:
    """` · 2 of 3` for each message that has others beside it: replies to one question, questions after one reply."""
    beside: dict[tuple[str | None, str], list[str]] = {}
    for message in messages:
        beside.setdefault((message.parent_id, message.source), []).append(message.id)
    several = [ids for ids in beside.values() if len(ids) > 1]
    return {id: f" · {number} of {len(ids)}" for ids in several for number, id in enumerate(ids, 1)}


def _print_message(message: "Message", generation: "Generation | None", *, full: bool, place: str = "") -> None:
    from chit.cli.markdown import print_markdown
    from chit.cli.parts import WHO, part_lines
    from chit.cli.terminal import neutralise, paint, write_out
    from chit.core.imported import find_imported_model
    from chit.store.ids import short_id

    name = neutralise(find_imported_model(message) or WHO[message.source])
    write_out(paint(f"{name} · {short_id(message.id)}{place}\n", "dim", sys.stdout))
    if message.text:
        print_markdown(message.text)
    write_out("".join(f"{line}\n" for line in part_lines(message)))
    if generation is not None:
        _print_generation(generation, full=full)
    if not full:
        write_out("\n")


def _print_generation(generation: "Generation", *, full: bool) -> None:
    from chit.cli.receipt import chit_line, receipt
    from chit.cli.terminal import neutralise, paint, write_out
    from chit.core.generation import write_chit

    error = generation.error
    if error is not None:
        told = neutralise(f"{generation.state}: {error['message']} {error['hint']}")
        write_out(paint(f"{told}\n", "bad", sys.stdout))
    chit = write_chit(generation)
    write_out(f"\n{receipt(chit)}\n" if full else f"{chit_line(chit, sys.stdout)}\n")
