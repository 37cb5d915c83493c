"""The work of `chit login`: a browser that comes back by itself, or a code that is pasted."""

import asyncio
import os
import secrets
import sys
import webbrowser
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from chit.cli.exits import print_error
from chit.cli.key_saving import prepare_place, save_key
from chit.cli.terminal import write_err
from chit.cli.typed_line import ask_openly, at_terminal
from chit.cli.unlocking import MOST_TRIES, CommandKeys
from chit.core.secret import Secret
from chit.errors import InputError, KeyUnavailable
from chit.openrouter.callback import CallbackListener, read_pasted_code
from chit.openrouter.sign_in import SignIn
from chit.vault.keychain import run_in_thread
from chit.web.redirect_page import write_redirect_page

if TYPE_CHECKING:
    from chit.vault.store import Place


def sign_in(keys: CommandKeys, *, place: "Place | None", no_browser: bool) -> None:
    """Get a key and keep it. The passphrase comes first: once there is a key, nothing may come in between."""
    is_headless = no_browser or not has_browser(os.environ, sys.platform)
    if is_headless and not at_terminal():
        raise KeyUnavailable(
            "there is no browser here, and no terminal to paste a code at",
            hint="Run `chit login` at a terminal, or store a key from a pipe: … | chit key set",
        )

    async def run() -> None:
        rest = await prepare_place(keys, place)
        key = await (_paste_code(keys) if is_headless else _use_browser(keys))
        keys.learn(key)
        await save_key(keys, "inference", key, rest)

    asyncio.run(run())


def has_browser(environment: Mapping[str, str], platform: str) -> bool:
    """Whether a browser on this machine would be seen by the person."""
    if environment.get("SSH_CONNECTION") or environment.get("SSH_TTY"):
        return False
    return platform != "linux" or bool(environment.get("DISPLAY") or environment.get("WAYLAND_DISPLAY"))


async def _use_browser(keys: CommandKeys) -> Secret:
    async with CallbackListener() as listener:
        attempt = SignIn.begin(keys.prefs.base_url, callback_url=listener.callback_url)
        with _redirect_file(keys.prefs.home, attempt.address) as page:
            opening = asyncio.ensure_future(run_in_thread(lambda: webbrowser.open(page.as_uri())))
            write_err(
                "Approve in your browser; Chit waits. Ctrl-C gives up.\n"
                f"If no browser opens, open this address on this machine:\n\n  {attempt.address}\n\n"
                "On another machine: chit login --no-browser\n"
            )
            code = await listener.code()
            opening.cancel()
        return await attempt.exchange(code)


async def _paste_code(keys: CommandKeys) -> Secret:
    attempt = SignIn.begin(keys.prefs.base_url)
    write_err(f"Open this address in a browser, on any machine, and approve:\n\n  {attempt.address}\n\n")
    tries = MOST_TRIES
    while True:
        try:
            code = read_pasted_code(ask_openly("Paste the code that OpenRouter shows: "))
        except InputError as error:
            tries -= 1
            if not tries:
                raise
            print_error(error)
        else:
            return await attempt.exchange(code)


@contextmanager
def _redirect_file(home: Path, address: str) -> Iterator[Path]:
    """A page for this user alone that leads on to `address`, so that no list of processes shows that."""
    folder = home / "run"
    path = folder / f"sign-in-{secrets.token_hex(16)}.html"
    try:
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            write_redirect_page(path, address, place="OpenRouter")
        except OSError as error:
            raise InputError(
                f"{folder} cannot be written: {error.strerror}", hint="Try without: chit login --no-browser"
            ) from error
        yield path.absolute()
    finally:
        with suppress(OSError):  # there may be no folder that it could be in
            path.unlink(missing_ok=True)
