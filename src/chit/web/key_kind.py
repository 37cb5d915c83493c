"""What kind of key was pasted: OpenRouter is asked before it is stored (field guide §5.2)."""

from chit.about import KEYS_PAGE, MANAGEMENT_KEYS_PAGE
from chit.core.balance_records import read_is_management
from chit.errors import KeyUnavailable, UpstreamError
from chit.openrouter.client import OpenRouterClient
from chit.vault.entry import KeyName

_REFUSED = (401, 403)


async def check_kind(client: OpenRouterClient, name: KeyName) -> str | None:
    """What to tell of a key that could not be checked, else None. `client` sends it.

    Raises `UpstreamError` for one that OpenRouter refuses, `KeyUnavailable` for one of the other kind.
    """
    try:
        is_management = read_is_management(await client.fetch_key())
    except UpstreamError as error:
        if error.status in _REFUSED:
            raise
        return f"The key is stored, but was not checked: {error.message}."
    if name == "inference" and is_management is True:
        raise KeyUnavailable(
            "this is a management key: it cannot ask models",
            hint="Nothing was stored. Paste an ordinary key here, and this one under “management key”.",
            kind="key_wrong_kind",
            link=KEYS_PAGE,
        )
    if name == "management" and is_management is False:
        raise KeyUnavailable(
            "this is an ordinary key: it cannot read the balance",
            hint="Nothing was stored. Create a management key at OpenRouter and paste that.",
            kind="key_wrong_kind",
            link=MANAGEMENT_KEYS_PAGE,
        )
    return None
