"""Errors of ours in the shapes that callers know."""

import json

import pytest

from chit.core.api_error import is_api_path, write_api_error


@pytest.mark.parametrize(
    ("status", "openai", "anthropic"),
    [
        (400, "invalid_request_error", "invalid_request_error"),
        (401, "authentication_error", "authentication_error"),
        (402, "insufficient_quota", "billing_error"),
        (418, "invalid_request_error", "invalid_request_error"),
        (500, "server_error", "api_error"),
        (503, "server_error", "overloaded_error"),
    ],
)
def test_each_dialect_has_its_types(status: int, openai: str, anthropic: str) -> None:
    """By status, on Messages in Anthropic's words."""
    told = json.loads(write_api_error("/v1/chat/completions", status=status, message="No.", code="c"))
    assert told == {"error": {"type": openai, "param": None, "message": "No.", "code": "c"}}
    for path in ("/v1/messages", "/v1/messages/count_tokens"):
        told = json.loads(write_api_error(path, status=status, message="No.", code="c"))
        assert told == {"type": "error", "error": {"type": anthropic, "message": "No.", "code": "c"}}


def test_what_is_known_is_told() -> None:
    """Hint, link, and what upstream said."""
    told = json.loads(write_api_error("/v1/x", status=502, message="m", code="c", hint="h", link="l", raw="r"))
    assert {name: told["error"][name] for name in ("hint", "link", "metadata")} == {
        "hint": "h",
        "link": "l",
        "metadata": {"raw": "r"},
    }


def test_which_paths_are_the_local_api() -> None:
    """All below `/v1`, and nothing that only begins like it."""
    assert [is_api_path(path) for path in ("/v1", "/v1/x", "/v1x", "/", "")] == [True, True, False, False, False]
