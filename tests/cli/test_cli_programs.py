"""The local API beside the pages of `chit serve`: whose tokens count in the sandbox."""

from decimal import Decimal
from pathlib import Path

from tests.api.shop import OTHER, TOKEN

from chit.cli.programs import Mirrored
from chit.core.local_token import LocalToken, Terms, hash_token
from chit.store.sqlite import open_store


async def test_the_sandbox_knows_the_persons_tokens(tmp_path: Path) -> None:
    """Made, changed, revoked and made anew under the same name: it follows; what nobody made is let in nowhere."""
    own, sandbox = open_store(tmp_path / "own"), open_store(tmp_path / "sandbox")
    tokens = Mirrored(own, sandbox)
    digest, second = hash_token(TOKEN), hash_token(OTHER)
    assert await tokens.find_token(digest) is None
    await own.record_token(LocalToken(hash=digest, name="editor", created_at=1.0))
    for _ in range(2):
        assert await tokens.find_token(digest) == await sandbox.find_token(digest) == await own.find_token(digest)
    terms = Terms(day=Decimal(5))
    await own.change_terms("editor", lambda _: terms)
    found, kept = await tokens.find_token(digest), await sandbox.find_token(digest)
    assert found is not None
    assert kept is not None
    assert found.terms == kept.terms == terms
    await own.revoke_token("editor", now=2.0)
    found = await tokens.find_token(digest)
    assert found is not None
    assert found.revoked_at == 2.0
    await own.record_token(LocalToken(hash=second, name="editor", created_at=3.0))
    assert await tokens.find_token(second) == await sandbox.find_token(second)
    await own.close()
    await sandbox.close()
