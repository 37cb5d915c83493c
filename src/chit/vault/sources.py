"""Read-only places a key can come from: a file that is named, else the environment (security and reliability §1)."""

import os
import stat
from collections.abc import MutableMapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from chit.about import KEYS_PAGE, MANAGEMENT_KEYS_PAGE
from chit.core.secret import Secret, SecretInvalid
from chit.errors import Action, KeyUnavailable

VARIABLE = "OPENROUTER_API_KEY"
FILE_NAME = "openrouter_api_key"
RUN_SECRETS = Path("/run/secrets")
_MAX_FILE_BYTES = 4096
_ADD_KEY = (
    Action(kind="add_key", label="Add a key"),
    Action(kind="open_link", label="Open key settings", url=KEYS_PAGE),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class GivenKey:
    """A key that was handed to this process, and where."""

    key: Secret
    kind: Literal["file", "credentials", "run_secrets", "environment"]
    where: str
    """For a person: `the file /x`, `the environment variable OPENROUTER_API_KEY`."""


def find_given_key(
    api_key_file: Path | None, environment: MutableMapping[str, str] | None = None, *, run_secrets: Path = RUN_SECRETS
) -> GivenKey | None:
    """The key of the first of these that there is; the variable is removed from the environment in any case.

    `api_key_file`; `$CREDENTIALS_DIRECTORY/openrouter_api_key`, which systemd makes; `/run/secrets/openrouter_api_key`,
    which containers get; `OPENROUTER_API_KEY`. Raises `KeyUnavailable`: a file that cannot be read or that others may
    read, or a text that cannot be a key; the next ones are not tried then.
    """
    environment = os.environ if environment is None else environment
    from_environment = environment.pop(VARIABLE, "")
    if api_key_file is not None:
        return _given("file", f"the file {api_key_file}", _read_file(api_key_file, alone=True))
    if folder := environment.get("CREDENTIALS_DIRECTORY"):
        path = Path(folder) / FILE_NAME
        if path.exists():
            return _given("credentials", f"the systemd credential {path}", _read_file(path, alone=False))
    path = run_secrets / FILE_NAME
    if os.access(path, os.R_OK):  # one that is another user's is not meant for this process
        return _given("run_secrets", f"the secret {path}", _read_file(path, alone=False))
    if from_environment.strip():
        return _given("environment", f"the environment variable {VARIABLE}", from_environment)
    return None


def load_key(api_key_file: Path | None, environment: MutableMapping[str, str] | None = None) -> Secret:
    """As `find_given_key`, for one who needs a key. Raises `KeyUnavailable` also where there is none."""
    given = find_given_key(api_key_file, environment)
    if given is None:
        raise explain_missing()
    return given.key


def explain_missing(kind: str = "OpenRouter") -> KeyUnavailable:
    """The error that tells the ways to a key; `kind` is `OpenRouter` or `management`."""
    if kind == "management":
        page = MANAGEMENT_KEYS_PAGE
        hint = f"Create one at {MANAGEMENT_KEYS_PAGE} and store it: chit key set --management"
    else:
        page = KEYS_PAGE
        hint = (
            f"Sign in with `chit login`, or create one at {KEYS_PAGE} and store it with `chit key set`; for one run, "
            f"set {VARIABLE}. To try without: chit demo."
        )
    return KeyUnavailable(f"there is no {kind} key to send with", hint=hint, link=page, actions=_ADD_KEY)


def _given(kind: Literal["file", "credentials", "run_secrets", "environment"], where: str, text: str) -> GivenKey:
    return GivenKey(key=_read_secret(text, where), kind=kind, where=where)


def _read_file(path: Path, *, alone: bool) -> str:
    try:
        with path.open("rb") as file:
            mode = os.fstat(file.fileno()).st_mode
            if alone and stat.S_ISREG(mode) and mode & 0o077:
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
