"""The box: everything the handlers of one sandbox share."""

import asyncio
import string
import time
from collections import deque
from dataclasses import dataclass, field, replace
from itertools import count
from random import Random

from aiohttp import web

from chit.sandbox.account import Account, Key
from chit.sandbox.codes import Codes
from chit.sandbox.ledger import Generation, Ledger, State
from chit.sandbox.mishaps import LATE_SECONDS, Schedule
from chit.sandbox.replay import Recordings
from chit.sandbox.reply import Reply

_ALPHABET = string.ascii_letters + string.digits
_BOXES = count()


@dataclass(slots=True, kw_only=True)
class Box:
    """The state of one sandbox."""

    account: Account
    recordings: Recordings
    random: Random
    """Decides timing, providers and where replayed bytes are cut."""
    pace: float
    settle_after: float
    schedule: Schedule | None = None
    """What goes wrong; None where nothing does."""
    ledger: Ledger = field(default_factory=Ledger)
    replies: deque[Reply] = field(default_factory=deque)
    codes: Codes = field(default_factory=Codes)
    ids: Random = field(default_factory=lambda: Random(f"ids {next(_BOXES)}"))  # noqa: S311 (names, not secrets)
    """Names generations; different in every box of one process, so that ids never meet."""

    def make_generation_id(self, now: float, prefix: str = "gen") -> str:
        """A fresh `gen-<unix>-<20 characters>`; those of embeddings begin with `gen-emb`."""
        return f"{prefix}-{int(now)}-{''.join(self.ids.choices(_ALPHABET, k=20))}"

    async def pause(self, seconds: float) -> None:
        """Wait as long as the pace says; at pace 0 only let others run."""
        await asyncio.sleep(seconds * self.pace)

    def take_reply(self) -> Reply | None:
        """The next queued reply, counted down."""
        if not self.replies:
            return None
        reply = self.replies.popleft()
        if reply.times > 1:
            self.replies.appendleft(replace(reply, times=reply.times - 1))
        return reply

    def end(self, generation: Generation, state: State, key: Key | None) -> None:
        """Bill a generation and note how it ended; only the first end counts."""
        if generation.billed is None:
            generation.state = state
            generation.ended = time.time()
            generation.billed = generation.make_usage()
            self.account.charge(key, generation.billed)

    def reset(self) -> None:
        """A fresh account, an empty ledger, no queued replies, no open sign-ins."""
        self.account = Account()
        self.ledger.clear()
        self.replies.clear()
        self.codes.clear()

    def is_settled(self, generation: Generation) -> bool:
        """Whether `GET /generation` may answer by now."""
        fate = self.schedule.find_fate(generation.id) if self.schedule else "soon"
        wait = self.settle_after + (LATE_SECONDS if fate == "late" else 0)
        return fate != "never" and generation.ended is not None and time.time() >= generation.ended + wait


BOX = web.AppKey("box", Box)
"""Where the application keeps its box."""
