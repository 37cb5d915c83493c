"""What a page asks for of parameters: their chips, their panel, and each change of them. The server does the work."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from aiohttp import web

from chit.core.parameter_fields import FIELDS
from chit.core.parameter_form import Reading, read_form, remark_on_form, reset_parameter, write_form
from chit.core.preferences import find_preference
from chit.core.stray_secret import find_secret
from chit.errors import InputError, NotFound
from chit.prefs_file import refuse_secret
from chit.web.answer import answer_json
from chit.web.body import read_object
from chit.web.desk import Desk
from chit.web.hub import Hub
from chit.web.parameter_order import Order, read_base, read_order, unite
from chit.web.parameter_panel import Sheet, write_chips, write_panel
from chit.web.parameter_templates import Template, Templates
from chit.web.prefs_routes import PrefsRoutes
from chit.web.routes import Route

_MOST_BODY = 512 * 1024


@dataclass(slots=True, kw_only=True)
class Outcome:
    """What the page is told."""

    parameters: dict[str, Any]
    system: str
    is_changed: bool = False
    sheet: Sheet | None = None
    """None leaves the panel as it is, or closes it."""
    model: str | None = None
    """What to put into the model field."""
    notes: list[str] = field(default_factory=list)


class ParameterRoutes:
    """Over a desk."""

    def __init__(self, desk: Desk, hub: Hub, prefs: PrefsRoutes) -> None:
        self._desk = desk
        self._hub = hub
        self._prefs = prefs
        self._templates = Templates()

    def routes(self) -> list[Route]:
        """For the table."""
        return [Route(method="POST", path="/parameters", handler=self.change, kind="json")]

    async def change(self, request: web.Request) -> web.StreamResponse:
        """`{"do", "texts"?, "model"?, "conversation"?, "draft"?, "defaults"?}`.

        `{"draft", "chips", "panel", "model", "note"}`: null for what stays as it is, an empty panel closes.
        """
        order = read_order(await read_object(request, most=_MOST_BODY))
        if order.is_defaults:
            return answer_json(await self._change_defaults(order))
        outcome = await self._decide(order)
        if outcome.is_changed and order.conversation is not None:
            await self._record(order.conversation, outcome.parameters)
        chips = write_chips(
            outcome.parameters, self._desk.default_parameters, outcome.system if order.conversation is None else ""
        )
        if outcome.is_changed and order.conversation is not None:
            self._hub.publish("parameters", conversation=order.conversation, chips=chips)
        kept = outcome if order.conversation is None else order
        return answer_json(
            {
                "draft": {"parameters": kept.parameters, "system": kept.system},
                "chips": chips,
                "panel": write_panel(outcome.sheet) if outcome.sheet else "" if order.verb == "keep" else None,
                "model": outcome.model,
                "note": " ".join(outcome.notes),
            }
        )

    async def _decide(self, order: Order) -> Outcome:
        """Raises `NotFound`, `InputError`, `StoreError`."""
        store = self._desk.app.store
        own, system = order.parameters, order.system
        if order.conversation is not None:
            own = (await store.get_conversation(order.conversation)).parameters
        outcome = Outcome(parameters=dict(own), system=system)
        match order.verb:
            case "":
                return outcome
            case "show":
                outcome.sheet = replace(await self._sheet(order, own, system), control=order.of)
            case "reset":
                outcome.parameters, outcome.is_changed = reset_parameter(own, order.of), True
            case "apply":
                await self._apply(order, outcome)
            case "rename" | "delete":
                await self._change_template(order)
                outcome.sheet = await self._sheet_again(order, read_form(order.texts))
            case "keep" | "save" | "update":
                await self._keep(order, outcome)
            case _:
                raise InputError("there is no such change", hint="Load the page again.")
        return outcome

    async def _keep(self, order: Order, outcome: Outcome) -> None:
        """The form as it stands: with the conversation, or as a template and the panel stays open."""
        texts = unite(order.texts, write_form(outcome.parameters)) if order.verb == "keep" else order.texts
        reading = read_form(texts)
        if reading.problems:
            outcome.sheet = await self._sheet_again(replace(order, texts=texts), reading)
            return
        _refuse_secrets(reading.parameters)
        system = order.texts.get("system", outcome.system)
        if order.verb != "keep" or order.texts.get("template", "").strip():
            await self._save_template(order, reading.parameters, system)
        if order.verb == "keep":
            outcome.parameters, outcome.system, outcome.is_changed = reading.parameters, system, True
            outcome.notes += write_remarks(texts)
        else:
            outcome.sheet = await self._sheet_again(order, reading)

    async def _save_template(self, order: Order, parameters: Mapping[str, Any], system: str) -> None:
        store = self._desk.app.store
        name, template_id = order.texts.get("template", ""), ""
        if order.verb == "update":
            before = await self._templates.get(store, order.of)
            name, template_id = before.name, before.id
            system = system if order.conversation is None else before.system
        template = Template(id=template_id, name=name, parameters=parameters, model=order.model, system=system)
        await self._templates.save(store, template)

    async def _change_template(self, order: Order) -> None:
        store = self._desk.app.store
        if order.verb == "delete":
            await self._templates.delete(store, order.of)
            return
        before = await self._templates.get(store, order.of)
        await self._templates.save(store, replace(before, name=order.texts.get(f"name:{order.of}", "")))

    async def _apply(self, order: Order, outcome: Outcome) -> None:
        template = await self._templates.get(self._desk.app.store, order.of)
        outcome.parameters, outcome.is_changed = dict(template.parameters), True
        outcome.model = template.model or None
        if template.system and order.conversation is None:
            outcome.system = template.system
        elif template.system:
            outcome.notes.append("The template's instructions are for a new conversation; this one keeps its own.")
        outcome.sheet = await self._sheet(order, outcome.parameters, outcome.system)

    async def _sheet(self, order: Order, own: Mapping[str, Any], system: str) -> Sheet:
        return Sheet(
            texts=write_form(own),
            defaults=self._desk.default_parameters,
            base=own,
            system=system if order.conversation is None else None,
            templates=await self._templates.list(self._desk.app.store),
        )

    async def _sheet_again(self, order: Order, reading: Reading) -> Sheet:
        """With what was typed in its place."""
        sheet = await self._sheet(order, read_base(order.texts), order.texts.get("system", order.system))
        return replace(sheet, texts=order.texts, problems=reading.problems)

    async def _record(self, conversation_id: str, parameters: Mapping[str, Any]) -> None:
        if not await self._desk.app.store.record_parameters(conversation_id, parameters):
            raise NotFound("there is no such conversation", hint="It may have been deleted on another page.")

    async def _change_defaults(self, order: Order) -> dict[str, Any]:
        reading, notes = read_form(order.texts), []
        if not reading.problems:
            is_overridden = await self._prefs.record("parameters", reading.parameters)
            notes = write_remarks(order.texts)
            notes.insert(0, OVERRIDDEN if is_overridden else "Your defaults are kept.")
            sheet = sheet_of_defaults(self._desk)
        else:
            sheet = replace(sheet_of_defaults(self._desk), texts=order.texts, problems=reading.problems)
        panel = write_panel(sheet)
        draft = {"parameters": order.parameters, "system": order.system}
        return {"draft": draft, "chips": None, "panel": panel, "model": None, "note": " ".join(notes)}


OVERRIDDEN = "Saved; but the environment of this server says otherwise, and wins."


def sheet_of_defaults(desk: Desk) -> Sheet:
    """The preferences' own form, for the settings."""
    preference = find_preference("parameters")
    variable = preference.variable if preference and os.environ.get(preference.variable) else None
    return Sheet(texts=write_form(desk.prefs.parameters), is_defaults=True, variable=variable)


def write_remarks(texts: Mapping[str, str]) -> list[str]:
    """What is unusual in what was kept, a sentence or two each."""
    labels = {each.name: f"{each.label}: " for each in FIELDS}
    return [labels.get(name, "") + remark for name, remark in remark_on_form(texts).items()]


def _refuse_secrets(parameters: Mapping[str, Any]) -> None:
    """Raises `InputError` for what looks like a key: parameters are kept in plain text."""
    if (way := find_secret({"parameters": parameters})) is not None:
        raise refuse_secret(".".join(way))
