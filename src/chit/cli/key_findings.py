"""Findings about the key and about the places that keep it."""

from collections.abc import Mapping
from typing import Any

from chit.about import KEYS_PAGE
from chit.cli.connection_findings import UNREACHED, find_upstream_failure
from chit.cli.findings import Finding, Hide, find_failure
from chit.cli.reach import Reach
from chit.core.balance_records import read_is_management
from chit.core.guidance_info import EXIT_NO_KEY, EXIT_NO_MONEY
from chit.core.usage import read_cost
from chit.errors import ChitError
from chit.vault.agent_client import AgentStatus
from chit.vault.found_key import VaultStatus


def examine_key(reach: Reach, hide: Hide) -> list[Finding]:
    """Where it is kept, what kind it is and whether it works. Nothing of the key itself is told."""
    if reach.problem is not None:
        return [find_failure("key", reach.problem, hide)]
    place = f"in {hide(reach.place or '')}"
    if reach.key is None:
        text = f"{place}; it was not tried, since the preferences may name another base URL"
        return [Finding(topic="key", verdict="note", text=text)]
    if isinstance(reach.key, ChitError):
        if reach.key.kind in UNREACHED:
            return [Finding(topic="key", verdict="note", text=f"{place}; it could not be tried")]
        return [find_upstream_failure("key", reach.key)]
    return [_tell_key(reach.key, place)]


def _tell_key(data: Mapping[str, Any], place: str) -> Finding:
    if read_is_management(data):
        return Finding(
            topic="key",
            verdict="bad",
            text=f"{place}, a management key: it cannot ask models",
            hint="Store it with `chit key set --management`, and an ordinary one with `chit key set`.",
            exit_code=EXIT_NO_KEY,
        )
    limit, left = read_cost(data.get("limit")), read_cost(data.get("limit_remaining"))
    if limit is None:
        return Finding(topic="key", verdict="ok", text=f"{place}, ordinary, accepted, without a limit of its own")
    if left is not None and left <= 0:
        return Finding(
            topic="key",
            verdict="bad",
            text=f"{place}, ordinary, accepted, but its spending limit is used up",
            hint=f"Raise the limit, or use another key: {KEYS_PAGE}",
            exit_code=EXIT_NO_MONEY,
        )
    return Finding(topic="key", verdict="ok", text=f"{place}, ordinary, accepted, with a spending limit")


def examine_vault(status: VaultStatus | ChitError, hide: Hide) -> list[Finding]:
    """The vault file with whoever keeps it unlocked, then the keychain."""
    if isinstance(status, ChitError):
        return [find_failure("vault", status, hide)]
    return [_tell_file(status, hide), _tell_keychain(status, hide)]


def _tell_file(status: VaultStatus, hide: Hide) -> Finding:
    agent = _tell_agent(status.agent)
    match status.vault:
        case "missing":
            return Finding(topic="vault", verdict="ok", text=f"there is no vault file; {agent}")
        case "unlocked":
            return Finding(topic="vault", verdict="ok", text=f"the vault file is unlocked; {agent}")
        case "locked":
            text = f"the vault file is locked; {agent}"
            return Finding(topic="vault", verdict="note", text=text, hint="Open it for your commands: chit key unlock")
        case _:
            text = f"the vault file cannot be used: {hide(status.vault_problem or '')}"
            hint = "Put it back from a copy, or start anew: chit key forget --all"
            return Finding(topic="vault", verdict="bad", text=text, hint=hint, exit_code=EXIT_NO_KEY)


def _tell_keychain(status: VaultStatus, hide: Hide) -> Finding:
    if status.keychain_problem is None:
        return Finding(topic="vault", verdict="ok", text=f"{status.keychain} can be used")
    return Finding(topic="vault", verdict="note", text=hide(status.keychain_problem))


def _tell_agent(agent: AgentStatus | None) -> str:
    if agent is None:
        return "no running Chit shares keys"
    return "a running Chit has locked its own" if agent.locked else "a running Chit shares its keys"
