"""`chit key status`: every place a key can be, and which one is used."""

import asyncio
from dataclasses import asdict

from chit.cli.exits import DONE, exit_code, print_error
from chit.cli.terminal import neutralise, write_json, write_out
from chit.cli.unlocking import CommandKeys
from chit.errors import KeyNotFound, KeyUnavailable
from chit.vault.agent_client import AgentStatus
from chit.vault.found_key import Kept, VaultStatus
from chit.vault.sources import explain_missing
from chit.vault.status import find_status
from chit.vault.unlocked import explain_locked


def show_status(keys: CommandKeys, *, as_json: bool) -> int:
    """Print it; 0 if there is a key to send with, else 3 with what to do."""
    status = asyncio.run(find_status(keys.store))
    problem = _find_problem(status, keys.store.base_url)
    if as_json:
        usable = {"usable": problem is None, "base_url": keys.store.base_url}
        write_json(usable | asdict(status))
    else:
        write_out("".join(f"{neutralise(line)}\n" for line in _lines(status, keys.store.base_url)))
    if problem is None:
        return DONE
    print_error(problem)
    return exit_code(problem)


def _find_problem(status: VaultStatus, base_url: str) -> KeyUnavailable | None:
    """What keeps the next `chit ask` from its key."""
    inference = [kept for kept in status.kept if kept.info.name == "inference"]
    if any(kept.is_used for kept in inference):
        return None
    if status.vault == "locked":
        return explain_locked()
    if inference:
        return KeyNotFound(
            f"the inference key was stored for {inference[0].info.base_url}, and is not sent to {base_url}",
            hint="Set the base URL back, or store a key for this one: chit key set.",
        )
    return explain_missing()


def _lines(status: VaultStatus, base_url: str) -> list[str]:
    lines = [line for kept in status.kept for line in _key_lines(kept)] or ["no key that can be seen"]
    keychain = status.keychain_problem or f"{status.keychain} can be used"
    vault = f"{status.vault}: {status.vault_problem or status.vault_path}"
    return [
        *lines,
        "",
        f"keychain  {keychain}",
        f"vault     {vault}",
        f"agent     {_tell_agent(status.agent)}",
        f"base URL  {base_url}",
    ]


def _key_lines(kept: Kept) -> list[str]:
    info = kept.info
    use = "used" if kept.is_used else "not used"
    about = [f"fingerprint {info.fingerprint}", f"for {info.base_url}"]
    about += [f"since {info.created_at}"] if info.created_at else []
    about += [f"“{info.label}”"] if info.label else []
    return [f"{info.name} key {info.masked} in {kept.where}: {use}", f"  {' · '.join(about)}"]


def _tell_agent(agent: AgentStatus | None) -> str:
    if agent is None:
        return "not running"
    if agent.locked:
        return "running, locked"
    if agent.seconds_left is None:
        return "running, locks only with `chit key lock`"
    return f"running, locks in {max(1, round(agent.seconds_left / 60))} min unless it is used"
