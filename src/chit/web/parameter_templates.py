"""Named sets of parameters, with a model and instructions: kept in the home they were made in."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from chit.core.jsontext import decode_json, encode_json
from chit.errors import InputError, NotFound
from chit.store.ids import new_id
from chit.store.protocol import Store

MOST = 50
MOST_NAME = 80
MOST_BYTES = 1024 * 1024
_SETTING = "parameter_templates"


@dataclass(frozen=True, slots=True, kw_only=True)
class Template:
    """One of them."""

    id: str
    name: str
    parameters: Mapping[str, Any] = field(default_factory=dict)
    model: str = ""
    """As the model field has it; empty leaves what stands there."""
    system: str = ""
    """Instructions for a new conversation."""


class Templates:
    """Those of one store."""

    def __init__(self) -> None:
        self._one = asyncio.Lock()

    async def list(self, store: Store) -> Sequence[Template]:
        """By name. Raises `StoreError`."""
        kept = await store.find_setting(_SETTING)
        return [Template(**each) for each in decode_json(kept.encode())] if kept else []

    async def get(self, store: Store, template_id: str) -> Template:
        """Raises `NotFound`, `StoreError`."""
        found = next((each for each in await self.list(store) if each.id == template_id), None)
        if found is None:
            raise NotFound("there is no such template", hint="It may have been deleted on another page.")
        return found

    async def save(self, store: Store, template: Template) -> None:
        """Add it, in the place of one with its id or its name. Raises `InputError`, `StoreError`."""
        name = " ".join(template.name.split())[:MOST_NAME]
        if not name:
            raise InputError("the template has no name", hint="Give it one.")
        async with self._one:
            others = [each for each in await self.list(store) if each.id != template.id and each.name != name]
            if len(others) >= MOST:
                raise InputError(f"there are {MOST} templates already", hint="Delete one first.")
            await self._record(store, [*others, replace(template, id=template.id or new_id(), name=name)])

    async def delete(self, store: Store, template_id: str) -> None:
        """Whether it was there or not. Raises `StoreError`."""
        async with self._one:
            await self._record(store, [each for each in await self.list(store) if each.id != template_id])

    async def _record(self, store: Store, templates: Sequence[Template]) -> None:
        ordered = sorted(templates, key=lambda each: (each.name.casefold(), each.id))
        text = encode_json([asdict(each) for each in ordered])
        if len(text) > MOST_BYTES:
            raise InputError("the templates are too long together", hint="Delete one first.")
        await store.record_setting(_SETTING, text.decode())
