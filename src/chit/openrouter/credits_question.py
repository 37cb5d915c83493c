"""The question for the account's credits, and the one for the key's kind where the answer means nothing without it."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from chit.core.balance_answers import CreditsAnswer, needs_kind
from chit.core.balance_records import read_key
from chit.core.secret import Secret
from chit.errors import ChitError
from chit.openrouter.client import OpenRouterClient


async def ask_credits(client: OpenRouterClient, key: Callable[[], Secret]) -> CreditsAnswer:
    """Ask with the key that `key` gives. A failure is an answer; nothing is raised for it."""
    said = await _try(client.fetch_credits(key=key))
    if not needs_kind(said):
        return CreditsAnswer(said=said)
    about = await _try(client.fetch_key(key=key))
    return CreditsAnswer(
        said=said, is_management=None if isinstance(about, ChitError) else read_key(about, 0).is_management
    )


async def _try(asked: Awaitable[Mapping[str, Any]]) -> Mapping[str, Any] | ChitError:
    try:
        return await asked
    except ChitError as error:
        return error
