"""`chit balance`, and the line in `chit ask` when little is left."""

import asyncio
import signal
import time
from decimal import Decimal
from typing import Any

import pytest
from tests.cli.conftest import PASSPHRASE, Do, HandOver, seal
from tests.cli.person import KEY, Person, finish, read_until
from tests.vault.doubles import make_entry
from tests.vault.keychains import Remembering

from chit import balance as balance_module
from chit.cli import balance_line
from chit.cli.balance_table import balance_lines
from chit.core.balance import Balance, Credits, KeyAllowance, Problem
from chit.errors import StoreError
from chit.sandbox.account import MANAGEMENT_KEY, Key

ECHO = ("-m", "sandbox/echo")
LOW = (
    "chit: $8.42 of account credits left: below $10 OpenRouter checks billing more strictly, so replies may start "
    "later. https://openrouter.ai/settings/credits\n"
)
MEMBERS = ["state", "credits", "key", "credits_problem", "key_problem", "tried_at", "age_seconds", "low", "error"]


def table(person: Person, *arguments: str, code: int = 0) -> dict[str, str]:
    """What the table says, by its titles."""
    outcome = person.call("balance", *arguments)
    assert outcome.code == code
    lines = [(line[:26].strip(), line[26:]) for line in outcome.out.splitlines()]
    return {title: text for title, text in lines if title}


@pytest.fixture
def manager(person: Person, remembering: Remembering) -> Person:
    """Somebody with a key in the environment, and a management key in the keychain."""
    stored = person.call("key", "set", "--management", typed=MANAGEMENT_KEY.encode())
    assert stored.code == 0
    assert remembering.kept
    return person


def test_without_a_management_key_the_balance_is_unknown(person: Person) -> None:
    """The key's own figures, the way to the balance, and nowhere a zero that is none."""
    person.upstream.account.keys[KEY] = Key(usage=Decimal("1.25"))
    outcome = person.call("balance")
    assert (outcome.code, outcome.err) == (0, "")
    told = table(person)
    assert next(iter(told)) == "this key may still spend"
    assert told["this key may still spend"] == "what the account has: it has no limit of its own"
    assert told["account credits"].startswith("unknown: no management key is stored")
    assert "chit key set --management" in outcome.out
    assert "https://openrouter.ai/settings/management-keys" in outcome.out
    assert told["limit"] == "none"
    assert told["used"] == "$1.25 today · $1.25 this week · $1.25 this month · $1.25 ever"
    assert told["free requests"] == "1,000 of 1,000 left today"
    assert told["as of"] == "just now"
    assert "$0" not in outcome.out


def test_with_both_keys_everything_is_told(manager: Person) -> None:
    """Account credits first, then what the key may still spend, its budgets included."""
    budget = {"scope": "workspace", "limit_usd": 10, "remaining_usd": 9, "resets_at": "2026-12-01T00:00:00Z"}
    manager.upstream.account.keys[KEY] = Key(
        limit=5, usage=Decimal("1.25"), limit_reset="daily", byok_usage=2, include_byok_in_limit=True, budgets=[budget]
    )
    told = table(manager)
    assert next(iter(told)) == "account credits"
    assert told["account credits"] == "$25.00 left"
    assert (told["bought"], told["used"][:11]) == ("$25.00", "$1.25 today")
    assert told["this key may still spend"] == "$3.75 of this key's daily limit of $5.00"
    assert told["limit"] == "$5.00, $3.75 left, reset daily"
    byok = " · ".join(f"$2.00 {window}" for window in ("today", "this week", "this month", "ever"))
    assert told["provider keys (BYOK)"] == f"{byok} · counts toward the limit"
    assert told["budget"] == "$9.00 of the workspace's budget of $10.00, resets 2026-12-01T00:00:00Z"


def test_a_program_gets_an_object(manager: Person) -> None:
    """Every member, money as text, null where unknown; being told is left to a person."""
    manager.upstream.account.total_usage = Decimal("16.58")
    outcome = manager.call("balance", "--json")
    record = outcome.record
    assert (outcome.code, outcome.err, list(record)) == (0, "", MEMBERS)
    assert record["state"] == "account"
    assert (record["credits"]["left"], record["credits"]["total_credits"]) == ("8.42", "25.0")
    assert (record["key"]["has_limit"], record["key"]["limit"], record["key"]["limit_remaining"]) == (False, None, None)
    assert 0 <= record["age_seconds"] < 60
    assert (record["low"]["credits"], record["error"]) == ("8.42", None)
    assert manager.call("ask", *ECHO, "Hi").err.endswith(LOW)
    manager.upstream.account.total_usage = Decimal(0)
    assert manager.call("balance", "--json").record["low"] is None


def test_a_person_who_reads_it_is_told(manager: Person) -> None:
    """The line is there every time one looks, and then not in the next reply."""
    manager.upstream.account.total_usage = Decimal("16.58")
    assert [manager.call("balance").err for _ in range(2)] == [LOW, LOW]
    assert LOW not in manager.call("ask", *ECHO, "Hi").err


@pytest.mark.parametrize("answer", ["forbidden", "zeros"])
def test_an_ordinary_key_stored_as_management_is_told(person: Person, hand_over: HandOver, answer: Any) -> None:
    """It is no balance of zero: the key is named as the reason, and how to mend it."""
    person.upstream.account.credits_for_ordinary_keys = answer
    seal(person, management=make_entry("sk-or-v1-ordinary0000000", base_url=person.upstream.base_url))
    outcome = person.call("balance", "--passphrase-fd", hand_over(PASSPHRASE))
    assert outcome.code == 0
    assert "unknown: the key stored as management key is an ordinary one" in outcome.out
    assert "chit key set --management" in outcome.out


def test_a_management_key_alone_is_enough(manager: Person) -> None:
    """Without a key for questions the account is told, and why the key is not; the code is 0."""
    manager.variables["OPENROUTER_API_KEY"] = ""
    told = table(manager)
    assert told["account credits"] == "$25.00 left"
    assert told["this key"].startswith("unknown: ")


def test_a_locked_vault_is_told(person: Person) -> None:
    """With a key from the environment the rest is shown; what may be in the vault is named."""
    seal(person, management=make_entry(MANAGEMENT_KEY, base_url=person.upstream.base_url))
    assert "the vault is locked" in table(person)["account credits"]


def test_without_any_key_it_ends_with_3(stranger: Person, hand_over: HandOver) -> None:
    """With what to do; also where the vault that may hold one is locked, or the passphrase is wrong."""
    assert "openrouter.ai/settings/keys" in stranger.call("balance").err
    assert stranger.call("balance").code == 3
    seal(stranger)
    locked = stranger.call("balance", "--json")
    assert (locked.code, locked.record["error"]["kind"]) == (3, "locked")
    assert (list(locked.record), locked.record["state"], locked.record["credits"]) == (MEMBERS, "unknown", None)
    wrong = stranger.call("balance", "--json", "--passphrase-fd", hand_over("wrong"))
    assert (wrong.code, wrong.record["error"]["kind"]) == (3, "wrong_passphrase")


@pytest.mark.parametrize(
    ("name", "value", "code", "kind"),
    [("OPENROUTER_API_KEY", "hunter2", 3, "key_missing"), ("CHIT_LOW_BALANCE", "much", 2, "input_invalid")],
)
def test_what_fails_before_anything_is_asked_is_an_object_too(
    person: Person, name: str, value: str, code: int, kind: str
) -> None:
    """A program that reads balances needs one shape only; a person gets the line alone."""
    person.variables[name] = value
    outcome = person.call("balance", "--json")
    assert (outcome.code, list(outcome.record), outcome.record["state"]) == (code, MEMBERS, "unknown")
    assert outcome.record["error"]["kind"] == kind
    assert [outcome.record[member] for member in MEMBERS[1:-1]] == [None] * 7
    plain = person.call("balance")
    assert (plain.code, plain.out, plain.err) == (code, "", outcome.err)


def test_a_question_that_failed_is_in_the_object(person: Person) -> None:
    """With its reason, beside what is known."""
    person.upstream.account.keys[KEY] = Key(disabled=True)
    outcome = person.call("balance", "--json")
    assert (outcome.code, list(outcome.record)) == (3, MEMBERS)
    assert (outcome.record["error"]["kind"], outcome.record["error"]["status"]) == ("key_rejected", 401)


@pytest.mark.usefixtures("quick")
def test_a_vault_that_locks_leaves_what_was_known(stranger: Person, hand_over: HandOver) -> None:
    """The figures, their age and the reason; the exit code says that nothing could be asked."""
    for key, *options in ((KEY,), (MANAGEMENT_KEY, "--management")):
        fd = hand_over(PASSPHRASE, PASSPHRASE)
        assert stranger.call("key", "set", *options, "--passphrase-fd", fd, typed=key.encode()).code == 0
    stranger.upstream.account.total_usage = Decimal("16.58")
    assert table(stranger, "--passphrase-fd", hand_over(PASSPHRASE))["account credits"] == "$8.42 left"
    told = table(stranger, code=3)
    assert told["account credits"] == "$8.42 left"
    assert told["as of"] == "just now, and not since: the vault is locked, and the key may be in it: chit key unlock"
    record = stranger.call("balance", "--json").record
    assert (record["state"], record["credits"]["left"], record["error"]["kind"]) == ("account", "8.42", "locked")


def test_a_disabled_key_ends_with_3_and_unknown(person: Person) -> None:
    """The table says unknown, the line says why; there is no amount."""
    person.upstream.account.keys[KEY] = Key(disabled=True)
    outcome = person.call("balance")
    assert outcome.code == 3
    assert outcome.out.startswith("balance                   unknown\n")
    assert outcome.err.count("\n") == 1
    assert "$" not in outcome.out


def test_offline_shows_what_is_known_with_its_age(
    person: Person, elsewhere: Do, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The last figures, how old they are, why they are; and 6."""
    assert person.call("balance").code == 0
    monkeypatch.setattr("time.time", later(3 * 3600))
    elsewhere(person.upstream.close())
    told = table(person, code=6)
    assert told["this key may still spend"] == "what the account has: it has no limit of its own"
    assert told["as of"].startswith("3 h ago, and not since: ")


def later(seconds: float) -> Any:
    """A clock that is ahead."""
    real = time.time
    return lambda: real() + seconds


def test_names_from_upstream_do_not_reach_the_terminal(person: Person) -> None:
    """Escape sequences in a budget or a reset are shown, not obeyed."""
    budget = {"scope": "\x1b[2J", "limit_usd": 1, "remaining_usd": 0, "reset_interval": "\x1b]0;x\x07"}
    person.upstream.account.keys[KEY] = Key(limit=5, limit_remaining=4, limit_reset="\x1b[31m", budgets=[budget])
    outcome = person.call("balance")
    assert outcome.code == 0
    assert "\x1b" not in outcome.out + outcome.err
    assert "\ufffd]0;x" in outcome.err


@pytest.mark.parametrize("columns", [60, 100])
def test_at_a_terminal_it_is_wrapped_by_word(person: Person, columns: int) -> None:
    """Each figure stands under what it belongs to, no line is wider than the terminal, and an address stays whole."""
    terminal = person.sit_down("balance", columns=columns)
    assert terminal.close() == 0
    lines = terminal.screen.splitlines()
    assert max(map(len, lines)) <= columns
    titles = [line[:26].strip() for line in lines if line[:26].strip() and not line.strip().startswith("https:")]
    key = ["limit", "used", "free requests", "as of", "change it"]
    assert titles == ["this key may still spend", *key, "account credits"]
    assert lines[-1].strip() == "https://openrouter.ai/settings/management-keys"
    assert "https://openrouter.ai/settings/keys" in [line.split()[-1] for line in lines]
    assert " ".join(terminal.screen.split()).count("it has no limit of its own") == 1


def test_what_a_record_left_out_is_a_dash() -> None:
    """Partly known is shown as far as it goes."""
    key = KeyAllowance(asked_at=0, counts_byok=False, has_limit=None)
    lines = dict(balance_lines(Balance(key=key), 0))
    assert (lines["this key may still spend"], lines["  limit"], lines["account credits"]) == (
        "unknown",
        "–",
        "unknown",
    )
    credits = Credits(total_credits=Decimal(3), total_usage=Decimal(1), asked_at=0)
    lines = dict(balance_lines(Balance(credits=credits), 0))
    assert (lines["account credits"], lines["this key"]) == ("$2.00 left", "unknown")
    failed = Problem(kind="failed", text="no")
    assert dict(balance_lines(Balance(credits_problem=failed), 0))["account credits"] == "unknown: no"


# --- in `chit ask` ---------------------------------------------------------------------------------------------------


@pytest.fixture
def low(manager: Person) -> Person:
    """Somebody with little left, which a program has asked for a moment ago."""
    manager.upstream.account.total_usage = Decimal("16.58")
    manager.call("balance", "--json")
    return manager


def test_a_low_balance_is_one_line_after_the_chit(low: Person) -> None:
    """Once; the text and the chit come first."""
    outcome = low.call("ask", *ECHO, "Hi")
    assert (outcome.code, outcome.out) == (0, "Hi\n")
    chit, line = outcome.err.splitlines(keepends=True)
    assert chit.startswith("▸ ")
    assert line == LOW
    assert LOW not in low.call("ask", *ECHO, "Hi").err


def test_with_json_the_line_is_beside_the_object(low: Person) -> None:
    """Standard output stays one object."""
    outcome = low.call("ask", *ECHO, "Hi", "--json")
    assert (outcome.record["text"], outcome.err) == ("Hi", LOW)


def test_a_key_that_was_handed_over_looks_no_further(
    person: Person, remembering: Remembering, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where no management key was ever stored, a question does not even open the keychain."""
    monkeypatch.setattr(balance_module, "HEAD_START_SECONDS", 0)
    assert person.call("ask", *ECHO, "Hi").code == 0
    assert remembering.calls == 0


def test_a_history_that_cannot_be_read_costs_only_the_line(low: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    """The reply is there, and the code is that of the reply."""

    async def fail(*_: Any) -> None:
        raise StoreError("the disk is broken")

    monkeypatch.setattr("chit.app.has_key_mark", fail)
    outcome = low.call("ask", *ECHO, "Hi")
    assert (outcome.code, outcome.out, outcome.err.count("\n")) == (0, "Hi\n", 1)


def test_a_key_from_the_keychain_looks_there_again(stranger: Person, remembering: Remembering) -> None:
    """Then both keys rest in one place, and the balance is known without a word about it."""
    for key, *options in ((KEY,), (MANAGEMENT_KEY, "--management")):
        assert stranger.call("key", "set", *options, typed=key.encode()).code == 0
    stranger.upstream.account.total_usage = Decimal("16.58")
    stranger.call("balance", "--json")
    assert stranger.call("ask", *ECHO, "Hi").err.endswith(LOW)
    assert remembering.kept


def test_a_threshold_of_zero_is_silent(low: Person) -> None:
    """Then nothing is even looked at."""
    low.variables["CHIT_LOW_BALANCE"] = "0"
    assert "credits" not in low.call("ask", *ECHO, "Hi").err


def test_what_is_older_says_its_age(low: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where nobody may ask in the background, the notice tells since when it is known."""
    low.variables["CHIT_SETTLE"] = "manual"
    monkeypatch.setattr("time.time", later(600))
    assert "may start later (known 10 min ago). https://" in low.call("ask", *ECHO, "Hi").err


def test_the_background_asks_while_the_reply_comes(manager: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    """What nobody knew before is told after the reply, without a question of its own."""
    monkeypatch.setattr(balance_module, "HEAD_START_SECONDS", 0)
    manager.upstream.account.total_usage = Decimal("16.58")
    manager.upstream.pace = 0.2
    assert manager.call("ask", "-m", "sandbox/slow", "Hi").err.endswith(LOW)


@pytest.mark.parametrize("settle", ["background", "manual"])
def test_a_402_asks_anew(low: Person, settle: str) -> None:
    """After an error about money what is known may be wrong: it is asked for, if asking in the background is wanted."""
    low.variables["CHIT_SETTLE"] = settle
    low.upstream.account.total_usage = Decimal("25.12")
    outcome = low.call("ask", "-m", "sandbox/error-credits", "Hi")
    assert outcome.code == 5
    assert ("no account credits are left (-$0.12)" in outcome.err) == (settle == "background")
    assert outcome.err.count("\n") == 2


def test_a_balance_that_cannot_be_asked_in_time_holds_up_nothing(low: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    """After a 402 the question has its seconds; then the command ends with what is known."""

    async def hang(*_: Any, **__: Any) -> None:
        await asyncio.Event().wait()

    monkeypatch.setattr(balance_line, "ASK_SECONDS", 0.01)
    monkeypatch.setattr("chit.openrouter.client.OpenRouterClient._fetch", hang)
    outcome = low.call("ask", "-m", "sandbox/error-credits", "Hi")
    assert outcome.code == 5
    assert outcome.err.endswith(LOW)


def test_a_keychain_that_hangs_holds_up_nothing(low: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the management key in time nothing is known, and nothing is said."""

    async def hang(*_: Any, **__: Any) -> None:
        await asyncio.Event().wait()

    monkeypatch.setattr(balance_line, "LOAD_SECONDS", 0.01)
    monkeypatch.setattr("chit.vault.store.SecretStore.get", hang)
    outcome = low.call("ask", *ECHO, "Hi")
    assert (outcome.code, outcome.err.count("\n")) == (0, 1)


def test_a_stopped_question_is_not_followed_by_the_line(person: Person) -> None:
    """Who stops wants the prompt back; the notice is kept for the next reply."""
    person.upstream.account.keys[KEY] = Key(limit=5, limit_remaining=0.4)
    process = person.start("ask", "-m", "sandbox/stall", "Hi")
    read_until(process, "This reply begins well")
    person.call("balance", "--json")
    process.send_signal(signal.SIGINT)
    outcome = finish(process)
    assert (outcome.code, outcome.err.count("\n")) == (130, 1)
    assert "$0.40 of this key's limit of $5.00 left" in person.call("ask", *ECHO, "Hi").err
