"""What a person is told when a sign-in fails."""

import pytest

from chit.about import KEYS_PAGE, STATUS_PAGE
from chit.core.fault import Cause, Fault, Phase
from chit.core.guidance_sign_in import explain_sign_in
from chit.errors import UpstreamError


def refused(status: int, text: str = "") -> UpstreamError:
    """The error for a reply with a status and OpenRouter's words."""
    return explain_sign_in(Fault(phase="replied", status=status, code=status, text=text, raw=text, retry_after=7.0))


@pytest.mark.parametrize(
    ("status", "text", "kind", "words"),
    [
        (400, "Invalid code_challenge_method", "sign_in_refused", "how this sign-in is protected"),
        (403, "Invalid code or code_verifier", "sign_in_refused", "does not accept the code"),
        (403, "Authorization code expired", "sign_in_expired", "more than ten minutes ago"),
        (405, "Method Not Allowed", "sign_in_refused", "by POST over https only"),
        (400, "Invalid request parameters", "sign_in_refused", "said: “Invalid request parameters”"),
        (403, "Country not supported", "sign_in_refused", "said: “Country not supported”"),
        (404, "", "sign_in_refused", "refused the sign-in (HTTP 404)."),
        (429, "Slow down", "rate_limited", "fewer sign-ins"),
        (500, "Internal Server Error", "upstream_error", "said: “Internal Server Error”"),
        (302, "", "unexpected_reply", "(HTTP 302)"),
        (200, "", "unexpected_reply", "(HTTP 200)"),
    ],
)
def test_every_refusal_is_explained(status: int, text: str, kind: str, words: str) -> None:
    """Each documented error, and every other one, says what happened, what to do, and where; the facts are kept."""
    error = refused(status, text)
    assert (error.kind, error.status, error.code, error.raw, error.retry_after) == (kind, status, status, text, 7.0)
    assert words in error.message
    assert error.hint
    assert error.link in (KEYS_PAGE, STATUS_PAGE)
    assert [action.kind for action in error.actions] == ["retry", "add_key", "open_link"]
    assert error.actions[-1].url == error.link


@pytest.mark.parametrize("status", [200, 302, 500, 504])
def test_a_key_that_may_have_been_made_is_not_forgotten(status: int) -> None:
    """Where no clear answer came, the person is told of the key that may lie about; nothing is said of a bill."""
    assert "A key may have been made" in refused(status).hint
    assert "billed" not in refused(status).hint


@pytest.mark.parametrize("cause", ["timeout", "reset", "garbled"])
def test_silence_is_not_a_refusal(cause: Cause) -> None:
    """A sign-in that was sent and not answered may have made a key."""
    error = explain_sign_in(Fault(phase="unanswered", cause=cause))
    assert (error.kind, error.status, error.retryable) == ("upstream_timeout", None, True)
    assert "A key may have been made" in error.hint


@pytest.mark.parametrize(("cause", "kind"), [("dns", "offline"), ("connect", "offline"), ("tls", "tls")])
def test_what_was_never_sent_is_explained_as_anywhere(cause: Cause, kind: str) -> None:
    """Without a connection the general guidance holds, and says that nothing was sent."""
    phase: Phase = "unsent"
    error = explain_sign_in(Fault(phase=phase, cause=cause))
    assert (error.kind, error.retryable) == (kind, True)
    assert "nothing was sent" in error.message


def test_foreign_words_are_made_harmless() -> None:
    """OpenRouter's words are quoted on one line, without anything that drives a terminal."""
    assert "\x1b" not in refused(404, "gone\x1b[2J\nnow").message
