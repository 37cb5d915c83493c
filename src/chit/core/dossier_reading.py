"""A dossier from the JSON of a file, which anybody may have written: whole and consistent, or refused."""

import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from chit.core.blob_text import list_references, put_back, read_blobs
from chit.core.conversation import Conversation
from chit.core.dossier import Dossier
from chit.core.dossier_json import FORMAT, VERSION
from chit.core.generation import Generation, Settlement
from chit.core.jsontext import JsonInvalid
from chit.core.members import DossierInvalid, Members
from chit.core.message_reading import read_message
from chit.core.request_chain import lengthen
from chit.core.shown_error import check_error
from chit.core.strict_json import decode_strictly
from chit.core.usage import Usage, read_cost

ID = re.compile(r"[0-9A-Za-z_-]{1,64}")
"""Of ours: they stand in addresses."""
_COST = re.compile(r"-?[0-9]{1,12}(?:\.[0-9]{1,400})?")
ORIGINS = ("web", "cli", "api", "library", "batch", "import")
_STATES = ("sent", "streaming", "done", "stopped", "cut", "failed", "unknown")
_SETTLEMENTS = ("pending", "settled", "gave_up")


def decode_dossier(data: bytes) -> Dossier:
    """From the text of one. Raises `DossierInvalid`, with the conversation's title where it got that far."""
    try:
        value = decode_strictly(data)
    except JsonInvalid as error:
        raise DossierInvalid(str(error)) from None
    return read_dossier(value)


def read_dossier(value: Mapping[str, Any]) -> Dossier:
    """From a JSON object. Raises `DossierInvalid`."""
    if value.get("format") != FORMAT:
        raise DossierInvalid("it is no conversation that Chit exported")
    if value.get("version") != VERSION or isinstance(value["version"], bool):
        raise DossierInvalid("another version of Chit wrote it, which this one cannot read")
    try:
        return _read(value)
    except DossierInvalid as error:
        raise DossierInvalid(f"{_name(value)}{error}") from None


def _read(value: Mapping[str, Any]) -> Dossier:
    members = Members(value, "the file")
    members.take("format")
    members.take("version")
    blobs = read_blobs(members.take_object("blobs"))
    told = put_back(members.take_object("conversation"), blobs)
    is_deleted = "deleted" in told
    id, conversation = _read_deleted(told) if is_deleted else _read_conversation(told)
    messages, seen = [], set[str]()
    for place, each in enumerate(members.take_list("messages"), 1):
        message = read_message(put_back(each, blobs), id, place, seen, ID)
        seen.add(message.id)
        messages.append(message)
    generations = _read_generations(members.take_list("generations"), id, seen, blobs)
    members.end()
    if is_deleted and messages:
        raise DossierInvalid("it is deleted, and has messages all the same")
    used = {name for each in generations for name in list_references(each.request.decode())}
    if missing := used - blobs.keys():
        raise DossierInvalid(f"the attachment {min(missing)[:8]} is not in the file")
    return Dossier(
        id=id,
        conversation=conversation,
        messages=tuple(messages),
        generations=tuple(generations),
        blobs={name: blobs[name] for name in used},
    )


def _read_deleted(value: Any) -> tuple[str, None]:
    members = Members(value, "the conversation")
    id = members.take_text("id", shape=ID)
    if members.take("deleted") is not True:
        raise members.refuse("deleted", "can only be true")
    members.end()
    return id, None


def _read_conversation(value: Any) -> tuple[str, Conversation]:
    members = Members(value, "the conversation")
    id = members.take_text("id", shape=ID)
    conversation = Conversation(
        id=id,
        title=members.take_text("title"),
        origin=members.take_one_of("origin", ORIGINS),
        private=members.take_flag("private"),
        parameters=members.take_object("parameters"),
        pinned_at=members.find_time("pinned_at"),
        archived_at=members.find_time("archived_at"),
        created_at=members.take_time("created_at"),
    )
    members.end()
    return id, conversation


def _read_generations(
    values: Sequence[Any], conversation_id: str, messages: set[str], blobs: Mapping[str, str]
) -> list[Generation]:
    every = [Members(each, f"generation {place}") for place, each in enumerate(values, 1)]
    requests = lengthen([each.take("request") for each in every])
    generations: list[Generation] = []
    settlements: dict[str, Settlement] = {}
    ids = set[str]()
    for members, request in zip(every, requests, strict=True):
        generation = _read_generation(members, conversation_id, request, blobs)
        if generation.id in ids:
            raise members.refuse("id", "is there twice")
        if generation.message_id and generation.message_id not in messages:
            raise members.refuse("message_id", "names no message of it")
        settlement = generation.settlement
        if settlement and settlements.setdefault(settlement.generation_id, settlement) != settlement:
            raise members.refuse("settlement", "contradicts another one")
        ids.add(generation.id)
        generations.append(generation)
    return generations


def _read_generation(members: Members, conversation_id: str, request: str, blobs: Mapping[str, str]) -> Generation:
    generation_id = members.find_text("generation_id")
    settlement = members.find_object("settlement")
    if (settlement is None) != (generation_id is None):
        raise members.refuse("settlement", "and its generation_id belong together")
    generation = Generation(
        id=members.take_text("id", shape=ID),
        message_id=members.find_text("message_id") or "",
        conversation_id=conversation_id,
        origin=members.take_one_of("origin", ORIGINS),
        streamed=members.take_flag("streamed"),
        state=members.take_one_of("state", _STATES),
        generation_id=generation_id,
        requested_model=members.find_text("requested_model"),
        model=members.find_text("model"),
        provider=members.find_text("provider"),
        finish_reason=members.find_text("finish_reason"),
        usage=_read_usage(members.take("usage")),
        time_to_first_token_ms=members.find_count("time_to_first_token_ms"),
        duration_ms=members.find_count("duration_ms"),
        reasoning_ms=members.find_count("reasoning_ms"),
        created_at=members.take_time("created_at"),
        request=request.encode(),
        completion=put_back(members.find_object("completion"), blobs),
        error=check_error(put_back(members.find_object("error"), blobs)),
        settlement=_read_settlement(put_back(settlement, blobs), generation_id) if generation_id is not None else None,
    )
    members.end()
    return generation


def _read_usage(value: Any) -> Usage:
    members = Members(value, "usage")
    usage = Usage(
        prompt_tokens=members.find_count("prompt_tokens"),
        completion_tokens=members.find_count("completion_tokens"),
        reasoning_tokens=members.find_count("reasoning_tokens"),
        cached_tokens=members.find_count("cached_tokens"),
        cost=_read_cost(members, "cost"),
        upstream_cost=_read_cost(members, "upstream_cost"),
        is_byok=members.take_flag("is_byok"),
    )
    members.end()
    return usage


def _read_cost(members: Members, name: str) -> Decimal | None:
    text = members.find_text(name)
    if text is None:
        return None
    if not _COST.fullmatch(text) or (cost := read_cost(text)) is None:
        raise members.refuse(name, "is no cost")
    return cost


def _read_settlement(value: Any, generation_id: str) -> Settlement:
    members = Members(value, "the settlement")
    settlement = Settlement(
        generation_id=generation_id,
        state=members.take_one_of("state", _SETTLEMENTS),
        attempts=members.take_count("attempts"),
        ended_at=members.find_time("ended_at"),
        next_attempt_at=members.find_time("next_attempt_at"),
        record=members.find_object("record"),
    )
    members.end()
    if (settlement.state == "settled") != (settlement.record is not None):
        raise members.refuse("record", "must be there once it is settled, and only then")
    if (settlement.next_attempt_at is None) != (settlement.state != "pending" or settlement.ended_at is None):
        raise members.refuse("next_attempt_at", "must be there while it is pending after the end, and only then")
    return settlement


def _name(value: Mapping[str, Any]) -> str:
    """Which conversation, for a person: its title, else its id."""
    told = value.get("conversation")
    names = (told.get("title"), told.get("id")) if isinstance(told, Mapping) else ()
    name = next((" ".join(name.split())[:60] for name in names if isinstance(name, str) and name.strip()), "")
    return f"“{name}”: " if name else ""
