"""What a management key may ask and change: the keys of an account, and what was spent with all of them."""

from collections.abc import Callable
from typing import Any

from chit.core.account_keys import AccountKey, NewKey, read_account_key, write_new_key
from chit.core.guidance import explain
from chit.core.jsontext import encode_json
from chit.core.secret import Secret, is_key
from chit.openrouter.client import OpenRouterClient
from chit.openrouter.records import unexpected

GiveKey = Callable[[], Secret]
PAGE = 100
"""Keys that OpenRouter tells at once."""
MOST_PAGES = 100


async def list_account_keys(client: OpenRouterClient, key: GiveKey) -> list[AccountKey]:
    """All of them, disabled ones included. Raises `UpstreamError`, `KeyUnavailable`."""
    found: dict[str, AccountKey] = {}
    for page in range(MOST_PAGES):
        records = await client.fetch_list(f"/keys?include_disabled=true&offset={page * PAGE}", key=key)
        known = len(found)
        found |= {each.hash: each for record in records if (each := read_account_key(record)) is not None}
        if len(records) < PAGE or len(found) == known:
            break
    return list(found.values())


async def create_account_key(client: OpenRouterClient, key: GiveKey, wanted: NewKey) -> tuple[AccountKey, str]:
    """The new key and its text, which is told only now. Raises `UpstreamError`, `KeyUnavailable`.

    It is asked for once: where no answer came that can be used, it may have been made all the same.
    """
    record = await client.change("POST", "/keys", write_new_key(wanted), key)
    data, text = record.get("data"), record.get("key")
    made = read_account_key(data) if isinstance(data, dict) else None
    if made is None or not isinstance(text, str) or not is_key(text):
        raise explain(unexpected("/keys"))
    return made, text


async def change_account_key(client: OpenRouterClient, key: GiveKey, hash: str, *, disabled: bool) -> None:
    """Raises `UpstreamError`, `KeyUnavailable`."""
    await client.change("PATCH", f"/keys/{hash}", encode_json({"disabled": disabled}), key)


async def fetch_activity(client: OpenRouterClient, key: GiveKey) -> list[dict[str, Any]]:
    """`GET /activity`: the last thirty days of UTC that are over. Raises `UpstreamError`, `KeyUnavailable`."""
    return await client.fetch_list("/activity", key=key)
