"""What comes from other programs: ids that are the same each time, and what such a message says of its model."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any
from uuid import UUID

from chit.core.conversation import title_from
from chit.core.messages import Message, TextPart

PROGRAMS = ("ChatGPT", "llm")
"""Whose conversations are imported: the keys of their data in `Message.extra`."""
_LATEST = 253e9
"""Seconds: the year 9987, as in `core.members`."""
_LONGEST_TITLE = 200


def imported_id(*names: str) -> str:
    """The id of what another program knows by these names: a UUID (version 8) of their hash, so that twice is once."""
    value = int.from_bytes(sha256(json.dumps(names).encode()).digest()[:16])
    value = value & ~(0xF << 76) | 0x8 << 76
    return str(UUID(int=value & ~(0x3 << 62) | 0x2 << 62))


def find_imported_model(message: Message) -> str | None:
    """The model that wrote a message which another program asked for."""
    for program in PROGRAMS:
        data = message.extra.get(program)
        model = data.get("model") if isinstance(data, Mapping) else None
        if isinstance(model, str) and model:
            return model
    return None


def is_imported(message: Message) -> bool:
    """Whether another program asked for it, so that there is no request of ours."""
    return any(program in message.extra for program in PROGRAMS)


def read_time(value: Any, otherwise: float) -> float:
    """Unix seconds, from a number or an ISO date of UTC; what is neither is `otherwise`."""
    if isinstance(value, str):
        try:
            moment = datetime.fromisoformat(value)
        except ValueError:
            return otherwise
        value = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= _LATEST:
        return otherwise
    return float(value)


def read_title(value: Any, messages: tuple[Message, ...]) -> str:
    """Of a conversation: what it says, else the first words of its first question."""
    told = " ".join(clean(value).split())[:_LONGEST_TITLE].strip() if isinstance(value, str) else ""
    asked = (each for each in messages if each.source == "user" and each.options.visible_to_user)
    words = ("".join(part.text for part in each.parts if isinstance(part, TextPart)) for each in asked)
    return told or title_from(clean(next(filter(str.strip, words), "")))


def clean(text: str) -> str:
    """Without halves of surrogate pairs, which no file of ours may hold outside of replies."""
    return text.encode("utf-8", "replace").decode()
