"""What `chit key status` tells of the store. Nothing is unlocked or changed for it."""

from collections.abc import AsyncIterator

from chit.errors import KeychainUnusable, KeyUnavailable
from chit.vault.agent_client import AgentStatus
from chit.vault.entry import KEY_NAMES
from chit.vault.fingerprint import Marks, fingerprint
from chit.vault.found_key import Kept, Source, VaultState, VaultStatus
from chit.vault.key_info import KeyInfo, describe_content, describe_entry
from chit.vault.store import SecretStore

Seen = tuple[KeyInfo, Source, str]


async def find_status(store: SecretStore) -> VaultStatus:
    """Every place in the order of the lookup, with what can be seen there."""
    agent = await store.agent.find_status()
    seen = [*_given(store)]
    problem = await _find_keychain_problem(store)
    if problem is None:
        seen += [each async for each in _in_keychain(store)]
    seen += _in_file(store, agent)
    vault, vault_problem = _find_vault_state(store, agent)
    return VaultStatus(
        kept=_mark_used(seen, store.base_url),
        keychain=store.keychain.where,
        keychain_problem=problem,
        vault_path=str(store.file.path),
        vault=vault,
        vault_problem=vault_problem,
        agent=agent,
    )


def find_marks(status: VaultStatus, store: SecretStore) -> Marks:
    """What to remember of the keys in use, to be compared by `find_change` the next time (attack case 39).

    Keys that were handed over are the owner's to change, so they leave no mark.
    """
    content = store.unlocked.look()
    marked = ("keychain", "vault", "agent")
    found = {kept.info.name: kept.info.fingerprint for kept in reversed(status.kept) if kept.source in marked}
    return Marks(vault_id=content.id if content else None, fingerprints=found)


def _given(store: SecretStore) -> list[Seen]:
    if store.given is None:
        return []
    key = store.given.key
    info = KeyInfo(
        name="inference",
        masked=key.masked,
        fingerprint=fingerprint(key),
        base_url=store.base_url,
        created_at="",
        label="",
    )
    return [(info, store.given.kind, store.given.where)]


async def _find_keychain_problem(store: SecretStore) -> str | None:
    try:
        await store.keychain.probe()
    except KeychainUnusable as error:
        return error.message
    return None


async def _in_keychain(store: SecretStore) -> AsyncIterator[Seen]:
    for name in KEY_NAMES:
        try:
            entry = await store.keychain.find(name)
        except KeychainUnusable:
            continue  # another program wrote there
        if entry is not None:
            yield describe_entry(name, entry), "keychain", store.keychain.where


def _in_file(store: SecretStore, agent: AgentStatus | None) -> list[Seen]:
    where = f"the vault file {store.file.path}"
    content = store.unlocked.look()
    if content is not None:
        return [(info, "vault", where) for info in describe_content(content)]
    return [(info, "agent", where) for info in (agent.keys if agent else ())]


def _find_vault_state(store: SecretStore, agent: AgentStatus | None) -> tuple[VaultState, str | None]:
    if not store.file.exists():
        return "missing", None
    try:
        store.file.load_sealed()
    except KeyUnavailable as error:
        return "unusable", error.message
    is_open = store.unlocked.look() is not None or (agent is not None and not agent.locked)
    return ("unlocked" if is_open else "locked"), None


def _mark_used(seen: list[Seen], base_url: str) -> tuple[Kept, ...]:
    kept: list[Kept] = []
    for info, source, where in seen:
        is_first = not any(each.is_used and each.info.name == info.name for each in kept)
        kept.append(Kept(info=info, source=source, where=where, is_used=is_first and info.base_url == base_url))
    return tuple(kept)
