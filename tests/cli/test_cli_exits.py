"""Errors as one line and as an exit code."""

import pytest

from chit.cli.exits import empty_record, exit_code, one_line
from chit.errors import (
    ChitError,
    DiskFull,
    InputError,
    KeychainUnusable,
    KeyNotFound,
    KeyUnavailable,
    KindNotTaken,
    NotFound,
    StoreDamaged,
    StoreError,
    StoreTooNew,
    StoreUnreadable,
    TooLarge,
    TooManyTries,
    UpstreamError,
    VaultDamaged,
    VaultError,
    VaultLocked,
    VaultTooCostly,
    WrongPassphrase,
)


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (InputError("x"), 2),
        (NotFound("x"), 2),
        (NotFound("x", kind="was_private"), 2),
        (TooLarge("x"), 2),
        (KindNotTaken("x"), 2),
        (ChitError("x", kind="schema_mismatch"), 7),
        (StoreError("x"), 2),
        (StoreUnreadable("x"), 2),
        (StoreDamaged("x"), 2),
        (StoreTooNew("x"), 2),
        (DiskFull("x"), 6),
        (ChitError("x", kind="output_failed"), 6),
        (KeyUnavailable("x"), 3),
        (ChitError("x", kind="locked"), 3),
        (KeyNotFound("x"), 3),
        (KeychainUnusable("x"), 3),
        (VaultError("x"), 3),
        (VaultLocked("x"), 3),
        (WrongPassphrase("x"), 3),
        (TooManyTries("x", hint="", retry_after=1), 3),
        (VaultDamaged("x"), 3),
        (VaultTooCostly("x"), 3),
        (UpstreamError("x", kind="sign_in_refused", hint="", status=403), 3),
        (UpstreamError("x", kind="sign_in_expired", hint="", status=403), 3),
        (ChitError("x", kind="stopped"), 130),
        (ChitError("x", kind="bug"), 1),
        (UpstreamError("x", kind="model_unknown", hint="", status=400), 4),
        (UpstreamError("x", kind="something new", hint="", status=418), 4),
        (UpstreamError("x", kind="something new", hint="", status=599), 6),
        (UpstreamError("x", kind="unknown", hint="", status=200, meant_status=403, code="permission_denied"), 4),
        (UpstreamError("x", kind="unknown", hint="", status=200, meant_status=503, code="503"), 6),
        (UpstreamError("x", kind="unknown", hint="", status=302), 6),
        (UpstreamError("x", kind="unknown", hint="", status=200), 1),
    ],
)
def test_every_kind_has_its_exit_code(error: ChitError, code: int) -> None:
    """Our own kinds have fixed codes; of upstream's, an unknown kind is judged by its status."""
    assert exit_code(error) == code


def test_one_line_holds_cause_hint_and_link() -> None:
    """Line breaks of a provider's text do not break ours, and a link is told once."""
    error = ChitError("a\nb", hint="Do  this.", link="https://x.test/y")
    assert one_line(error) == "a b. Do this. https://x.test/y"
    assert one_line(ChitError("a", hint="See https://x.test/y", link="https://x.test/y")) == "a. See https://x.test/y"


def test_the_empty_record_has_every_member() -> None:
    """A program reads the same members where nothing came into being."""
    record = empty_record(InputError("x", hint="y"))
    members = "id conversation_id source text parts state finish_reason extra chit error"
    assert list(record) == members.split()
    assert record["error"]["kind"] == "input_invalid"
