"""`chit serve` answers programs, in the person's own name or in the sandbox's."""

import json
import re
import urllib.error
import urllib.request
from contextlib import suppress
from typing import Any, cast

import pytest
from tests.cli.person import PATIENCE, Person
from tests.cli.test_cli_serve import serving

from chit.cli.programs import LOOK_EVERY, KeyCheck
from chit.core.secret import Secret
from chit.errors import KeyUnavailable
from chit.vault.unlocked import explain_locked
from chit.web.key_ring import KeyRing

QUESTION = {"model": "sandbox/echo", "messages": [{"role": "user", "content": "hello there"}]}


def ask(told: str, token: str, **members: Any) -> tuple[int, Any]:
    """Status and answer of one call."""
    address = re.search(r"http://127\.0\.0\.1:\d+", told)
    assert address
    body = json.dumps(QUESTION | members).encode()
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {token}"}
    request = urllib.request.Request(f"{address[0]}/v1/chat/completions", body, headers)  # noqa: S310 - ours
    try:
        with urllib.request.urlopen(request, timeout=PATIENCE) as reply:  # noqa: S310 - ours
            return reply.status, json.load(reply)
    except urllib.error.HTTPError as error:
        return error.code, json.load(error)


def create(person: Person) -> str:
    """A token."""
    return person.call("token", "create", "editor").out.strip()


def test_a_program_asks_in_the_persons_name(person: Person) -> None:
    """It is answered, its call is in the history, and a token that is revoked is refused."""
    token = create(person)
    with serving(person, "--port", "0") as (_, told):
        status, answer = ask(told, token)
        assert (status, answer["choices"][0]["message"]["content"]) == (200, "hello there")
        assert ask(told, "sk-chit-wrong")[0] == 401
        person.call("token", "revoke", "editor")
        status = 200
        while status == 200:  # what is known of a token is half a second old at most
            with suppress(ConnectionError):  # broken off
                status, answer = ask(told, token)
        assert (status, answer["error"]["code"]) == (401, "invalid_api_key")
    rows = person.open_database().execute("SELECT origin, state FROM generations").fetchall()
    assert set(rows) == {("api", "done")}


def test_without_a_key_it_says_so(stranger: Person) -> None:
    """503, with the command that helps."""
    token = create(stranger)
    with serving(stranger, "--port", "0") as (_, told):
        status, answer = ask(told, token)
        assert (status, answer["error"]["code"]) == (503, "no_api_key")


def test_a_vault_that_is_locked(keeper: Person) -> None:
    """503, until it is unlocked."""
    token = create(keeper)
    with serving(keeper, "--port", "0") as (_, told):
        status, answer = ask(told, token)
        assert (status, answer["error"]["code"]) == (503, "vault_locked")
        assert "chit key unlock" in answer["error"]["hint"]


def test_in_the_sandbox_no_key_is_needed(stranger: Person) -> None:
    """The tokens are the person's own, and the play money is spent in the sandbox's home."""
    token = create(stranger)
    with serving(stranger, "--port", "0", "--sandbox") as (_, told):
        status, answer = ask(told, token)
        assert (status, answer["choices"][0]["message"]["content"]) == (200, "hello there")
        assert ask(told, token)[0] == 200
    assert stranger.open_database().execute("SELECT count(*) FROM generations").get == 0


class Ring:
    """Counts how it is asked."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.error: KeyUnavailable | None = None

    async def check(self) -> None:
        """A look where keys are kept."""
        self.asked.append("check")
        if self.error:
            raise self.error

    def use(self) -> Secret:
        """What was met last."""
        self.asked.append("use")
        if self.error:
            raise self.error
        return Secret("sk-or-v1-0000000000000000")


async def test_the_key_is_looked_for_now_and_then() -> None:
    """Each look counts as use and may take a while: between two of them what was met last has to do."""
    ring, moment = Ring(), 0.0
    check = KeyCheck(cast(KeyRing, ring), clock=lambda: moment)
    ring.error = explain_locked()
    for _ in range(2):
        with pytest.raises(KeyUnavailable):
            await check.check()
    ring.error = None
    await check.check()
    await check.check()
    ring.error = explain_locked()
    with pytest.raises(KeyUnavailable):
        await check.check()
    moment, ring.error = LOOK_EVERY, None
    await check.check()
    assert ring.asked == ["check", "check", "check", "use", "use", "check"]
