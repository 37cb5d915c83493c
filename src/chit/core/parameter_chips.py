"""What a conversation's parameters say beyond the defaults, a few words each."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from chit.core.located_json import read_object
from chit.core.parameter_field import Field
from chit.core.parameter_fields import FIELDS, UNITS, belongs_to, find_field
from chit.core.parameter_form import OFF, RAW, write_form

_LONGEST = 28


@dataclass(frozen=True, slots=True, kw_only=True)
class Chip:
    """One difference."""

    text: str
    control: str
    """Where it can be changed."""
    reset: str
    """What `reset_parameter` takes to undo it."""


def list_chips(parameters: Mapping[str, Any], defaults: Mapping[str, Any]) -> list[Chip]:
    """Of what differs, in the order of the panel."""
    texts, usual = write_form(parameters), write_form(defaults)
    chips = []
    for each in FIELDS:
        family = [field.name for field in FIELDS if belongs_to(field.name, each.name)]
        if each.chip and texts.get(each.name) and any(texts.get(name) != usual.get(name) for name in family):
            chips.append(Chip(text=_say(each, texts), control=each.name, reset=each.name))
    for unit in UNITS:
        if OFF + unit in texts:
            chips.append(Chip(text=f"no {name_unit(unit)}", control=OFF + unit, reset=OFF + unit))
    for name, value in read_object(texts.get(RAW, "{}")).items():
        if name not in defaults or defaults[name] != value:
            chips.append(Chip(text=_cut(f"no {name}" if value is None else name), control=RAW, reset=f"{RAW}:{name}"))
    return chips


def name_unit(unit: str) -> str:
    """What a default stands for, in a word or two: `reasoning`, `zero data retention`."""
    field = find_field(unit)
    return field.label.lower() if field else unit.removeprefix("provider.").replace("_", " ")


def _say(each: Field, texts: Mapping[str, str]) -> str:
    text = " ".join(texts[each.name].split())
    if each.name == "response_format" and text == "json_schema":
        return _cut(f"JSON schema: {texts['response_format.name']}")
    if each.kind == "flag":
        return each.chip if text == "true" else each.off
    if each.kind == "entry":
        return each.chip if text == "on" else each.off
    return _cut(each.chip.format(text))


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"
