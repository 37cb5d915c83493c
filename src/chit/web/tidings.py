"""What happens elsewhere in Chit, told to the pages: settlements, the balance, locks, homes, preferences."""

import asyncio
from collections.abc import Coroutine
from contextlib import suppress
from typing import Any

from chit.app import App
from chit.errors import ChitError
from chit.notices import BalanceChanged, HomeChanged, KeysChanged, LockChanged, Notice, PrefsChanged, SettlementChanged
from chit.web import pages
from chit.web.chrome import tell_balance
from chit.web.conversation_list import write_item
from chit.web.desk import Desk
from chit.web.hub import Hub
from chit.web.slip import write_slip


class Tidings:
    """Subscribe `take` to the desk's notices."""

    def __init__(self, desk: Desk, hub: Hub) -> None:
        self._desk = desk
        self._hub = hub
        self._tasks: set[asyncio.Task[None]] = set()

    def take(self, notice: Notice) -> None:
        """Tell it, at once or as soon as the store was read."""
        match notice:
            case SettlementChanged(generation_id):
                self._begin(self._tell_settled(self._desk.app, generation_id))
            case BalanceChanged():
                self._hub.publish("balance", **tell_balance(self._desk.app, self._desk))
            case LockChanged(is_locked):
                self._hub.publish("locked" if is_locked else "unlocked")
                if not is_locked:
                    self._begin(self._ask_balance())
            case KeysChanged():
                self._hub.publish("unlocked")
                self._begin(self._ask_balance())
            case HomeChanged():
                self._hub.publish("reset", epoch=self._hub.epoch)
            case PrefsChanged():
                self._hub.publish("prefs", theme=self._desk.prefs.theme)
                self._hub.publish("balance", **tell_balance(self._desk.app, self._desk))

    async def close(self) -> None:
        """Nothing more is told."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _begin(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _ask_balance(self) -> None:
        """Other keys may see more; whoever has just added one to see the balance wants to see it."""
        with suppress(ChitError):
            await self._desk.app.balance.refresh()

    async def _tell_settled(self, app: App, generation_id: str) -> None:
        """The chit under the reply, and what the conversation costs now. Shown again by the next view if this fails."""
        try:
            found = await app.store.find(generation_id)
            if found is None:
                return
            generation = await app.store.get_generation(found.id)
            if app is not self._desk.app:
                return
            slip = write_slip(generation, is_sandbox=self._desk.is_sandbox)
            self._hub.publish(
                "chit",
                message=generation.message_id,
                line=pages.render("chit_line", slip=slip),
                receipt=pages.render("receipt", slip=slip),
            )
            self._hub.publish("conversation", **await write_item(app.store, generation.conversation_id))
        except ChitError:
            return
