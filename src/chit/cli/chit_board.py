"""The chits of a chat: the last one above the prompt, settled in place; those that settle later, on their own lines."""

import asyncio
import sys
from collections.abc import Callable
from contextlib import suppress

from chit.app import App
from chit.cli.receipt import chit_line
from chit.cli.terminal import paint
from chit.core.generation import Generation, write_chit
from chit.errors import StoreError
from chit.notices import Notice, SettlementChanged
from chit.store.ids import short_id


class ChitBoard:
    """`on_change` is called when what `lines` gives has changed."""

    def __init__(self, app: App) -> None:
        self.on_change: Callable[[], None] = _do_nothing
        self._app = app
        self._last: Generation | None = None
        self._waiting: dict[str, str] = {}
        self._late: list[str] = []
        self._shown = ""
        self._tasks: set[asyncio.Task[None]] = set()
        self._unsubscribe = app.notices.subscribe(self._note)

    def close(self) -> None:
        """Hear no more."""
        self._unsubscribe()
        for task in self._tasks:
            task.cancel()

    def lines(self) -> list[str]:
        """What stands above the prompt, in the terminal's codes."""
        self._shown = chit_line(write_chit(self._last), sys.stdout) if self._last else ""
        return [*self._late, *filter(None, [self._shown])]

    async def put(self, message_id: str) -> None:
        """Its chit is the last one. A request that was refused has none."""
        with suppress(StoreError):
            for _ in range(2):  # it may be settled while it is looked for the first time, and nobody would tell
                generation = await self._app.store.find_generation(message_id)
                if generation and (generation.generation_id or generation.state != "failed"):
                    self._last = generation

    def leave(self) -> None:
        """What was shown stays on the screen as it is; what is different now, or will be, is told later."""
        last, self._last, self._late = self._last, None, []
        if last is not None and chit_line(write_chit(last), sys.stdout) != self._shown:  # a dumb terminal, say
            self._late = [_tell_late(last)]
        elif last is not None and last.generation_id and write_chit(last).settlement == "pending":
            self._waiting[last.generation_id] = last.message_id

    def _note(self, notice: Notice) -> None:
        if isinstance(notice, SettlementChanged):
            task = asyncio.ensure_future(self._look(notice.generation_id))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _look(self, generation_id: str) -> None:
        if self._last is not None and self._last.generation_id == generation_id:
            await self.put(self._last.message_id)
        elif (message_id := self._waiting.pop(generation_id, None)) is not None:
            with suppress(StoreError):
                generation = await self._app.store.find_generation(message_id)
                if generation is not None:
                    self._late.append(_tell_late(generation))
        self.on_change()


def _tell_late(generation: Generation) -> str:
    which = paint(f" · settled, reply {short_id(generation.message_id)}", "dim", sys.stdout)
    return chit_line(write_chit(generation), sys.stdout) + which


def _do_nothing() -> None:
    """Until somebody wants to hear of changes."""
