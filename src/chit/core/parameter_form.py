"""Request parameters as the texts of a form, and back.

What has no control of its own stands in the raw JSON box. Nothing is lost or said twice: a form written from parameters
reads as exactly those parameters. Values are checked for their form only; what a number means, OpenRouter judges.
"""

import json
from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any

from chit.core.json_schema import find_flaw
from chit.core.located_json import TextInvalid, find_name, read_object, write_json
from chit.core.parameter_controls import read_control, read_number, write_control
from chit.core.parameter_field import KEYS, Field
from chit.core.parameter_fields import FIELDS, UNITS, belongs_to, find_field
from chit.core.params import remark_on_parameters
from chit.core.preferences import FILLED_IN

RAW = "raw"
"""The control for everything else: a JSON object."""
OFF = "off:"
"""Begins the name of a control that leaves a default out: `off:temperature`. As a parameter that is null."""
_FORMAT, _SEARCH = "response_format", "web_search"
_NOT_HERE = {"model": "it has a field of its own", "models": "it has a field of its own, several with commas"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """Why a control cannot be read."""

    text: str
    caret: int | None = None
    """Where in its text, from 0."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What a form says."""

    parameters: dict[str, Any]
    """Without what cannot be read."""
    problems: dict[str, Problem] = field(default_factory=dict)
    """By control."""


def read_form(texts: Mapping[str, str]) -> Reading:
    """The parameters that a form's texts say, empty ones being none."""
    problems: dict[str, Problem] = {}
    parameters = _read_raw(texts.get(RAW, ""), problems)
    for each in FIELDS:
        if not (text := texts.get(each.name, "")).strip():
            continue
        try:
            value = read_control(text, each)
        except TextInvalid as error:
            problems[each.name] = Problem(text=str(error), caret=error.offset)
        except ValueError as error:
            problems[each.name] = Problem(text=str(error))
        else:
            if not _put(parameters, each, value):
                problems.setdefault(RAW, _say_twice(texts.get(RAW, ""), each))
    _read_offs(texts, parameters, problems)
    _check_groups(texts, problems)
    return Reading(parameters=parameters, problems=problems)


def write_form(parameters: Mapping[str, Any]) -> dict[str, str]:
    """The texts of these parameters, without the empty ones."""
    texts = _take_apart(parameters, frozenset())
    reading = read_form(texts)
    wrong = {name for name in parameters if _spell(reading.parameters.get(name)) != _spell(parameters[name])}
    wrong |= {each.path[0] for name in reading.problems if (each := find_field(name))}
    return _take_apart(parameters, frozenset(wrong)) if wrong else texts


def remark_on_form(texts: Mapping[str, str]) -> dict[str, str]:
    """What is unusual in a form that can be read, by control; it is sent all the same."""
    remarks = {}
    for each in FIELDS:
        if each.kind in ("number", "integer") and (text := texts.get(each.name, "").strip()):
            value = read_number(text)
            if not (each.low is None or each.low <= value) or not (each.high is None or value <= each.high):
                end = f"to {each.high:g}" if each.high is not None else "and up"
                remarks[each.name] = f"OpenRouter documents {each.low:g} {end}; it is sent as given."
    if found := remark_on_parameters(_read_raw(texts.get(RAW, ""), {})):
        remarks[RAW] = " ".join(found)
    return remarks


def reset_parameter(parameters: Mapping[str, Any], name: str) -> dict[str, Any]:
    """Without what a control says; `raw:logit_bias` is one name in the raw box."""
    control, _, inner = name.partition(":")
    texts = write_form(parameters)
    if control == RAW and inner:
        rest = read_object(texts.get(RAW, "{}"))
        rest.pop(inner, None)
        texts[RAW] = write_json(rest)
    kept = {each: text for each, text in texts.items() if not belongs_to(each, name)}
    return read_form(kept).parameters


# --- controls together ------------------------------------------------------------------------------------------------


def _read_raw(text: str, problems: dict[str, Problem]) -> dict[str, Any]:
    if not text.strip():
        return {}
    try:
        parameters = read_object(text)
        for name in parameters:
            if name in FILLED_IN or name in _NOT_HERE:
                why = _NOT_HERE.get(name, "Chit fills it in")
                raise TextInvalid(f"{name} cannot be given here: {why}", text, find_name(text, name))
    except TextInvalid as error:
        problems[RAW] = Problem(text=str(error), caret=error.offset)
        return {}
    return parameters


def _say_twice(raw: str, each: Field) -> Problem:
    problem = TextInvalid(
        f"{each.path[0]} says here what “{each.label}” says above, or cannot be joined with it",
        raw,
        find_name(raw, each.path[0]),
    )
    return Problem(text=str(problem), caret=problem.offset)


def _read_offs(texts: Mapping[str, str], parameters: dict[str, Any], problems: dict[str, Problem]) -> None:
    for unit in UNITS:
        if texts.get(OFF + unit):
            *outer, name = unit.split(".")
            holder = _reach(parameters, outer, make=True)
            if isinstance(holder, dict) and name not in holder:
                holder[name] = None
            else:
                problems[OFF + unit] = Problem(text="Leave it out or give it a value, not both.")


def _check_groups(texts: Mapping[str, str], problems: dict[str, Problem]) -> None:
    """Controls that mean nothing without another one, and a schema that is none."""

    def demand(name: str, text: str) -> None:
        problems.setdefault(name, Problem(text=text))

    is_schema = texts.get(_FORMAT) == "json_schema"
    for each in FIELDS:
        if texts.get(each.name, "").strip() and each.name.startswith(f"{_FORMAT}.") and not is_schema:
            demand(each.name, "Choose json_schema as the format, or empty this.")
        if texts.get(each.name, "").strip() and each.name.startswith(f"{_SEARCH}.") and not texts.get(_SEARCH):
            demand(each.name, "Switch web search on, or empty this.")
    name, schema = f"{_FORMAT}.name", f"{_FORMAT}.schema"
    if is_schema and not texts.get(name, "").strip():
        demand(name, "The schema needs a name.")
    if is_schema and not texts.get(schema, "").strip():
        demand(schema, "The schema is missing.")
    elif is_schema and schema not in problems and (flaw := find_flaw(read_object(texts[schema]))):
        at = next((step for step in reversed(flaw.path) if isinstance(step, str)), "")
        problems[schema] = Problem(text=str(flaw), caret=find_name(texts[schema], at))


# --- parameters taken apart -------------------------------------------------------------------------------------------


def _take_apart(parameters: Mapping[str, Any], whole: frozenset[str]) -> dict[str, str]:
    """The texts; what stands under a name in `whole` goes into the raw box as it is."""
    rest = {name: deepcopy(value) for name, value in parameters.items() if name not in whole}
    texts = {}
    for unit in UNITS:
        path = unit.split(".")
        holder = _reach(rest, path[:-1])
        if isinstance(holder, dict) and holder.get(path[-1], 0) is None:
            _drop(rest, path)
            texts[OFF + unit] = "on"
    for each in FIELDS:
        if text := _take(rest, each):
            texts[each.name] = text
    if rest := rest | {name: parameters[name] for name in parameters if name in whole}:
        texts[RAW] = write_json(rest)
    return texts


def _take(rest: dict[str, Any], each: Field) -> str:
    """The text of a field, whose value then is no longer there; empty if it has none, or one that it cannot show."""
    if each.kind == "entry":
        entry = _reach(rest, each.path)
        enabled = entry.get("enabled") if isinstance(entry, dict) else True
        text = "on" if enabled is None and "enabled" not in entry else "off" if enabled is False else ""
        if text not in each.options:
            return ""
        _drop(rest, (*each.path, "enabled"))
        return text
    holder = _reach(rest, each.path[:-1])
    if not isinstance(holder, dict) or each.path[-1] not in holder:
        return ""
    text = write_control(holder[each.path[-1]], each)
    if text:
        _drop(rest, each.path)
    return text


def _put(parameters: dict[str, Any], each: Field, value: Any) -> bool:
    """Whether there was room for it."""
    path = each.path if each.kind == "entry" else each.path[:-1]
    name = "enabled" if each.kind == "entry" else each.path[-1]
    holder = _reach(parameters, path, make=True)
    if not isinstance(holder, dict) or (value is not None and name in holder):
        return False
    if value is not None:
        holder[name] = value
    return True


def _reach(parameters: dict[str, Any], path: Any, *, make: bool = False) -> Any:
    """What stands at the end of a path, made of objects where it is missing; None where there can be none."""
    holder: Any = parameters
    key: str | None = None
    for step in path:
        if key is not None:
            found = [item for item in holder if isinstance(item, dict) and item.get(key) == step]
            if make and not found:
                found = [{key: step}]
                holder += found
            holder, key = found[0] if len(found) == 1 else None, None
        elif isinstance(holder, dict):
            key = KEYS.get(step) if holder is parameters else None
            holder = holder.setdefault(step, [] if key else {}) if make else holder.get(step)
            if key and not isinstance(holder, list):
                return None
        if holder is None:
            return None
    return holder


def _drop(rest: dict[str, Any], path: Any) -> None:
    """Remove what stands at a path if it does, and what is left of its holders if that is nothing."""
    holder = _reach(rest, path[:-1])
    holder.pop(path[-1], None)
    for length in range(len(path) - 1, 0, -1):
        outer, inner = _reach(rest, path[: length - 1]), _reach(rest, path[:length])
        if isinstance(outer, list):
            if len(inner) > 1:
                return
            outer.remove(inner)
        elif inner:
            return
        else:
            del outer[path[length - 1]]


def _spell(value: Any) -> str:
    """The same for what is the same JSON; in Python, 1 is True and 1.0."""
    return json.dumps(value, sort_keys=True)
