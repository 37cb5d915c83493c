"""Guidance for a sign-in that failed (field guide §8): like `guidance`, which knows of completions only.

Nothing is billed by a sign-in, but where no clear answer came a key may have been made, and lie about unused.
"""

from dataclasses import dataclass

from chit.about import KEYS_PAGE, STATUS_PAGE
from chit.core.fault import Fault
from chit.core.guidance import explain
from chit.core.guidance_texts import clean_text
from chit.errors import Action, UpstreamError

_START_AGAIN = Action(kind="retry", label="Sign in again")
_PASTE_A_KEY = Action(kind="add_key", label="Paste a key")
_KEYS = Action(kind="open_link", label="Open key settings", url=KEYS_PAGE)
_STATUS = Action(kind="open_link", label="Open OpenRouter's status", url=STATUS_PAGE)
_OR_PASTE = f"or create a key at {KEYS_PAGE} and paste it"
_MAYBE_MADE = (
    f"A key may have been made all the same: delete the one you do not know at {KEYS_PAGE}, then sign in again."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Advice:
    """What is said of one way to fail; `message` has room for HTTP's status."""

    kind: str
    message: str
    hint: str
    retryable: bool = False
    quotes: bool = False
    link: str = KEYS_PAGE


_EXPIRED = Advice(
    kind="sign_in_expired",
    message="The sign-in was approved more than ten minutes ago, and OpenRouter has forgotten it.",
    hint=f"Sign in again and leave no pause after approving, {_OR_PASTE}.",
)
_WRONG_CODE = Advice(
    kind="sign_in_refused",
    message="OpenRouter does not accept the code: it is incomplete, was used before, or belongs to another sign-in.",
    hint=f"Sign in again, {_OR_PASTE}.",
)
_WRONG_METHOD = Advice(
    kind="sign_in_refused",
    message="OpenRouter does not accept how this sign-in is protected (code_challenge_method).",
    hint=f"Sign in again. If that does not help, look for a newer version of Chit, {_OR_PASTE}.",
)
_NOT_ALLOWED = Advice(
    kind="sign_in_refused",
    message="OpenRouter takes sign-ins by POST over https only, and something changed that on the way.",
    hint=f"Check the base URL in the preferences and whether a proxy stands in the way, {_OR_PASTE}.",
)
_REFUSED = Advice(
    kind="sign_in_refused",
    message="OpenRouter refused the sign-in (HTTP {status}).",
    hint=f"Check the base URL in the preferences and sign in again, {_OR_PASTE}.",
    quotes=True,
)
_TOO_OFTEN = Advice(
    kind="rate_limited",
    message="OpenRouter wants fewer sign-ins at a time.",
    hint=f"Wait a minute and sign in again, {_OR_PASTE}.",
    retryable=True,
)
_FAILED = Advice(
    kind="upstream_error",
    message="OpenRouter failed while handling the sign-in (HTTP {status}).",
    hint=_MAYBE_MADE,
    retryable=True,
    quotes=True,
    link=STATUS_PAGE,
)
_UNANSWERED = Advice(
    kind="upstream_timeout",
    message="The sign-in was sent, but no answer came back.",
    hint=_MAYBE_MADE,
    retryable=True,
)
_NO_KEY = Advice(
    kind="unexpected_reply",
    message="What came back is not OpenRouter's answer to a sign-in (HTTP {status}).",
    hint=f"Check the base URL in the preferences and whether a proxy stands in the way. {_MAYBE_MADE}",
)

ADVICE = (
    _EXPIRED,
    _WRONG_CODE,
    _WRONG_METHOD,
    _NOT_ALLOWED,
    _REFUSED,
    _TOO_OFTEN,
    _FAILED,
    _UNANSWERED,
    _NO_KEY,
)
"""Every way a sign-in fails once it was sent; what docs/errors.md is made from."""


def explain_sign_in(fault: Fault) -> UpstreamError:
    """The error to show for a failed exchange of code for key. Pure, and never raises."""
    if fault.phase == "unsent":
        return explain(fault)
    advice = _choose(fault)
    message = advice.message.format(status=fault.status)
    said = clean_text(fault.text) if advice.quotes else ""
    help_page = _STATUS if advice.link == STATUS_PAGE else _KEYS
    return UpstreamError(
        f"{message} OpenRouter said: “{said}”" if said else message,
        kind=advice.kind,
        hint=advice.hint,
        link=advice.link,
        actions=(_START_AGAIN, _PASTE_A_KEY, help_page),
        status=fault.status,
        code=fault.code,
        retryable=advice.retryable,
        retry_after=fault.retry_after,
        raw=fault.raw,
    )


def _choose(fault: Fault) -> Advice:
    if fault.status is None:
        return _UNANSWERED
    if fault.status == 400 and "code_challenge_method" in fault.text:
        return _WRONG_METHOD
    if fault.status == 403 and "expired" in fault.text.lower():
        return _EXPIRED
    if fault.status == 403 and "code" in fault.text.lower():
        return _WRONG_CODE
    known = {405: _NOT_ALLOWED, 429: _TOO_OFTEN}
    if fault.status in known:
        return known[fault.status]
    return {4: _REFUSED, 5: _FAILED}.get(fault.status // 100, _NO_KEY)
