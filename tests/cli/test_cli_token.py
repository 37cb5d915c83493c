"""`chit token`: made, listed, changed and revoked."""

import asyncio
from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest
from tests.cli.person import Outcome, Person
from tests.store.contract_tokens import call

from chit.cli.token_table import write_tokens
from chit.core.local_token import LocalToken, Spent, Terms, TokenSpending, hash_token
from chit.store.sqlite import open_store


def create(person: Person, *arguments: str) -> str:
    """A token that was made."""
    outcome = person.call("token", "create", *arguments)
    assert outcome.code == 0
    return outcome.out.removesuffix("\n")


def find(person: Person, text: str) -> LocalToken | None:
    """The token of that text, as it is kept."""

    async def run() -> LocalToken | None:
        store = open_store(person.home)
        try:
            return await store.find_token(hash_token(text))
        finally:
            await store.close()

    return asyncio.run(run())


def list_all(person: Person) -> list[dict[str, Any]]:
    """`--json` of all."""
    tokens: list[dict[str, Any]] = person.call("token", "list", "--all", "--json").record["items"]
    return tokens


def test_a_token_is_printed_once_and_alone(person: Person) -> None:
    """Standard output holds it and nothing else, so that it can be piped; what it is for is told beside it."""
    outcome = person.call("token", "create", "editor", "--budget", "5/day", "--model", "openai/*", "--private")
    text = outcome.out.removesuffix("\n")
    assert (outcome.code, len(text), text[:8]) == (0, 51, "sk-chit-")
    assert outcome.err == (
        "The token of editor ($5.00 a day, only openai/*, private), shown this once: the API key for the base URL\n"
        "http://127.0.0.1:2448/v1 while `chit serve` runs. See docs/local-api.md.\n"
    )
    kept = find(person, text)
    assert kept is not None
    assert (kept.name, kept.terms) == ("editor", Terms(day=Decimal(5), models=("openai/*",), private=True))
    assert text not in person.call("token", "list", "--all").out + person.call("token", "list", "--json").out
    assert text not in repr(kept)


def test_a_token_is_found_nowhere_in_the_home(person: Person) -> None:
    """Only its hash is at rest."""
    text = create(person, "editor")
    data = b"".join(path.read_bytes() for path in person.home.rglob("*") if path.is_file())
    assert hash_token(text).encode() in data
    assert text[5:25].encode() not in data


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("create",), "Missing argument 'NAME'"),
        (("create", ""), "a token's name is one line of at most 60 characters. For example: chit token create editor"),
        (("create", "sk-chit-abc"), "a token's name must not be a key or a token."),
        (("create", "sk-or-v1-0123"), "a token's name must not be a key or a token."),
        (("create", "x", "--budget", "5"), "a budget is an amount and what it is for, not '5'. Write 5/day, 50/month"),
        (("create", "x", "--budget", "five/day"), "'five/day' is no budget"),
        (("create", "x", "--model", "gpt-5"), "the author is missing. Write author/gpt-5"),
        (("set", "x"), "nothing was named to change. For example: chit token set NAME --budget 10/day"),
        (("set", "x", "--model", "a/b", "--all-models"), "--model and --all-models contradict each other"),
        (("set", "x", "--private"), "there is no local token 'x'. See them all: chit token list"),
        (("set", "x", "--budget", "5"), "Write 5/day, 50/month"),
        (("revoke", "x"), "there is no local token 'x'. See them all: chit token list"),
        (("revoke", "sk-chit-abc"), "that is a token; name the program that it was made for."),
    ],
)
def test_what_cannot_be_is_refused(person: Person, arguments: tuple[str, ...], told: str) -> None:
    """With what is wrong and what to write instead; nothing is made."""
    outcome = person.call("token", *arguments)
    assert (outcome.code, outcome.out) == (2, "")
    assert told in outcome.err
    assert "sk-chit-abc" not in outcome.err
    assert list_all(person) == []


def test_a_name_is_taken(person: Person) -> None:
    """Until its token is revoked; the first one is as it was."""
    text = create(person, "my editor")
    outcome = person.call("token", "create", "my editor")
    assert (outcome.code, outcome.out) == (2, "")
    assert "Take another name, or end that one first: chit token revoke 'my editor'" in outcome.err
    assert person.call("token", "revoke", " my editor ").out == (
        "my editor is revoked. What it spent stays in the ledger: chit token list --all\n"
    )
    create(person, "my editor")
    assert [each["revoked_at"] is None for each in list_all(person)] == [False, True]
    kept = find(person, text)
    assert kept is not None
    assert kept.revoked_at is not None
    assert "no local token 'other'" in person.call("token", "revoke", "other").err


def test_terms_are_changed(person: Person) -> None:
    """What is not named stays; a list of models takes the place of the one before."""
    text = create(person, "editor", "--budget", "5/day", "--model", "openai/*")
    steps = {
        ("--budget", "none/day", "--budget", "0.5/month"): "$0.50 a month, only openai/*",
        ("--model", "a/b", "--model", "c/*"): "$0.50 a month, only a/b, c/*",
        ("--private",): "$0.50 a month, only a/b, c/*, private",
        ("--all-models", "--not-private", "--budget", "9/total"): "$0.50 a month, $9.00 in all, any model",
    }
    for arguments, told in steps.items():
        assert person.call("token", "set", "editor", *arguments).out == f"editor: {told}\n"
    kept = find(person, text)
    assert kept is not None
    assert kept.terms == Terms(month=Decimal("0.5"), total=Decimal(9))


def test_no_tokens_are_a_hint(person: Person) -> None:
    """How to make one, and where revoked ones are."""
    assert person.call("token", "list").out == "There is no local token. Make one: chit token create NAME\n"
    create(person, "editor")
    person.call("token", "revoke", "editor")
    assert "(revoked ones: --all)" in person.call("token", "list").out
    assert person.call("token", "list", "--json").record == {"items": []}


def spend(person: Person) -> Outcome:
    """Calls of an editor, just now."""

    async def run() -> None:
        store = open_store(person.home)
        await store.record_token(LocalToken(hash=hash_token("editor"), name="editor", terms=Terms(day=Decimal(5))))
        now = datetime.now().timestamp()
        await call(store, "0.25", at=now)
        await call(store, "1.5", at=now, id="gen-1")
        await call(store, None, at=now, state="unknown")
        await call(store, None, at=now, id="gen-2", state="stopped")
        await store.close()

    asyncio.run(run())
    return person.call("token", "list")


def test_the_list_shows_what_was_spent(person: Person) -> None:
    """Beside the budget, with what is not known."""
    outcome = spend(person)
    assert outcome.out == (
        "editor\n"
        "  $5.00 a day, any model\n"
        "  today $1.75 of $5.00 · this month $1.75 · in all $1.75 · 4 calls, the last just now\n"
        "  1 of them may have been billed as well: what they cost never came\n"
        "  1 of them still to be settled, and not counted yet\n"
    )
    (record,) = list_all(person)
    assert record.pop("last_call_at") > 1.7e9
    assert record == {
        "name": "editor",
        "created_at": 0.0,
        "revoked_at": None,
        "budgets": {"day": "5", "month": None, "total": None},
        "models": [],
        "private": False,
        "spent": {"day": "1.75", "month": "1.75", "total": "1.75"},
        "calls": 4,
        "unknown": 1,
        "awaited": 1,
    }


def test_a_revoked_token_is_marked() -> None:
    """With when that was; and nothing in a name reaches the terminal."""
    token = LocalToken(hash="", name="x\x1b[2J", terms=Terms(), revoked_at=100.0)
    one = TokenSpending(token=token, day=Spent(), month=Spent(), total=Spent(calls=1))
    assert write_tokens([one], 100.0 + 7200) == (
        "x\ufffd[2J (revoked 2 h ago)\n  no budget, any model\n  today $0 · this month $0 · in all $0 · 1 call\n"
    )
