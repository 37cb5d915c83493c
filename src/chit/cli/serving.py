"""The work of `chit serve`: one server for a home, a browser led to it, and an end within five seconds."""

import asyncio
import os
import signal
import sys
import webbrowser
from collections.abc import Sequence
from contextlib import AsyncExitStack
from pathlib import Path

from chit.cli.login_work import has_browser
from chit.cli.prefs import load_prefs_aloud
from chit.cli.programs import open_programs
from chit.cli.sandbox_place import open_sandbox_place
from chit.cli.terminal import write_err, write_out
from chit.cli.unlocking import CommandKeys
from chit.store.home import Home
from chit.vault.keychain import run_in_thread
from chit.web.codes import CODE_SECONDS
from chit.web.desk import open_desk
from chit.web.front import open_front
from chit.web.instance import ask_instance
from chit.web.key_ring import HandedOver
from chit.web.listening import Listening, open_listening
from chit.web.opening import Invitation

END_SECONDS = 4.5
"""From the first signal until the system ends this process, whatever still hangs (promise G15)."""


def serve_pages(
    *,
    port: int | None = None,
    no_browser: bool = False,
    allowed_hosts: Sequence[str] = (),
    in_sandbox: bool = False,
    key_file: Path | None = None,
) -> None:
    """Until a signal; at once where this home has a server. Raises `ChitError`."""
    keys = CommandKeys(load_prefs_aloud())
    keys.take_given(key_file)
    opens = not no_browser and has_browser(os.environ, sys.platform)
    asyncio.run(_Serving(keys, allowed_hosts, opens=opens, in_sandbox=in_sandbox).run(port))


class _Serving:
    """One `chit serve`; `opens` says whether it opens a browser, `in_sandbox` whether it begins there."""

    def __init__(self, keys: CommandKeys, allowed_hosts: Sequence[str], *, opens: bool, in_sandbox: bool) -> None:
        self._keys = keys
        self._prefs = keys.prefs
        self._folder = Home(keys.prefs.home).run
        self._allowed_hosts = allowed_hosts
        self._opens = opens
        self._in_sandbox = in_sandbox

    async def run(self, port: int | None) -> None:
        if found := await ask_instance(self._folder, port):
            instance, invitation = found
            await self._lead_in(f"Chit is running already, at http://127.0.0.1:{instance.port}", invitation)
            return
        listening = open_listening(port)
        try:
            await self._serve(listening)
        finally:
            listening.close()

    async def _serve(self, listening: Listening) -> None:
        handed = HandedOver(given=self._keys.given, learn=self._keys.learn, scrub=self._keys.scrub)
        ended = asyncio.Event()
        async with AsyncExitStack() as closing:
            desk = await closing.enter_async_context(open_desk(self._prefs, handed, open_sandbox=open_sandbox_place))
            if self._in_sandbox:
                await desk.enter_sandbox(remember=False)
            programs, admit = await closing.enter_async_context(open_programs(desk, in_sandbox=self._in_sandbox))
            server = await closing.enter_async_context(
                open_front(
                    listening,
                    desk,
                    handed,
                    run=self._folder,
                    allowed_hosts=self._allowed_hosts,
                    programs=programs,
                    admit_local=admit,
                )
            )
            if desk.warning:
                write_err(f"chit: {desk.warning}\n")
            end_on_signals(ended)
            _tell_taken(listening)
            where = f"Chit is at {server.address} (Ctrl-C ends it)"
            leading = asyncio.ensure_future(self._lead_in(where, server.openings.invite()))
            await ended.wait()
            leading.cancel()

    async def _lead_in(self, where: str, invitation: Invitation) -> None:
        """By a browser that opens a file: no list of processes shows the code. Without one, by the terminal alone."""
        if not self._opens:
            write_out(
                f"{where}\nOpen this address within {CODE_SECONDS:.0f} seconds; it signs in one browser:\n\n"
                f"  {invitation.address}\n\nFor another one: chit serve --no-browser\n"
            )
            return
        write_out(f"{where}\nIf no browser opens: chit serve --no-browser\n")
        await run_in_thread(lambda: webbrowser.open(invitation.page.as_uri()))


def end_on_signals(ended: asyncio.Event, seconds: float = END_SECONDS) -> None:
    """The first signal sets `ended` and leaves `seconds` for the rest; a second one ends this process at once."""
    loop = asyncio.get_running_loop()
    numbers = (signal.SIGINT, signal.SIGTERM)

    def end() -> None:
        for number in numbers:
            loop.remove_signal_handler(number)
            signal.signal(number, signal.SIG_DFL)
        signal.setitimer(signal.ITIMER_REAL, seconds)  # the system's, since what hangs may be this loop
        ended.set()

    for number in numbers:
        loop.add_signal_handler(number, end)


def _tell_taken(listening: Listening) -> None:
    if listening.taken:
        write_err(
            f"chit: port {listening.taken[0]} is taken by another program, so this is port {listening.port}. "
            "Browsers that were signed in there have to sign in here.\n"
        )
