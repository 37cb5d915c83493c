"""`UserPrefs`: what the person prefers. Defaults < file < environment < flags. Never a key."""

import os
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from chit.about import DEFAULT_BASE_URL, NAME
from chit.errors import InputError

LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})


@dataclass(frozen=True, slots=True, kw_only=True)
class UserPrefs:
    """One person's preferences, complete."""

    home: Path
    """The folder that holds all state."""
    base_url: str = DEFAULT_BASE_URL
    """OpenRouter's API; https, or http on this machine."""
    model: str | None = None
    """Model id for requests that name none; None leaves it to the account's default."""
    app_name: str = NAME
    """How OpenRouter's activity page names the caller."""
    app_url: str | None = None


_IN_FILE = frozenset(field.name for field in fields(UserPrefs)) - {"home"}


def load_prefs(environment: Mapping[str, str] | None = None) -> UserPrefs:
    """From `prefs.toml` in the home folder and the environment. Raises `InputError`."""
    environment = os.environ if environment is None else environment
    home = find_home(environment)
    prefs = replace(UserPrefs(home=home), **_read_file(home / "prefs.toml"))
    if base_url := environment.get("CHIT_BASE_URL"):
        prefs = replace(prefs, base_url=base_url)
    return replace(prefs, base_url=check_base_url(prefs.base_url))


def find_home(environment: Mapping[str, str]) -> Path:
    """`CHIT_HOME`, else the platform's folder for an application's data."""
    if home := environment.get("CHIT_HOME"):
        try:
            return Path(home).expanduser().absolute()
        except RuntimeError as error:
            raise InputError(
                f"CHIT_HOME={home} names no folder: {error}", hint="Write the folder's full path."
            ) from error
    from platformdirs import user_data_path

    return user_data_path("chit", appauthor=False)


def check_base_url(text: str) -> str:
    """`text` without a trailing slash. Raises `InputError` unless a key may be sent there (design §4)."""
    try:
        parts = urlsplit(text)
        host, _ = parts.hostname, parts.port
    except ValueError as error:
        raise InputError(f"the base URL {text!r} is malformed: {error}", hint=_BASE_URL_HINT) from error
    if parts.scheme not in ("http", "https") or not host or not _PLAIN_URL.fullmatch(text):
        raise InputError(f"the base URL {text!r} is not an address of an API", hint=_BASE_URL_HINT)
    if parts.scheme == "http" and host not in LOOPBACK:
        raise InputError(
            f"the base URL {text!r} would send your key in the clear", hint="Use https beyond this machine."
        )
    return text.rstrip("/")


_PLAIN_URL = re.compile(r"[^\s\x00-\x1f\x7f@?#\\]+")
"""Without a user's name, a query, a fragment, or what parsers of addresses read in different ways."""
_BASE_URL_HINT = f"It looks like {DEFAULT_BASE_URL}."


def _read_file(path: Path) -> dict[str, Any]:
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(
            f"{path} cannot be read: {error}", hint="Mend or move the file; it was not changed."
        ) from error
    try:
        values = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise InputError(
            f"{path} is not valid TOML: {error}", hint="Mend that line; the file was not changed."
        ) from error
    known = {name: value for name, value in values.items() if name in _IN_FILE}
    for name, value in known.items():
        if not isinstance(value, str):
            raise InputError(f"{path}: {name} must be text", hint=f'Write it as {name} = "…".')
    return known
