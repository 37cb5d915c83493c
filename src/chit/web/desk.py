"""What the server works with: the person's own home or the sandbox's, and the keys."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from typing import Any

from chit.app import App, check_key_marks, open_app, record_key_marks
from chit.errors import StoreError
from chit.notices import HomeChanged, Notices, PrefsChanged
from chit.openrouter.client import Timeouts
from chit.prefs import UserPrefs
from chit.vault.fingerprint import Marks
from chit.vault.passphrase import Passphrase
from chit.vault.status import find_marks, find_status
from chit.web.desk_state import DeskState, ShownKeychain, show_key, show_vault
from chit.web.errands import Errands
from chit.web.imports import Imports
from chit.web.key_keeping import KeyKeeping
from chit.web.key_ring import HandedOver, KeyRing
from chit.web.sandbox_room import OpenSandbox, SandboxRoom

_HOME = "desk_home"
"""The setting that says which home to open after a restart."""
_SANDBOX = "sandbox"
_ADOPTED = ("model", "parameters", "theme", "low_balance", "auto_lock_minutes")
"""What takes effect while the server runs; the rest is for the next start."""


class Desk:
    """`open_desk` makes it. Whatever it shows, the person's own home stays open: the sessions are kept there."""

    def __init__(self, own: App, prefs: UserPrefs, ring: KeyRing, room: SandboxRoom, notices: Notices) -> None:
        self.own = own
        """The person's own."""
        self.prefs = prefs
        """As they are now."""
        self.ring = ring
        self.notices = notices
        """Everything that pages want to know: what the app that is shown tells, and what the desk does."""
        self.keeping = KeyKeeping(ring, publish=notices.publish, remember=self._remember)
        self.errands = Errands()
        self.prefs_turn = asyncio.Lock()
        """One change of the preferences at a time, so that the desk goes on with what the file says last."""
        self.imports = Imports()
        self.warning: str | None = None
        self._room = room
        self._moving = asyncio.Lock()
        self._app = own
        self._unsubscribe = own.notices.subscribe(notices.publish)

    # --- the keys --------------------------------------------------------------------------------------------------

    @property
    def has_key(self) -> bool:
        """Whether a model can be asked, once nothing is locked."""
        return self.is_sandbox or self.ring.has_key

    @property
    def locked(self) -> bool:
        """Whether it takes the passphrase to ask a model anything."""
        return not self.is_sandbox and self.ring.locked

    async def check_key(self) -> None:
        """Before each question, and before anything of it is recorded: keeps the vault open for a while longer.

        Raises `VaultLocked`, or `KeyUnavailable` where there is no key.
        """
        if not self.is_sandbox:
            await self.ring.check()

    async def unlock(self, passphrase: Passphrase) -> None:
        """Raises as `KeyRing.unlock`."""
        await self.ring.unlock(passphrase)
        await self.check_marks()

    async def check_marks(self) -> None:
        """Warn if a key is not the one that was last used (attack case 39). Raises `StoreError`."""
        store = self.ring.store
        marks = find_marks(await find_status(store), store)
        self.warning = await check_key_marks(self.own.store, marks) or self.warning

    async def _remember(self, marks: Marks) -> None:
        await record_key_marks(self.own.store, marks)

    # --- the homes -------------------------------------------------------------------------------------------------

    @property
    def app(self) -> App:
        """That of the home that is shown; never closed while it is this one."""
        return self._app

    @property
    def is_sandbox(self) -> bool:
        """Whether it is the sandbox's."""
        return self._app is not self.own

    @property
    def defaults(self) -> dict[str, Any]:
        """Parameters for questions that do not give them: for `core.defaults.add_defaults`.

        The apps here have none of their own, since preferences change while they run.
        """
        return {} if self.is_sandbox else self.prefs.defaults

    @property
    def default_parameters(self) -> Mapping[str, Any]:
        """The same without the model: what the parameters' panel shows as defaults."""
        return {} if self.is_sandbox else self.prefs.parameters

    async def enter_sandbox(self, *, remember: bool = True) -> None:
        """Go on there until `leave_sandbox`; after a restart too, where it is remembered.

        Raises `StoreError`, `OSError`.
        """
        async with self._moving:
            if not self.is_sandbox:
                app = await self._room.open(self.prefs)
                try:
                    if remember:
                        await self.own.store.record_setting(_HOME, _SANDBOX)
                except StoreError:
                    await self._room.close()
                    raise
                self._show(app)

    async def leave_sandbox(self) -> None:
        """Back to the person's own home. What runs in the sandbox is stopped, and kept as it is."""
        async with self._moving:
            if self.is_sandbox:
                self._show(self.own)
                await self._room.close()
            await self.own.store.record_setting(_HOME, "")

    async def return_to_home(self) -> None:
        """At the start: where the person was before. A sandbox that cannot be opened is a warning."""
        if await self.own.store.find_setting(_HOME) == _SANDBOX:
            try:
                await self.enter_sandbox()
            except (StoreError, OSError) as error:
                self.warning = f"the sandbox could not be opened: {error}"

    async def close(self) -> None:
        """Finish what was begun, and close the sandbox; it is not forgotten that it was chosen."""
        await self.errands.close()
        self._unsubscribe()
        self._app = self.own
        await self._room.close()

    def _show(self, app: App) -> None:
        self._unsubscribe()
        self._app = app
        self._unsubscribe = app.notices.subscribe(self.notices.publish)
        self.notices.publish(HomeChanged(self.is_sandbox))

    # --- the rest --------------------------------------------------------------------------------------------------

    def take_prefs(self, prefs: UserPrefs) -> None:
        """Go on with these, as far as that is possible without a restart."""
        changed = replace(self.prefs, **{name: getattr(prefs, name) for name in _ADOPTED})
        self.ring.change_idle(changed.auto_lock_minutes)
        self.prefs = changed
        for app in (self.own, self._app):
            app.balance.change_threshold(changed.low_balance)
        self.notices.publish(PrefsChanged())

    async def describe(self) -> DeskState:
        """For screens. Looks at every place where keys can be; nothing is unlocked or changed for it."""
        await self.ring.look_if_needed()
        store = self.ring.store
        status = await find_status(store)
        return DeskState(
            has_key=self.has_key,
            locked=self.locked,
            is_sandbox=self.is_sandbox,
            keys=tuple(map(show_key, status.kept)),
            vault=show_vault(
                status,
                seconds_left=store.unlocked.seconds_left(),
                sharing_problem=self.ring.sharing.problem,
            ),
            keychain=ShownKeychain(name=status.keychain, problem=status.keychain_problem),
            warning=self.warning,
            home=self.app.prefs.home,
            base_url=store.base_url,
        )


@asynccontextmanager
async def open_desk(
    prefs: UserPrefs, handed: HandedOver, *, open_sandbox: OpenSandbox, timeouts: Timeouts | None = None
) -> AsyncIterator[Desk]:
    """Keys first, then the homes; closed in the other order, and locked at the end. Raises `StoreError`."""
    notices = Notices()
    ring = KeyRing(prefs, handed, publish=notices.publish)
    plain = prefs.without_defaults()  # see `Desk.defaults`
    async with AsyncExitStack() as closing:
        closing.push_async_callback(ring.close)
        await ring.open()
        own = await closing.enter_async_context(
            open_app(plain, key=ring.use, management_key=ring.find_management, scrub=handed.scrub, timeouts=timeouts)
        )
        desk = Desk(own, prefs, ring, SandboxRoom(open_sandbox), notices)
        closing.push_async_callback(desk.close)
        await desk.check_marks()
        await desk.return_to_home()
        yield desk
