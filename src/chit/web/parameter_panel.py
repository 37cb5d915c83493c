"""The parameters' panel and their chips, as html."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from chit.core.parameter_chips import list_chips, name_unit
from chit.core.parameter_field import Field
from chit.core.parameter_fields import FIELDS, GROUPS
from chit.core.parameter_form import OFF, RAW, Problem, remark_on_form, write_form
from chit.web import pages
from chit.web.parameter_templates import Template

WIDE, NARROW = 2, 1
"""Chips beside the model field; the others are counted."""
_OPEN = ("reply", "reasoning")
"""Groups that are unfolded though nothing in them is set."""
_WORDS = {"true": "yes", "false": "no"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """What a panel shows."""

    texts: Mapping[str, str]
    problems: Mapping[str, Problem] = field(default_factory=dict)
    defaults: Mapping[str, Any] = field(default_factory=dict)
    base: Mapping[str, Any] = field(default_factory=dict)
    """The parameters that the texts began as."""
    system: str | None = None
    """Instructions; None where none can be given any more."""
    templates: Sequence[Template] | None = None
    """None where they have no place."""
    is_defaults: bool = False
    control: str = ""
    """The one to go to, unless another one has a problem."""
    variable: str | None = None
    """The environment variable that wins over these defaults."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Control:
    """One field with what stands in it and around it."""

    field: Field
    text: str
    problem: Problem | None
    remark: str
    usual: str
    """The text of the default that holds while this is empty."""
    options: Sequence[tuple[str, str]] = ()
    """Values and words of a choice."""
    off: str = ""
    """The control that leaves out the default of this and its siblings; empty where there is none."""
    off_word: str = ""
    """What is left out."""
    is_off: bool = False
    off_problem: Problem | None = None


def write_chips(parameters: Mapping[str, Any], defaults: Mapping[str, Any], system: str = "") -> str:
    """The button that opens the panel, and what differs from the defaults."""
    chips = list_chips(parameters, defaults)
    return pages.render("parameters", chips=chips, has_system=bool(system.strip()), wide=WIDE, narrow=NARROW)


def write_panel(sheet: Sheet) -> str:
    """The whole of the form."""
    remarks = remark_on_form(sheet.texts) if not sheet.problems else {}
    usual = write_form(sheet.defaults)
    ordered = [name for each in FIELDS for name in (each.name, OFF + each.unit)]
    focus = next((name for name in (*ordered, RAW) if name in sheet.problems), sheet.control)
    shown = []
    for group in GROUPS:
        controls = [_control(each, sheet, remarks, usual) for each in group.fields]
        is_open = group.name in _OPEN or any(
            each.text or each.problem or each.off or each.field.name == focus for each in controls
        )
        shown.append({"title": group.title, "about": group.about, "controls": controls, "is_open": is_open})
    return pages.render(
        "parameter_panel",
        sheet=sheet,
        groups=shown,
        raw=sheet.texts.get(RAW, ""),
        raw_problem=sheet.problems.get(RAW),
        raw_remark=remarks.get(RAW, ""),
        raw_usual=usual.get(RAW, ""),
        focus=focus,
        prefix="d" if sheet.is_defaults else "p",
    )


def _control(each: Field, sheet: Sheet, remarks: Mapping[str, str], usual: Mapping[str, str]) -> Control:
    off = OFF + each.unit
    is_first = next(other for other in FIELDS if other.unit == each.unit) is each
    has_off = is_first and not sheet.is_defaults and (off in sheet.texts or _has_default(each, sheet.defaults))
    return Control(
        field=each,
        text=sheet.texts.get(each.name, ""),
        problem=sheet.problems.get(each.name),
        remark=remarks.get(each.name, ""),
        usual=usual.get(each.name, ""),
        options=[(value, _WORDS.get(value, value)) for value in each.options or _choices(each)],
        off=off if has_off else "",
        off_word=name_unit(each.unit),
        is_off=off in sheet.texts,
        off_problem=sheet.problems.get(off),
    )


def _choices(each: Field) -> tuple[str, ...]:
    return ("true", "false") if each.kind == "flag" else ()


def _has_default(each: Field, defaults: Mapping[str, Any]) -> bool:
    inner: Any = defaults
    for name in each.unit.split("."):
        inner = inner.get(name) if isinstance(inner, Mapping) else None
    return inner is not None
