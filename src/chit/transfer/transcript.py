"""A conversation as Markdown, for reading: the branch that is shown, with the chit of each reply as a line under it."""

import json
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from chit.core.dossier import Dossier
from chit.core.generation import Generation, write_chit
from chit.core.history import Tree
from chit.core.imported import find_imported_model
from chit.core.jsontext import encode_json
from chit.core.messages import (
    AnnotationPart,
    MediaPart,
    Message,
    TextFilePart,
    TextPart,
    ToolCallPart,
    ToolResultPart,
)
from chit.core.receipt_words import find_doubt
from chit.core.surrogates import join_surrogates
from chit.core.usage import show_cost, sum_costs, write_cost
from chit.render.neutral import fence, neutralise, plain
from chit.transfer.pictures import Place, find_picture, name_media

_WEB = re.compile(r"https?://[!#-'*-;=?-Z_a-z~%]+", re.IGNORECASE)
"""Addresses that can stand in a link of Markdown as they are."""
_SAYS: Mapping[str, str] = {
    "system": "Instructions",
    "user": "You",
    "client": "Results of tools",
}
_ENDS: Mapping[str, str] = {
    "stopped": "You stopped this reply.",
    "cut": "This reply broke off.",
    "failed": "This reply failed.",
    "unknown": "No answer came. It may have been billed all the same.",
}


def write_transcript(dossier: Dossier, place: Place) -> str:
    """The text of a `.md` file. `place` says where a picture stands. Nothing for a conversation that is deleted."""
    conversation = dossier.conversation
    if conversation is None:
        return ""
    tree = Tree(dossier.messages)
    leaf = tree.newest_leaf()
    written = {each.message_id: each for each in dossier.generations}
    pieces = [_front_matter(dossier), f"# {plain(conversation.title) or 'Untitled'}"]
    for message in tree.path(leaf.id) if leaf else ():
        if message.options.visible_to_user:
            pieces += _write_message(message, written.get(message.id), tree, place)
    if conversation.private:
        pieces.append("*This conversation is private: nothing of it is kept but what it cost.*")
    return "\n\n".join(piece.rstrip() for piece in pieces) + "\n"


def _front_matter(dossier: Dossier) -> str:
    """YAML; JSON's strings are its strings."""
    conversation = dossier.conversation
    assert conversation is not None  # noqa: S101 - it was looked at
    last = dossier.generations[-1] if dossier.generations else None
    lines = {
        "title": conversation.title or "Untitled",
        "date": datetime.fromtimestamp(conversation.created_at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "model": (last.model or last.requested_model or "") if last else "",
        "cost": _sum(dossier),
        "currency": "USD",
        "conversation": dossier.id,
    }
    told = [f"{name}: {json.dumps(join_surrogates(text), ensure_ascii=False)}" for name, text in lines.items()]
    return "\n".join(["---", *told, "---"])


def _sum(dossier: Dossier) -> str:
    """Each `gen-…` id once, as the page counts them; empty where nothing is known."""
    chits = {each.generation_id or each.id: write_chit(each) for each in dossier.generations}
    costs = [chit.cost for chit in chits.values() if chit.cost is not None]
    return write_cost(sum_costs(costs)) if costs else ""


def _write_message(message: Message, generation: Generation | None, tree: Tree, place: Place) -> Iterator[str]:
    yield f"## {_name(message, generation)}"
    if message.reasoning:
        yield "<details>\n<summary>Thoughts</summary>"
        yield neutralise(message.reasoning).replace("<", "&lt;")  # some viewers read no Markdown in here
        yield "</details>"
    if message.text:
        yield neutralise(message.text)
    for part in message.parts:
        yield from _write_part(part, place)
    if sources := list(_cite(message)):
        yield "Sources:\n\n" + "\n".join(sources)
    if generation is not None:
        yield from _write_end(generation)
    versions = [each.id for each in tree.children(message.parent_id)]
    if len(versions) > 1:
        where = versions.index(message.id) + 1
        yield f"*This is version {where} of {len(versions)}. The others are in the export as JSON.*"


def _name(message: Message, generation: Generation | None) -> str:
    model = (generation.model or generation.requested_model) if generation else find_imported_model(message)
    return plain(model or "Model") if message.source == "actor" else _SAYS[message.source]


def _write_part(part: Any, place: Place) -> Iterator[str]:
    match part:
        case TextPart():
            return
        case TextFilePart(name, text):
            yield f"Attached: {plain(name)}"
            yield fence(text)
        case ToolCallPart():
            yield f"Tool {plain(part.name) or 'without a name'}:"
            yield fence(part.arguments, "json")
        case ToolResultPart():
            yield fence(part.content if isinstance(part.content, str) else encode_json(part.content).decode())
        case MediaPart(media):
            address = find_picture(media)
            yield f"![Picture]({place(address)})" if address else f"*Attached: {plain(name_media(media))}*"


def _cite(message: Message) -> Iterator[str]:
    for part in message.parts:
        cited = part.annotation.get("url_citation") if isinstance(part, AnnotationPart) else None
        if isinstance(cited, Mapping) and isinstance(address := cited.get("url"), str):
            title = plain(str(cited.get("title") or address))
            yield f"- [{title}]({address})" if _WEB.fullmatch(address) else f"- {title}: {plain(address)}"


def _write_end(generation: Generation) -> Iterator[str]:
    """How it ended, and its chit."""
    error = generation.error
    if error:
        yield f"**{plain(str(error.get('message')))}** {plain(str(error.get('hint')))}".rstrip()
    elif generation.state in _ENDS:
        yield f"*{_ENDS[generation.state]}*"
    chit = write_chit(generation)
    speed = chit.tokens_per_second
    facts = [
        show_cost(chit.cost),
        chit.provider,
        None if chit.time_to_first_token_ms is None else f"first token {chit.time_to_first_token_ms / 1000:.1f} s",
        None if speed is None else f"{speed:.0f} tok/s",
        find_doubt(chit),
        chit.generation_id,
    ]
    yield f"*Chit: {' · '.join(plain(fact) for fact in facts if fact)}*"
