"""What the answers about credits mean: they count on the kind of the key that asked (field guide §5.1, trap 1).

403, and a success with two zeros, are the account's word only from a key that says of itself that it is a management
key. `chit balance`, the background and `chit doctor` all judge by this.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from chit.core.balance import Credits, KeyAllowance, Problem
from chit.core.balance_records import read_credits
from chit.errors import ChitError, KeyUnavailable, UpstreamError, VaultLocked

NO_MANAGEMENT_KEY = Problem(kind="missing", text="no management key is stored, and only one can read account credits")
NOT_MANAGEMENT = Problem(
    kind="wrong_kind", text="the key stored as management key is an ordinary one, which cannot read account credits"
)
AMBIGUOUS = Problem(
    kind="failed", text="OpenRouter answered two zeros without saying what kind of key it was asked with"
)
UNREADABLE = Problem(kind="failed", text="OpenRouter's answer could not be read")

Reason = Problem | ChitError | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CreditsAnswer:
    """What one key was told of the account."""

    said: Mapping[str, Any] | ChitError
    """The record of `GET /credits`, or why there is none."""
    is_management: bool | None = None
    """What the key says of itself, where `needs_kind`; None if it does not."""


def needs_kind(said: Mapping[str, Any] | ChitError) -> bool:
    """Whether only the kind of the key that asked tells what this means."""
    if isinstance(said, ChitError):
        return _is_forbidden(said)
    credits = read_credits(said, 0)
    return credits is not None and credits.is_blank


def judge_credits(answer: CreditsAnswer, asked_at: float) -> Credits | Problem | ChitError:
    """The credits, or why they are not known. `asked_at` in unix seconds."""
    if isinstance(answer.said, ChitError):
        is_ordinary = _is_forbidden(answer.said) and answer.is_management is False
        return NOT_MANAGEMENT if is_ordinary else answer.said
    credits = read_credits(answer.said, asked_at)
    if credits is None:
        return UNREADABLE
    if not credits.is_blank or answer.is_management:
        return credits
    return AMBIGUOUS if answer.is_management is None else NOT_MANAGEMENT


def may_ask_instead(key: KeyAllowance | None, judged: Credits | Reason) -> bool:
    """Whether the key for questions is a management key, to be asked where the one of that name brought nothing."""
    return not isinstance(judged, Credits) and key is not None and key.is_management is True


def explain_reason(reason: Reason) -> Problem | None:
    """As it is kept and shown."""
    if not isinstance(reason, ChitError):
        return reason
    if isinstance(reason, VaultLocked):
        return Problem(kind="locked", text="the vault is locked, and the key may be in it: chit key unlock")
    return Problem(kind="missing" if isinstance(reason, KeyUnavailable) else "failed", text=reason.message)


def choose_error(*reasons: Reason) -> ChitError | None:
    """The one to report: a key that was sent and failed tells more than one that is missing."""
    errors = [reason for reason in reasons if isinstance(reason, ChitError)]
    return min(errors, key=lambda error: isinstance(error, KeyUnavailable), default=None)


def _is_forbidden(error: ChitError) -> bool:
    return isinstance(error, UpstreamError) and error.status == 403
