"""The error tree: one base, stable words, and one JSON form."""

import pytest

from chit import errors
from chit.errors import (
    Action,
    ChitError,
    InputError,
    KeyUnavailable,
    StoreError,
    TooManyTries,
    UpstreamError,
    VaultError,
)

KINDS = {
    "ChitError": "unknown",
    "InputError": "input_invalid",
    "TooLarge": "too_large",
    "KindNotTaken": "kind_not_taken",
    "KeyUnavailable": "key_missing",
    "KeyNotFound": "key_not_found",
    "KeychainUnusable": "keychain_unusable",
    "VaultError": "vault",
    "VaultLocked": "locked",
    "WrongPassphrase": "wrong_passphrase",
    "VaultDamaged": "vault_damaged",
    "VaultTooCostly": "vault_too_costly",
    "LimitReached": "limit_reached",
    "StoreError": "store",
    "NotFound": "not_found",
    "StoreUnreadable": "store_unreadable",
    "StoreDamaged": "store_damaged",
    "StoreTooNew": "store_too_new",
    "DiskFull": "disk_full",
    "WasPrivate": "was_private",
}
MEMBERS = {
    "kind",
    "message",
    "hint",
    "link",
    "actions",
    "status",
    "code",
    "provider",
    "retryable",
    "retry_after",
    "raw",
}


def tree() -> dict[str, type[Exception]]:
    """Every exception class of the module."""
    return {name: it for name, it in vars(errors).items() if isinstance(it, type) and issubclass(it, Exception)}


def test_every_error_has_the_one_base() -> None:
    """`except ChitError` meets all of them, and a mistake of the programmer none."""
    assert all(issubclass(error, ChitError) for error in tree().values())
    assert tree().keys() == KINDS.keys() | {"TooManyTries", "UpstreamError", "OutputInvalid"}
    assert not issubclass(ChitError, RuntimeError | TypeError | ValueError | OSError)


@pytest.mark.parametrize(("name", "kind"), KINDS.items())
def test_each_class_has_its_word(name: str, kind: str) -> None:
    """Programs may rely on the kind of each class, on its message being its text, and on its having no advice yet."""
    error = tree()[name]("It broke.")
    assert isinstance(error, ChitError)
    assert (error.kind, error.message, str(error)) == (kind, "It broke.", "It broke.")
    assert (error.hint, error.link, error.actions) == ("", None, ())


@pytest.mark.parametrize("name", ["NotFound", "StoreUnreadable", "StoreDamaged", "StoreTooNew", "DiskFull"])
def test_the_errors_of_the_store(name: str) -> None:
    """One `except StoreError` is enough for the database."""
    assert issubclass(tree()[name], StoreError)


@pytest.mark.parametrize("name", ["VaultLocked", "WrongPassphrase", "TooManyTries", "VaultDamaged", "VaultTooCostly"])
def test_the_errors_of_the_vault(name: str) -> None:
    """Each is a `VaultError`, and so a `KeyUnavailable`: who cannot go on without a key needs no second `except`."""
    assert issubclass(tree()[name], VaultError)
    assert issubclass(VaultError, KeyUnavailable)
    assert issubclass(tree()["KeyNotFound"], KeyUnavailable)


def test_too_many_tries_says_when_to_try_again() -> None:
    """The wait is a number for programs, in the JSON form too."""
    error = TooManyTries("Too fast.", hint="Wait 4 s.", retry_after=4.0)
    assert (error.kind, error.hint, error.retry_after) == ("too_many_tries", "Wait 4 s.", 4.0)
    assert error.as_dict() == ChitError("Too fast.").as_dict() | {
        "kind": "too_many_tries",
        "hint": "Wait 4 s.",
        "retryable": True,
        "retry_after": 4.0,
    }


def test_a_kind_of_its_own_does_not_change_the_class() -> None:
    """An instance may say its kind more closely; the next one of the class has the class's again."""
    assert KeyUnavailable("x", kind="locked").kind == "locked"
    assert KeyUnavailable("x").kind == "key_missing"


def test_the_json_form_of_an_error() -> None:
    """Every member is present, unknown ones null, so that programs need not ask for them."""
    action = Action(kind="add_key", label="Add a key")
    error = InputError("Empty.", hint="Say something.", link="https://example.test", actions=(action,))
    assert error.as_dict() == {
        "kind": "input_invalid",
        "message": "Empty.",
        "hint": "Say something.",
        "link": "https://example.test",
        "actions": [{"kind": "add_key", "label": "Add a key"}],
        "status": None,
        "code": None,
        "provider": None,
        "retryable": False,
        "retry_after": None,
        "raw": None,
    }


def test_the_json_form_of_an_upstream_error() -> None:
    """It has the same members as any error, filled with what the reply said."""
    error = UpstreamError(
        "Busy.",
        kind="rate_limited",
        hint="Wait.",
        status=429,
        code="too_many",
        provider="P",
        retryable=True,
        retry_after=1.5,
        raw="{}",
    )
    shown = error.as_dict()
    assert shown.keys() == MEMBERS == ChitError("x").as_dict().keys()
    assert (shown["kind"], shown["message"], shown["hint"]) == ("rate_limited", "Busy.", "Wait.")
    assert (shown["status"], shown["code"], shown["provider"]) == (429, "too_many", "P")
    assert (shown["retryable"], shown["retry_after"], shown["raw"]) == (True, 1.5, "{}")
    bare = UpstreamError("Busy.", kind="unknown", hint="")
    assert bare.as_dict() == ChitError("Busy.").as_dict()


def test_the_json_form_of_an_action() -> None:
    """Members that apply are there, others are left out."""
    assert Action(kind="retry", label="Retry").as_dict() == {"kind": "retry", "label": "Retry"}
    full = Action(kind="retry_with", label="Go", url="https://x.test", changes={"max_tokens": 5}, models=("a/b",))
    assert full.as_dict() == {
        "kind": "retry_with",
        "label": "Go",
        "url": "https://x.test",
        "changes": {"max_tokens": 5},
        "models": ["a/b"],
    }
    assert Action(kind="retry_with", label="Go", changes={}).as_dict()["changes"] == {}
