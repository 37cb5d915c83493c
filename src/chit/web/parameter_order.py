"""What a page orders of parameters: the texts of a form, and what is to be done with them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from chit.core.jsontext import JsonInvalid, decode_object
from chit.core.parameter_fields import FIELDS, UNITS
from chit.core.parameter_form import OFF, RAW, write_form
from chit.web.question import read_member

_CONTROLS = (*(each.name for each in FIELDS), *(OFF + unit for unit in UNITS), RAW)


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What a page sends."""

    verb: str
    """`show`, `keep`, `reset`, `save`, `apply`, `update`, `rename`, `delete`; empty asks for the chips."""
    of: str
    """What stands behind the verb: a control, the id of a template."""
    texts: Mapping[str, str]
    """Of the form."""
    model: str
    """What the model field says."""
    conversation: str | None
    """None for one that is not begun yet, whose parameters the page keeps."""
    parameters: Mapping[str, Any]
    """Of that one."""
    system: str
    is_defaults: bool
    """Whether the preferences are meant."""


def read_order(body: Mapping[str, Any]) -> Order:
    """From `{"do"?, "texts"?, "model"?, "conversation"?, "draft"?, "defaults"?}`. Raises `InputError`."""
    texts = {
        name: text.replace("\r\n", "\n") for name, text in read_member(body, "texts").items() if isinstance(text, str)
    }
    verb, _, of = (texts.get("do") or _read_text(body, "do")).partition(":")
    draft = read_member(body, "draft")
    return Order(
        verb=verb,
        of=of,
        texts=texts,
        model=_read_text(body, "model"),
        conversation=_read_text(body, "conversation") or None,
        parameters=read_member(draft, "parameters"),
        system=_read_text(draft, "system"),
        is_defaults=body.get("defaults") is True,
    )


def read_base(texts: Mapping[str, str]) -> Mapping[str, Any]:
    """The parameters that a form was written from."""
    try:
        return decode_object(texts.get("base", "{}").encode("utf-8", "replace"))
    except JsonInvalid:
        return {}


def unite(texts: Mapping[str, str], current: Mapping[str, str]) -> dict[str, str]:
    """A form over what holds by now: what was changed in it, and what was changed elsewhere since it was written."""
    before = write_form(read_base(texts))

    def choose(name: str) -> str:
        typed = texts.get(name, "")
        return typed if typed != before.get(name, "") else current.get(name, "")

    others = {name: text for name, text in texts.items() if name not in _CONTROLS}
    return others | {name: chosen for name in _CONTROLS if (chosen := choose(name))}


def _read_text(body: Mapping[str, Any], name: str) -> str:
    value = body.get(name)
    return value if isinstance(value, str) else ""
