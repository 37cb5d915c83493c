"""Read-only places a key can come from: a file that is named, else the environment (security and reliability §1)."""

import os
import stat
from collections.abc import MutableMapping
from pathlib import Path

from chit.about import KEYS_PAGE
from chit.core.secret import Secret, SecretInvalid
from chit.errors import Action, KeyUnavailable

VARIABLE = "OPENROUTER_API_KEY"
_MAX_FILE_BYTES = 4096
_ADD_KEY = (
    Action(kind="add_key", label="Add a key"),
    Action(kind="open_link", label="Open key settings", url=KEYS_PAGE),
)


def load_key(api_key_file: Path | None, environment: MutableMapping[str, str] | None = None) -> Secret:
    """The key of `api_key_file`, else of `OPENROUTER_API_KEY`, which is removed from the environment.

    Raises `KeyUnavailable`: none found, a file that others may read, or a text that cannot be a key.
    """
    environment = os.environ if environment is None else environment
    from_environment = environment.pop(VARIABLE, "")
    if api_key_file is not None:
        return _read_secret(_read_file(api_key_file), f"the file {api_key_file}")
    if not from_environment.strip():
        raise KeyUnavailable(
            "there is no OpenRouter key to send with",
            hint=f"Create one at {KEYS_PAGE}, then set {VARIABLE} or pass --api-key-file. To try without: chit demo.",
            link=KEYS_PAGE,
            actions=_ADD_KEY,
        )
    return _read_secret(from_environment, f"the environment variable {VARIABLE}")


def _read_file(path: Path) -> str:
    try:
        with path.open("rb") as file:
            mode = os.fstat(file.fileno()).st_mode
            if stat.S_ISREG(mode) and mode & 0o077:
                raise KeyUnavailable(
                    f"the key file {path} can be read by others",
                    hint=f"Make it yours alone: chmod 600 {path}",
                    actions=_ADD_KEY,
                )
            return file.read(_MAX_FILE_BYTES).decode("ascii", "replace")
    except OSError as error:
        reason = error.strerror or str(error)
        raise KeyUnavailable(
            f"the key file {path} cannot be read: {reason}", hint="Check the path.", actions=_ADD_KEY
        ) from error


def _read_secret(text: str, where: str) -> Secret:
    try:
        return Secret(text)
    except SecretInvalid as error:
        raise KeyUnavailable(
            f"what {where} holds is not an OpenRouter key: {error}",
            hint=f"Copy the key again from {KEYS_PAGE}.",
            link=KEYS_PAGE,
            actions=_ADD_KEY,
        ) from None
