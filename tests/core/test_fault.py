"""Faults: the facts of a failed reply, read from any of its shapes, and from anything else without a crash."""

import json
from collections.abc import Mapping
from typing import Any, get_args

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from chit.core.fault import Fault, Phase, find_error, find_generation_id, read_fault, read_seconds, scrub_fault


def read(error: Any, headers: Mapping[str, str] | None = None, **beside: Any) -> Fault:
    """The fault of a refused reply with this error object, and other members beside it."""
    body = json.dumps({"error": error, **beside}).encode()
    return read_fault(phase="replied", status=400, headers=headers or {}, body=body)


@pytest.mark.parametrize(
    "body",
    [
        {"error": {"code": 429, "message": "m", "metadata": {"error_type": "t"}}},
        {"error": {"code": 429, "message": "m", "error_type": "t", "metadata": None}},
        {"error": {"http_status": 429, "message": "m", "error_type": "t"}},
        {"id": "gen-1", "error": {"code": 429, "message": "m", "error_type": "t"}, "choices": []},
        {"choices": [7, {"message": {}}, {"error": {"code": 429, "message": "m", "error_type": "t"}}]},
    ],
)
def test_every_envelope_gives_the_same_facts(body: dict[str, Any]) -> None:
    """Shapes A to E of the field guide are read alike: code, message and type."""
    fault = read_fault(phase="replied", status=200, headers={}, body=json.dumps(body).encode())
    assert (fault.code, fault.text, fault.error_type, fault.has_json_error) == (429, "m", "t", True)


@pytest.mark.parametrize(
    "body", [b"", b"<html>", b"{}", b"[]", b"7", b'{"error":null}', b'{"choices":7}', b'{"choices":[{"delta":{}}]}']
)
def test_a_body_without_an_error_has_none(body: bytes) -> None:
    """Pages, empty bodies and other JSON are no JSON error, and are kept as they came."""
    fault = read_fault(phase="replied", status=502, headers={}, body=body)
    assert not fault.has_json_error
    assert (fault.text, fault.code, fault.raw) == ("", None, body.decode())


@pytest.mark.parametrize(("error", "text"), [("gone", "gone"), (7, "7"), (["x"], ""), ({"message": 7}, "")])
def test_an_odd_error_is_still_one(error: Any, text: str) -> None:
    """A bare text or number is the message; what cannot be one counts as an error without words."""
    fault = read(error)
    assert fault.has_json_error
    assert fault.text == text


def test_depth_does_not_matter() -> None:
    """Nesting as deep as the parser allows, where text is expected, is read without exhausting the stack."""
    deep = b"[" * 990 + b"]" * 990
    for body in (b'{"error":' + deep + b"}", b'{"error":{"message":"m","metadata":{"headers":{"a":' + deep + b"}}}}"):
        assert read_fault(phase="replied", status=400, headers={}, body=body).has_json_error


@pytest.mark.parametrize(
    ("error", "beside", "provider"),
    [
        ({"metadata": {"provider_name": "P"}}, {"provider": "Q"}, "P"),
        ({"provider_name": "P"}, {}, "P"),
        ({"message": "m"}, {"provider": "P"}, "P"),
        ({"message": "m"}, {"provider": 7}, None),
    ],
)
def test_the_provider_is_found_wherever_it_is_named(error: Any, beside: dict[str, Any], provider: str | None) -> None:
    """The error's own word wins; the chunk of a stream names it beside the error."""
    assert read(error, **beside).provider == provider


@pytest.mark.parametrize(("code", "found"), [(1, 1), ("server_error", "server_error"), (True, None), (None, None)])
def test_the_code_may_be_a_number_or_a_word(code: Any, found: int | str | None) -> None:
    """Both are kept as they came; anything else is no code."""
    assert read({"code": code}).code == found


RESET, ANSWERED = "1800000000000", "Fri, 15 Jan 2027 07:59:20 GMT"
"""Forty seconds apart."""


@pytest.mark.parametrize(
    ("error", "headers", "seconds"),
    [
        ({"availability": {"retry_after": 1}, "metadata": {"retry_after_seconds": 4}}, {"retry-after": "2"}, 1),
        ({"metadata": {"headers": {"Retry-After": "3"}, "retry_after_seconds": 4}}, {"retry-after": "2"}, 2),
        ({"metadata": {"headers": {"Retry-After": 3}, "retry_after_seconds": 4}}, {}, 3),
        ({"metadata": {"headers": {"Retry-After": None}, "retry_after_seconds": 4}}, {}, 4),
        ({"metadata": {"headers": {}}}, {"retry-after": "Wed, 21 Oct 2026 07:28:00 GMT"}, None),
        ({"metadata": {"retry_after_seconds": 4}}, {"x-ratelimit-reset": RESET, "date": ANSWERED}, 4),
        ({"metadata": {"headers": {"X-RateLimit-Reset": RESET}}}, {"date": ANSWERED}, 40),
        ({}, {"x-ratelimit-reset": RESET, "date": ANSWERED.replace("GMT", "-0000")}, 40),
        ({}, {"x-ratelimit-reset": RESET, "date": "Fri, 15 Jan 2027 08:00:01 GMT"}, None),
        ({}, {"x-ratelimit-reset": RESET, "date": "tomorrow"}, None),
        ({}, {"x-ratelimit-reset": RESET, "date": f"Fri, 15 Jan {'9' * 30} 08:00:00 GMT"}, None),
        ({}, {"x-ratelimit-reset": RESET}, None),
        ({}, {"date": ANSWERED}, None),
    ],
)
def test_delays_are_trusted_in_order(error: Any, headers: dict[str, str], seconds: float | None) -> None:
    """`availability`, the header, the provider's nested one, `retry_after_seconds`, then the time until the reset."""
    assert read(error, headers).retry_after == seconds


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        (5, 5),
        ("2.5", 2.5),
        (0, 0),
        (True, None),
        (None, None),
        ([], None),
        (-1, None),
        ("soon", None),
        ("nan", None),
        ("inf", None),
        (10**9, None),
        (10**400, None),
    ],
)
def test_only_sensible_delays_count(value: Any, seconds: float | None) -> None:
    """Numbers and numeric texts from zero up to decades; truth values, dates and infinities are no delays."""
    assert read_seconds(value) == seconds


@pytest.mark.parametrize(
    ("value", "at"),
    [
        ("1800014400000", 1_800_014_400),
        ("1800014400", 1_800_014_400),
        ("60", None),
        ("inf", None),
        ("nan", None),
        ("1e300", None),
        ("-5", None),
        ("soon", None),
    ],
)
def test_the_reset_is_read_as_milliseconds_or_seconds(value: str, at: float | None) -> None:
    """Epoch milliseconds, or seconds, by size; in the reply's headers or nested in the error; nonsense is none."""
    assert read({"message": "m"}, {"x-ratelimit-reset": value}).reset_at == at
    assert read({"metadata": {"headers": {"X-RateLimit-Reset": value}}}).reset_at == at


def test_no_error_is_found_in_what_is_no_object() -> None:
    """A decoded body that is a list or a text holds no error."""
    assert find_error([]) == {}
    assert find_error("error") == {}


@given(body=st.binary(), phase=st.sampled_from(get_args(Phase)), headers=st.dictionaries(st.text(), st.text()))
@example(body=b'{"error":{"message":"\\ud800"}}', phase="replied", headers={})
def test_anything_is_read(body: bytes, phase: Phase, headers: dict[str, str]) -> None:
    """Arbitrary bytes and headers give a fault with the body kept, and never an exception."""
    fault = read_fault(phase=phase, status=None, headers=headers, body=body)
    assert fault.raw == body.decode("utf-8", "replace")


def test_a_scrubbed_fault_tells_no_key_anywhere() -> None:
    """Every member is scrubbed, however deep, names too, and what is no text stays as it is."""
    body = {"error": {"code": "hunter2", "message": "hunter2", "metadata": {"hunter2": [{"raw": "hunter2"}, 1, None]}}}
    fault = read_fault(phase="replied", status=401, headers={}, body=json.dumps(body).encode())
    scrubbed = scrub_fault(fault, lambda text: text.replace("hunter2", "***"))
    assert "hunter2" in repr(fault)
    assert "hunter2" not in repr(scrubbed)
    assert scrubbed.metadata == {"***": [{"raw": "***"}, 1, None]}
    assert scrubbed.status == 401


def test_a_fault_without_keys_stays_as_it_is() -> None:
    """Scrubbing changes nothing where there is nothing to hide; the raw text stays as received."""
    raw = b'{ "error" : {"message": "\\u00e9",\n "code": 402}}'
    fault = read_fault(phase="replied", status=402, headers={}, body=raw)
    scrubbed = scrub_fault(fault, lambda text: text)
    assert scrubbed == fault
    assert scrubbed.raw == raw.decode()


@pytest.mark.parametrize(
    ("body", "found"),
    [
        (b'{"id": "gen-1", "error": {}}', "gen-1"),
        (b'{"id": "req-1"}', None),
        (b'{"id": 7}', None),
        (b"{}", None),
        (b"[]", None),
        (b"gen-1", None),
    ],
)
def test_a_generation_id_is_found_in_a_body(body: bytes, found: str | None) -> None:
    """Only a text that is spelt like one counts."""
    assert find_generation_id(body) == found
