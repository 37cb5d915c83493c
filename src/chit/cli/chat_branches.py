"""The branches of a conversation, as a list at a terminal, and a turn of one shown again."""

import sys
from collections.abc import Sequence
from dataclasses import dataclass

from chit.cli.parts import WHO, part_lines
from chit.cli.reply_printer import open_stream
from chit.cli.terminal import neutralise, paint, write_out
from chit.core.amendment import is_edited
from chit.core.history import Tree
from chit.core.messages import Message
from chit.core.versions import Version, name_versions
from chit.store.ids import short_id
from chit.store.protocol import Store


@dataclass(frozen=True, slots=True, kw_only=True)
class Branch:
    """One of them."""

    leaf_id: str
    name: str
    """Where it first differs from the others."""
    about: str


async def list_branches(store: Store, conversation_id: str) -> list[Branch]:
    """The oldest first. Raises `StoreError`."""
    tree = Tree(await store.list_messages(conversation_id))
    leaves = tree.leaves()
    generations = await store.find_generations([each.id for each in leaves])
    versions = []
    for leaf in leaves:
        path = tree.path(leaf.id)
        asked = generations.get(leaf.id)
        text = " ".join(each.text for each in path if each.source in ("user", "actor"))
        versions.append(Version(text=text, model=asked.requested_model if asked else None, edited=is_edited(leaf)))
    return [
        Branch(leaf_id=leaf.id, name=name, about=_tell_length(tree.path(leaf.id), leaf))
        for leaf, name in zip(leaves, name_versions(versions), strict=True)
    ]


def find_questions(path: Sequence[Message]) -> list[Message]:
    """What the person asked on a path, oldest first."""
    return [each for each in path if each.source == "user"]


async def show_turn(path: Sequence[Message]) -> None:
    """The last question of a path and what came after it."""
    start = max((at for at, each in enumerate(path) if each.source == "user"), default=0)
    for message in path[start:]:
        write_out(paint(f"{WHO[message.source]}\n", "dim", sys.stdout))
        if message.source == "user":
            write_out(neutralise(message.text.rstrip("\n")) + "\n")
        else:
            stream = open_stream()
            write_out(stream.feed(message.text) + stream.end())
        write_out("".join(f"{line}\n" for line in part_lines(message)) + "\n")


def _tell_length(path: Sequence[Message], leaf: Message) -> str:
    count = len(find_questions(path))
    return f"{count} question{'' if count == 1 else 's'} · {short_id(leaf.id)}"
