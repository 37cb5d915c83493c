"""Who is let in to the local API, and to which models."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from multidict import CIMultiDict, CIMultiDictProxy
from tests.store.contract_tokens import a_token

from chit.api.gate import FRESH_SECONDS, Gate
from chit.api.refusal import ApiRefusal
from chit.core.local_token import LocalToken, Terms, hash_token, write_token
from chit.store.sqlite import SqliteStore, open_store

TOKEN = write_token(bytes(range(32)))
OTHER = write_token(bytes(range(1, 33)))


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[SqliteStore]:
    """With two tokens."""
    store = open_store(tmp_path / "home")
    await store.record_token(a_token("editor", hash=hash_token(TOKEN)))
    await store.record_token(a_token("agent", hash=hash_token(OTHER)))
    yield store
    await store.close()


def carry(*headers: tuple[str, str]) -> CIMultiDictProxy[str]:
    """Headers as aiohttp gives them."""
    return CIMultiDictProxy(CIMultiDict(headers))


async def refuse(gate: Gate, *headers: tuple[str, str]) -> ApiRefusal:
    """These are turned away."""
    with pytest.raises(ApiRefusal) as caught:
        await gate.admit(carry(*headers))
    assert (caught.value.status, caught.value.code) == (401, "invalid_api_key")
    assert "chit token create" in caught.value.hint
    return caught.value


@pytest.mark.parametrize(
    ("headers", "name"),
    [
        ([("Authorization", f"Bearer {TOKEN}")], "editor"),
        ([("authorization", f"bearer  {TOKEN} ")], "editor"),
        ([("X-Api-Key", TOKEN)], "editor"),
        ([("x-api-key", "sk-ant-api03-x"), ("Authorization", f"Bearer {TOKEN}")], "editor"),
        ([("x-api-key", OTHER), ("Authorization", "Bearer sk-or-v1-x")], "agent"),
        ([("x-api-key", OTHER), ("Authorization", f"Bearer {TOKEN}")], "editor"),
        ([("x-api-key", OTHER), ("Authorization", "Basic eDp5")], "agent"),
        ([("x-api-key", ""), ("Authorization", f"Bearer {TOKEN}")], "editor"),
    ],
)
async def test_a_token_is_let_in(store: SqliteStore, headers: list[tuple[str, str]], name: str) -> None:
    """As Bearer or as x-api-key, whatever else a client sends along for other services."""
    assert (await Gate(store).admit(carry(*headers))).name == name


@pytest.mark.parametrize(
    ("headers", "told"),
    [
        ([], "carries no local token"),
        ([("Authorization", "")], "must be: Bearer"),
        ([("Authorization", "Bearer")], "must be: Bearer"),
        ([("Authorization", "Bearer ")], "carries no local token"),
        ([("Authorization", TOKEN)], "must be: Bearer"),
        ([("Authorization", f"Basic {TOKEN}")], "must be: Bearer"),
        ([("Authorization", f"Bearer {TOKEN[:-1]}")], "not known"),
        ([("Authorization", f"Bearer {TOKEN}x")], "not known"),
        ([("Authorization", f"Bearer {TOKEN.lower()}")], "not known"),
        ([("Authorization", f"Bearer {TOKEN} {OTHER}")], "not known"),
        ([("Authorization", f"Bearer {hash_token(TOKEN)}")], "not known"),
        ([("Authorization", "Bearer \udcff")], "not known"),
        ([("Authorization", "Bearer " + "x" * 100_000)], "not known"),
        ([("Authorization", f"Bearer {TOKEN}"), ("Authorization", f"Bearer {TOKEN}")], "twice"),
        ([("x-api-key", TOKEN), ("x-api-key", TOKEN)], "twice"),
        ([("x-api-key", "")], "carries no local token"),
        ([("x-api-key", f"Bearer {TOKEN}")], "not known"),
        ([("api-key", TOKEN)], "carries no local token"),
        ([("Cookie", f"token={TOKEN}")], "carries no local token"),
        ([("Authorization", "Bearer sk-or-v1-0123456789abcdef")], "a key of a provider"),
    ],
)
async def test_every_other_form_is_turned_away(store: SqliteStore, headers: list[tuple[str, str]], told: str) -> None:
    """No token, half of one, its hash, another place, another scheme, two of a kind: 401, and how to make one."""
    refusal = await refuse(Gate(store), *headers)
    assert told in refusal.message
    assert TOKEN not in refusal.message + refusal.hint


async def test_revocation_is_seen_within_a_second(store: SqliteStore) -> None:
    """What was let in is remembered for half a second at most, and then not let in again, nor may it run on."""
    moment = [100.0]
    gate = Gate(store, clock=lambda: moment[0])
    header = ("Authorization", f"Bearer {TOKEN}")
    assert (await gate.admit(carry(header))).name == "editor"
    await store.revoke_token("editor", now=7.0)
    moment[0] += FRESH_SECONDS - 0.01
    assert not await gate.is_revoked(hash_token(TOKEN))
    moment[0] += 0.01
    assert FRESH_SECONDS < 1
    assert "editor is revoked" in (await refuse(gate, header)).message
    assert await gate.is_revoked(hash_token(TOKEN))
    assert not await gate.is_revoked(hash_token(OTHER))
    assert await gate.is_revoked(hash_token("nobody"))


async def test_new_terms_are_seen_within_a_second(store: SqliteStore) -> None:
    """Another process may change them."""
    moment = [100.0]
    gate = Gate(store, clock=lambda: moment[0])
    assert (await gate.admit(carry(("x-api-key", TOKEN)))).terms == Terms()
    await store.change_terms("editor", lambda _: Terms(private=True))
    moment[0] += FRESH_SECONDS
    assert (await gate.admit(carry(("x-api-key", TOKEN)))).terms == Terms(private=True)


class Counting:
    """A store that counts how often it is asked."""

    def __init__(self) -> None:
        self.asked = 0

    async def find_token(self, digest: str) -> LocalToken:
        """Everybody has one."""
        self.asked += 1
        return a_token(digest[:8], hash=digest)


async def test_what_is_remembered_is_bounded() -> None:
    """Many tokens are remembered, but not any number of them."""
    store: Any = Counting()
    gate = Gate(store, clock=lambda: 0.0)
    for _ in range(2):
        for number in range(300):
            await gate.admit(carry(("x-api-key", str(number))))
    assert 300 < store.asked <= 600
    assert len(gate._known) <= 256


@pytest.mark.parametrize(
    ("allowed", "model", "others", "told"),
    [
        ((), None, [], None),
        ((), "x/y", ["x/z"], None),
        (("openai/*",), "openai/gpt-5", [], None),
        (("openai/*",), "openai/gpt-5", ["openai/gpt-5-mini"], None),
        (("openai/*",), None, ["openai/gpt-5-mini"], None),
        (("openai/*",), "openai/gpt-5", ["x/y"], "names x/y"),
        (("openai/*",), "x/y", [], "names x/y"),
        (("openai/*",), "", [], "names ."),
        (("openai/*",), None, [], "names no model"),
    ],
)
async def test_models_are_allowed_or_not(
    store: SqliteStore, allowed: tuple[str, ...], model: str | None, others: list[str], told: str | None
) -> None:
    """Each that may answer must be allowed; none named could be any, by the account's default."""
    gate, token = Gate(store), a_token("my editor", terms=Terms(models=allowed))
    if told is None:
        gate.check_model(token, model, others)
        return
    with pytest.raises(ApiRefusal) as caught:
        gate.check_model(token, model, others)
    assert (caught.value.status, caught.value.code) == (403, "model_not_allowed")
    assert told in caught.value.message
    assert caught.value.hint == "It may ask openai/*. To change it: chit token set 'my editor' --model ID"


async def test_only_the_hash_is_at_rest(store: SqliteStore, tmp_path: Path) -> None:
    """No file of the home holds a token, in any part that could be used, after it was made, used and revoked."""
    gate = Gate(store)
    await gate.admit(carry(("x-api-key", TOKEN)))
    await store.revoke_token("editor", now=7.0)
    data = b"".join(path.read_bytes() for path in (tmp_path / "home").rglob("*") if path.is_file())
    assert hash_token(TOKEN).encode() in data
    for text in (TOKEN, TOKEN[5:], TOKEN[5:25], OTHER[5:25]):
        assert text.encode() not in data
