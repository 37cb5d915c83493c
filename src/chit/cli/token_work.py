"""The work of `chit token`."""

import asyncio
import secrets
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from shlex import quote

from chit.about import DEFAULT_PORT
from chit.cli.prefs import load_prefs_aloud
from chit.cli.terminal import neutralise, write_err, write_json, write_out
from chit.cli.token_table import describe_terms, token_record, write_tokens
from chit.core.local_token import BYTES, PREFIX, LocalToken, Terms, hash_token, write_token
from chit.core.terms_text import read_budgets, read_models, read_name
from chit.errors import InputError, NotFound
from chit.store.sqlite import SqliteStore, open_store


def create_token(name: str, *, budgets: Sequence[str], models: Sequence[str], private: bool) -> None:
    """Raises `InputError` and `StoreError`."""
    terms = replace(read_budgets(budgets, Terms()), models=read_models(models), private=private)
    name, text = read_name(name), write_token(secrets.token_bytes(BYTES))
    token = LocalToken(hash=hash_token(text), name=name, terms=terms, created_at=time.time())

    async def run() -> bool:
        async with _opened() as store:
            return await store.record_token(token)

    if not asyncio.run(run()):
        raise InputError(
            f"there is a token {name} already",
            hint=f"Take another name, or end that one first: chit token revoke {quote(name)}",
        )
    write_err(
        f"The token of {name} ({describe_terms(terms)}), shown this once: the API key for the base URL\n"
        f"http://127.0.0.1:{DEFAULT_PORT}/v1 while `chit serve` runs. See docs/local-api.md.\n"
    )
    write_out(f"{text}\n")


def show_tokens(*, everything: bool, as_json: bool) -> None:
    """Raises `StoreError`."""
    now = time.time()

    async def run() -> None:
        async with _opened() as store:
            found = await store.list_tokens(now=now)
        shown = [each for each in found if everything or each.token.revoked_at is None]
        if as_json:
            write_json({"items": [token_record(each) for each in shown]})
        elif shown:
            write_out(write_tokens(shown, now))
        else:
            hidden = " (revoked ones: --all)" if found else ""
            write_out(f"There is no local token{hidden}. Make one: chit token create NAME\n")

    asyncio.run(run())


def revoke_token(name: str) -> None:
    """Raises `NotFound` and `StoreError`."""

    async def run() -> bool:
        async with _opened() as store:
            return await store.revoke_token(name.strip(), now=time.time())

    if not asyncio.run(run()):
        raise _tell_missing(name)
    write_out(neutralise(f"{name.strip()} is revoked. What it spent stays in the ledger: chit token list --all\n"))


def change_token(
    name: str, *, budgets: Sequence[str], models: Sequence[str], all_models: bool, private: bool | None
) -> None:
    """Raises `InputError`, `NotFound` and `StoreError`."""
    if not budgets and not models and not all_models and private is None:
        raise InputError("nothing was named to change", hint="For example: chit token set NAME --budget 10/day")
    if models and all_models:
        raise InputError("--model and --all-models contradict each other")
    read_budgets(budgets, Terms())
    allowed = read_models(models)

    def change(terms: Terms) -> Terms:
        terms = read_budgets(budgets, terms)
        if models or all_models:
            terms = replace(terms, models=allowed)
        return terms if private is None else replace(terms, private=private)

    async def run() -> Terms | None:
        async with _opened() as store:
            return await store.change_terms(name.strip(), change)

    terms = asyncio.run(run())
    if terms is None:
        raise _tell_missing(name)
    write_out(neutralise(f"{name.strip()}: {describe_terms(terms)}\n"))


@asynccontextmanager
async def _opened() -> AsyncIterator[SqliteStore]:
    store = open_store(load_prefs_aloud().home)
    try:
        yield store
    finally:
        await store.close()


def _tell_missing(name: str) -> NotFound:
    if name.strip().startswith(PREFIX):
        return NotFound("that is a token; name the program that it was made for", hint="See them all: chit token list")
    return NotFound(f"there is no local token {name.strip()!r}", hint="See them all: chit token list")
