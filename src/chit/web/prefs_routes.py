"""Changing preferences through a page: the same file, the same checks and the same words as `chit prefs`."""

import asyncio
import os
from collections.abc import Mapping
from typing import Any

from aiohttp import web

from chit.core.preferences import Preference, find_preference
from chit.errors import InputError
from chit.prefs import UserPrefs, check_value, find_prefs_file, load_prefs
from chit.prefs_change import set_in_file, unset_in_file
from chit.web.answer import answer_json
from chit.web.body import read_object
from chit.web.desk import Desk
from chit.web.routes import Route

CHANGEABLE = ("theme", "model", "low_balance", "auto_lock_minutes", "parameters")
"""Not the base URL: no page decides where the key goes."""
_MOST_BODY = 64 * 1024
_OVERRIDDEN = "Saved; but the environment of this server says otherwise, and wins."

_Changes = list[tuple[Preference, Any]]


class PrefsRoutes:
    """The handler, over one desk. `environment` says where the file is, and what wins over it."""

    def __init__(self, desk: Desk, environment: Mapping[str, str] | None = None) -> None:
        self._desk = desk
        self._environment = os.environ if environment is None else environment

    def routes(self) -> list[Route]:
        """For the table."""
        return [Route(method="PATCH", path="/prefs", handler=self.change, kind="json")]

    async def change(self, request: web.Request) -> web.StreamResponse:
        """`{name: value}`, null for the default: `{"prefs", "note"}`; the note says if the environment wins.

        One that cannot be leaves all of them as they are.
        """
        changes = [_check(name, value) for name, value in (await read_object(request, most=_MOST_BODY)).items()]
        await self._desk.errands.run(self._apply(changes))
        is_overridden = any(self._environment.get(each.variable) for each, _ in changes)
        return answer_json({"prefs": self._show(), "note": _OVERRIDDEN if is_overridden else None})

    async def record(self, name: str, value: Any) -> bool:
        """Change one, null for the default; whether the environment says otherwise. Raises `InputError`."""
        preference, checked = _check(name, value)
        await self._desk.errands.run(self._apply([(preference, checked)]))
        return bool(self._environment.get(preference.variable))

    async def _apply(self, changes: _Changes) -> None:
        async with self._desk.prefs_turn:
            self._desk.take_prefs(await asyncio.to_thread(self._write, changes))

    def _write(self, changes: _Changes) -> UserPrefs:
        path = find_prefs_file(self._environment)
        for preference, value in changes:
            if value is None:
                unset_in_file(path, (preference.name,))
            else:
                set_in_file(path, (preference.name,), value)
        return load_prefs(self._environment)

    def _show(self) -> dict[str, Any]:
        """Money is text, exact to its last digit."""
        shown = {name: getattr(self._desk.prefs, name) for name in CHANGEABLE}
        return shown | {"low_balance": str(self._desk.prefs.low_balance)}


def _check(name: str, value: Any) -> tuple[Preference, Any]:
    """Raises `InputError`; a name that is none is not repeated, since it may be anything."""
    preference = find_preference(name) if name in CHANGEABLE else None
    if preference is None:
        raise InputError("there is no such preference to change here", hint=f"There are {', '.join(CHANGEABLE)}.")
    if isinstance(value, str):
        value = preference.read(value)
    if value in (None, {}):
        return preference, None
    return preference, check_value(preference, value)
