"""The one boundary where errors become a line on the terminal and an exit code."""

from typing import Any

from chit.core.sentence import sentence
from chit.errors import ChitError, UpstreamError

DONE = 0
BUG = 1
USAGE = 2
MISMATCH = 7
STOPPED = 130
PIPE_CLOSED = 141

_OWN_KINDS = {
    "input_invalid": USAGE,
    "too_large": USAGE,
    "kind_not_taken": USAGE,
    "not_found": USAGE,
    "was_private": USAGE,
    "store": USAGE,
    "store_unreadable": USAGE,
    "store_damaged": USAGE,
    "store_too_new": USAGE,
    "limit_reached": 5,
    "schema_mismatch": MISMATCH,
    "disk_full": 6,
    "output_failed": 6,
    "stopped": STOPPED,
    "bug": BUG,
    "key_missing": 3,
    "locked": 3,
    "key_not_found": 3,
    "keychain_unusable": 3,
    "vault": 3,
    "wrong_passphrase": 3,
    "too_many_tries": 3,
    "vault_damaged": 3,
    "vault_too_costly": 3,
    "sign_in_refused": 3,
    "sign_in_expired": 3,
}


def exit_code(error: ChitError) -> int:
    """2 usage or unparsable input, 3 key, 4 rejected, 5 credits or limits, 6 upstream, network or interrupted, 7 a
    reply that does not match its schema.
    """
    if error.kind in _OWN_KINDS:
        return _OWN_KINDS[error.kind]
    from chit.core.guidance_kinds import exit_code as exit_code_of_kind

    return exit_code_of_kind(error.kind, error.meant_status if isinstance(error, UpstreamError) else None)


def one_line(error: ChitError) -> str:
    """Cause and what to do, on one line."""
    text = " ".join(f"{sentence(error.message)} {error.hint}".split())
    if error.link and error.link not in text:
        text = f"{sentence(text)} {error.link}"
    return text


def print_error(error: ChitError) -> None:
    """On standard error, neutralised: parts of it may come from a provider."""
    from chit.cli.terminal import neutralise, write_err

    write_err(f"chit: {neutralise(one_line(error))}\n")


def empty_record(error: ChitError) -> dict[str, Any]:
    """The object of `--json` where nothing came into being."""
    return {
        "id": None,
        "conversation_id": None,
        "source": None,
        "text": "",
        "parts": [],
        "state": None,
        "finish_reason": None,
        "extra": {},
        "chit": None,
        "error": error.as_dict(),
    }
