"""Opening Chit for a program."""

import os
import warnings
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from chit.app import check_key_marks, open_app, open_sandbox
from chit.library.app import App
from chit.library.desk import Desk
from chit.library.keys import LibraryKeys
from chit.prefs import UserPrefs, load_prefs
from chit.vault.sources import GivenKey

_SANDBOX = "sandbox"


class ChitWarning(UserWarning):
    """Something that a person should know: a line of the preferences that means nothing, a key that was exchanged."""


@asynccontextmanager
async def open(
    *,
    home: str | Path | None = None,
    key_file: str | Path | None = None,
    base_url: str | None = None,
    model: str | None = None,
    parameters: Mapping[str, Any] | None = None,
    app_name: str | None = None,
    app_url: str | None = None,
    sandbox: bool = False,
) -> AsyncIterator[App]:
    """Open Chit: `async with chit.open() as app`. At the end, what still runs is stopped, and all is kept.

    Everything has its preference, and is taken from there where it is not given (docs/preferences.md). `home` is the
    folder of all state; `app_name` and `app_url` are how OpenRouter names the caller. The key is the one that the
    command line finds; `key_file` hands another one over. With `sandbox` everything is asked of an OpenRouter in a box
    in this process: no key, no network, nothing is billed.

    No key is needed to read. Raises `InputError` for preferences that cannot be, `KeyUnavailable` for a key that was
    handed over and is none, `StoreError`.
    """
    given = {"base_url": base_url, "model": model, "parameters": parameters, "app_name": app_name, "app_url": app_url}
    environment = os.environ if home is None else {**os.environ, "CHIT_HOME": str(home)}
    prefs = load_prefs(environment, flags=given)
    for warning in prefs.warnings:
        warnings.warn(warning, ChitWarning, stacklevel=3)
    async with AsyncExitStack() as closing:
        handed: GivenKey | None = None
        if sandbox:
            address, key = await closing.enter_async_context(open_sandbox())
            handed = GivenKey(key=key, kind="environment", where="the sandbox")
            prefs = replace(prefs, home=prefs.home / _SANDBOX, base_url=address)
        keys = LibraryKeys(prefs, None if key_file is None else Path(key_file), given=handed)
        desk = await closing.enter_async_context(_open_desk(prefs, keys))
        yield App(desk)


@asynccontextmanager
async def _open_desk(prefs: UserPrefs, keys: LibraryKeys) -> AsyncIterator[Desk]:
    marks = await keys.look()
    settles = keys.has_key and prefs.settle == "background"
    async with open_app(prefs.without_defaults(), key=keys.use, scrub=keys.scrub, settling=settles) as parts:
        if marks is not None and (change := await check_key_marks(parts.store, marks)) is not None:
            warnings.warn(f"{change}. See: chit key status", ChitWarning, stacklevel=6)
        desk = Desk(parts, keys, prefs=prefs, settles=settles)
        try:
            yield desk
        finally:
            await desk.close()
