"""One message from the JSON of a file."""

import re
from collections.abc import Collection, Mapping
from typing import Any

from chit.core.members import DossierInvalid, Members
from chit.core.messages import Message, Options, Part, decode_part, encode_part
from chit.core.wire import ENGINE

_SOURCES = ("system", "user", "actor", "client")
_TYPES: Mapping[str, Mapping[str, type]] = {
    "text": {"text": str},
    "reasoning": {"text": str, "details": list},
    "tool_call": {"id": str, "name": str, "arguments": str},
    "tool_result": {"tool_call_id": str, "content": object},
    "annotation": {"annotation": dict},
    "media": {"media": dict},
}
"""What the parts that are ours must hold."""


def read_message(value: Any, conversation_id: str, place: int, before: Collection[str], id: re.Pattern[str]) -> Message:
    """The message in this place, after those with the ids `before`. Raises `DossierInvalid`."""
    where = f"message {place}"
    members = Members(value, where)
    options = Members(members.take("options"), f"the options of {where}")
    message = Message(
        id=members.take_text("id", shape=id),
        conversation_id=conversation_id,
        parent_id=members.find_text("parent_id"),
        source=members.take_one_of("source", _SOURCES),
        parts=tuple(_read_part(part, where) for part in members.take_list("parts")),
        options=Options(
            visible_to_user=options.take_flag("visible_to_user"),
            visible_to_engine=options.take_flag("visible_to_engine"),
        ),
        extra=_check_extra(members.take_object("extra"), where),
        created_at=members.take_time("created_at"),
    )
    options.end()
    members.end()
    if message.id in before:
        raise members.refuse("id", "is there twice")
    if message.parent_id is not None and message.parent_id not in before:
        raise members.refuse("parent_id", "names no message before it")
    return message


def _read_part(value: Any, where: str) -> Part:
    if not isinstance(value, dict):
        raise DossierInvalid(f"a part of {where} is not an object")
    kind = value.get("type")
    wanted = _TYPES.get(kind, {}) if isinstance(kind, str) else {}
    if not all(name in value and isinstance(value[name], type) for name, type in wanted.items()):
        raise DossierInvalid(f"a part of {where} is no {kind}")
    more = value.get("extra", {}) if kind == "tool_call" else {}
    if not (isinstance(more, dict) and isinstance(more.get("function", {}), dict)):
        raise DossierInvalid(f"a part of {where} is no {kind}")
    part = decode_part(value)
    if encode_part(part) != value:
        raise DossierInvalid(f"a part of {where} holds what this Chit does not know")
    return part


def _check_extra(extra: dict[str, Any], where: str) -> dict[str, Any]:
    """As far as Chit itself looks into it."""
    own = extra.get(ENGINE, {})
    if not (isinstance(own, dict) and isinstance(own.get("wire", {}), dict)):
        raise DossierInvalid(f"extra of {where} cannot be what it says")
    return extra
