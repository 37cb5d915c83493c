"""What `chit doctor` finds about the balance; it is never another story than that of `chit balance`."""

from decimal import Decimal
from typing import Any

import pytest
from tests.cli.conftest import PASSPHRASE, HandOver, seal
from tests.cli.doctoring import bad, findings, texts
from tests.cli.person import KEY, Outcome, Person
from tests.vault.doubles import OTHER, make_entry

from chit.cli import reach
from chit.cli.balance_findings import examine_balance
from chit.core.balance_answers import CreditsAnswer
from chit.errors import KeyNotFound, UpstreamError
from chit.sandbox.account import MANAGEMENT_KEY, Key

STORE_ANOTHER = "Store another: chit key set --management"
ADD = "chit key set --management"


def examine(person: Person, hand_over: HandOver, management: str = MANAGEMENT_KEY) -> Outcome:
    """With a management key in a vault that a running Chit has open."""
    seal(person, management=make_entry(management, base_url=person.upstream.base_url))
    person.call("key", "unlock", "--passphrase-fd", hand_over(PASSPHRASE))
    outcome = person.call("doctor", "--json")
    person.call("key", "lock")
    return outcome


def state(person: Person, code: int = 0) -> Any:
    """What `chit balance` says."""
    outcome = person.call("balance", "--json")
    assert outcome.code == code
    return outcome.record["state"]


# --- its state -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("threshold", ["10", "0"])
@pytest.mark.parametrize(
    ("total", "used", "verdict", "words", "code"),
    [
        (25, 0.5, "ok", "the account's credits are known: not low", 0),
        (7, 0.5, "warn", "low, so that replies may start later: the account's credits; ", 0),
        (0.5, 0.5, "bad", "used up: the account's credits; ", 5),
        (0.5, 3, "bad", "used up: the account's credits; ", 5),
        (0, 0, "bad", "used up: the account's credits; ", 5),
    ],
)
def test_the_accounts_balance(
    person: Person, hand_over: HandOver, total: float, used: float, verdict: str, words: str, code: int, threshold: str
) -> None:
    """Not low, low, used up or overdrawn, or a true zero, never how much; the last ones whatever one wants to hear."""
    person.variables["CHIT_LOW_BALANCE"] = threshold
    person.upstream.account.total_credits, person.upstream.account.total_usage = total, used
    outcome = examine(person, hand_over)
    (found,) = findings(outcome, "balance")
    if threshold == "0" and verdict == "warn":
        verdict, words = "ok", "not low"
    assert (found["verdict"], words in found["text"], found["exit_code"]) == (verdict, True, code)
    assert "$" not in found["text"]
    assert outcome.code == code


BUDGET = {"scope": "workspace", "limit_usd": 20, "remaining_usd": 0, "reset_interval": "monthly"}


@pytest.mark.parametrize(
    ("key", "verdict", "words"),
    [
        (Key(), "note", "the key has no limit of its own"),
        (Key(limit=50), "ok", "what the key may still spend is known, the account's credits are not: not low"),
        (Key(limit=50, usage=49), "warn", "low, so that replies may start later: this key's limit; "),
        (Key(limit=50, usage=50), "bad", "used up: this key's limit; "),
        (Key(limit=50, budgets=[BUDGET]), "bad", "used up: the workspace's budget; "),
        (Key(disabled=True), "note", "unknown"),
    ],
)
def test_what_the_key_may_spend(person: Person, key: Key, verdict: str, words: str) -> None:
    """Without a management key the key's own limit and its budgets are all that is known."""
    person.upstream.account.keys[KEY] = key
    (found,) = findings(person.call("doctor", "--json"), "balance")
    assert (found["verdict"], words in found["text"]) == (verdict, True)


def test_a_management_key_for_questions_can_read_the_account(person: Person) -> None:
    """It cannot ask models, which is bad, but the balance is known through it, here as in `chit balance`."""
    person.variables["OPENROUTER_API_KEY"] = MANAGEMENT_KEY
    outcome = person.call("doctor", "--json")
    assert (outcome.code, bad(outcome)) == (3, ["key"])
    assert "[ok] the account's credits are known: not low" in texts(outcome, "balance")
    assert state(person) == "account"


# --- the management key ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("answer", ["zeros", "forbidden"])
def test_an_ordinary_key_in_its_place(person: Person, hand_over: HandOver, answer: Any) -> None:
    """What it is told is not taken for an empty account, and the doctor does not call that well."""
    person.upstream.account.credits_for_ordinary_keys = answer
    outcome = examine(person, hand_over, OTHER)
    first, second = findings(outcome, "balance")
    assert (first["verdict"], "the account's credits are not known" in first["text"]) == ("note", True)
    assert (second["verdict"], second["hint"]) == ("warn", STORE_ANOTHER)
    assert "is an ordinary one" in second["text"]
    assert person.call("doctor").code == 0


def test_one_that_was_revoked(person: Person, hand_over: HandOver) -> None:
    """A warning in our own words; nothing of OpenRouter's answer is repeated."""
    person.upstream.account.keys[MANAGEMENT_KEY] = Key(kind="management", disabled=True)
    outcome = examine(person, hand_over)
    _, found = findings(outcome, "balance")
    assert (found["verdict"], found["hint"], found["exit_code"]) == ("warn", STORE_ANOTHER, 0)
    assert found["text"].startswith("the stored management key is refused (HTTP status 401)")
    assert outcome.code == 0


def test_one_in_a_locked_vault(person: Person) -> None:
    """It may be there, so a person is not told to add one."""
    seal(person, management=make_entry(MANAGEMENT_KEY, base_url=person.upstream.base_url))
    (found,) = findings(person.call("doctor", "--json"), "balance")
    assert found["hint"] == "The vault is locked, and a management key may be in it: chit key unlock"


def test_a_fault_in_asking_is_told(person: Person, hand_over: HandOver, monkeypatch: pytest.MonkeyPatch) -> None:
    """Even one that nobody thought of, without its words."""

    async def crash(*_: object) -> None:
        raise RuntimeError("private")

    monkeypatch.setattr(reach, "ask_credits", crash)
    outcome = examine(person, hand_over)
    assert "[warn] the account's credits cannot be read: it could not be looked at" in texts(outcome, "balance")
    assert "private" not in outcome.out


@pytest.mark.parametrize(
    ("members", "hint"),
    [
        ({}, True),
        ({"management_problem": KeyNotFound("it is for another address")}, False),
        ({"has_management_key": True}, False),
        ({"key": UpstreamError("no", kind="offline", hint="")}, False),
        ({"key": None}, False),
        ({"key": {}}, True),
    ],
)
def test_a_management_key_is_suggested_where_the_rest_is_well(members: dict[str, Any], hint: bool) -> None:
    """Not without a key, not offline, and not where there is one."""
    (found,) = examine_balance(make_reach(**members), Decimal(10))
    assert (ADD in found.hint) == hint


ZEROS = {"total_credits": 0, "total_usage": 0}


@pytest.mark.parametrize(
    ("answer", "verdict", "words"),
    [
        (CreditsAnswer(said=ZEROS), "note", "two zeros without saying what kind of key"),
        (CreditsAnswer(said={}), "note", "could not be read"),
        (CreditsAnswer(said=UpstreamError("x", kind="offline", hint="")), None, ""),
        (CreditsAnswer(said=UpstreamError("user_1", kind="upstream_error", hint="", status=500)), "warn", "status 500"),
        (
            CreditsAnswer(said=UpstreamError("user_1", kind="unknown", hint="", status=403), is_management=True),
            "warn",
            "cannot be read: ",
        ),
    ],
)
def test_what_else_keeps_the_account_from_being_read(answer: CreditsAnswer, verdict: str | None, words: str) -> None:
    """It is told beside the state, unless the connection's own finding tells it."""
    _, *found = examine_balance(make_reach(credits=answer, has_management_key=True), Decimal(10))
    assert [each.verdict for each in found] == ([] if verdict is None else [verdict])
    for each in found:
        assert words in each.text
        assert "user_1" not in each.text


def make_reach(**members: Any) -> reach.Reach:
    """An ordinary key that works, and no management key."""
    usual: dict[str, Any] = {
        "vault": KeyNotFound(""),
        "place": "the environment",
        "problem": None,
        "has_management_key": False,
        "management_problem": None,
        "probe": KeyNotFound(""),
        "key": {"limit": None},
        "credits": None,
    }
    return reach.Reach(**(usual | members))
