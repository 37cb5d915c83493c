"""When a completion is sent again without asking: the retry table, row by row."""

from dataclasses import replace
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chit.core.fault import Cause, Fault, Phase
from chit.core.retry import MAX_RETRIES, Wait, decide_retry, is_daily_quota, is_final, names_policy


def refused(status: int, **more: Any) -> Fault:
    """OpenRouter's JSON error before any token."""
    return Fault(phase="replied", status=status, has_json_error=True, **more)


IN_FLIGHT = refused(402, metadata={"reason": "in_flight_budget_exhausted"}, retry_after=120.0)


@pytest.mark.parametrize("cause", ["dns", "connect", "tls", "timeout", "proxy"])
def test_what_was_not_sent_is_sent_again(cause: Cause) -> None:
    """Row 1: after a failure to connect, three times, with growing pauses and chance."""
    fault = Fault(phase="unsent", cause=cause)
    waits = [decide_retry(fault, so_far) for so_far in range(MAX_RETRIES + 1)]
    assert waits == [Wait(1.0, 0.5), Wait(4.0, 2.0), Wait(10.0, 5.0), None]


@pytest.mark.parametrize("status", [429, 503])
def test_a_refusal_for_now_is_honoured(status: int) -> None:
    """Row 2: 429 and 503 with a JSON error wait as told, at most three times."""
    fault = refused(status, retry_after=7.0)
    assert [decide_retry(fault, so_far) for so_far in range(4)] == [Wait(7.0, 0.5)] * 3 + [None]
    assert decide_retry(replace(fault, retry_after=None), 1) == Wait(4.0, 2.0)


@pytest.mark.parametrize("status", [429, 503])
def test_a_refusal_without_openrouters_json_is_not_sent_again(status: int) -> None:
    """Row 2: a page of the edge says nothing about whether the completion ran."""
    assert decide_retry(replace(refused(status), has_json_error=False), 0) is None


@pytest.mark.parametrize(("seconds", "waits"), [(0.0, True), (120.0, True), (120.5, False), (3600.0, False)])
def test_a_long_wait_is_told_instead(seconds: float, waits: bool) -> None:
    """Row 2: up to two minutes are waited; beyond, the person is told."""
    assert (decide_retry(refused(429, retry_after=seconds), 0) is not None) is waits


@pytest.mark.parametrize(
    "fault",
    [
        refused(429, text="Rate limit exceeded: free-models-per-day. Add 10 credits"),
        refused(429, text="Rate limit exceeded: free-models-per-day-high-balance. "),
        refused(429, metadata={"limit_source": "openrouter_free_tier_daily"}, retry_after=1.0),
    ],
)
def test_a_daily_quota_is_never_retried(fault: Fault) -> None:
    """Row 2: the free requests of a day do not come back within minutes."""
    assert is_daily_quota(fault)
    assert decide_retry(fault, 0) is None


@pytest.mark.parametrize("status", [402, 429, 502, 503])
def test_openrouters_own_word_ends_it(status: int) -> None:
    """What it calls not retryable is not sent again, whatever its status and however short the wait."""
    fault = refused(status, metadata={"reason": "in_flight_budget_exhausted"}, retry_after=1.0)
    assert decide_retry(fault, 0) is not None
    assert decide_retry(replace(fault, availability={"retryable": True}), 0) is not None
    assert is_final(replace(fault, availability={"retryable": False}))
    assert decide_retry(replace(fault, availability={"retryable": False}), 0) is None


def test_reserved_credits_are_waited_for_once() -> None:
    """Row 3: credits reserved by running requests are free again after the two minutes they ask for."""
    assert [decide_retry(IN_FLIGHT, so_far) for so_far in range(2)] == [Wait(120.0, 0.5), None]


@pytest.mark.parametrize("status", [400, 401, 402, 403, 404, 413, 422])
def test_what_is_refused_stays_refused(status: int) -> None:
    """Row 4: nothing is sent again unchanged after it was refused, even if a delay is named."""
    assert decide_retry(refused(status, retry_after=1.0), 0) is None


@pytest.mark.parametrize(
    "fault",
    [
        refused(502, text="No endpoints found matching your Data Policy"),
        refused(502, text="Blocked by a guardrail"),
        refused(502, text="Requires Zero Data Retention"),
        refused(502, text="Configure: https://openrouter.ai/settings/privacy"),
        refused(502, metadata={"failed_routing_step": "Filter by Data Policy"}),
        refused(502, availability={"code": "privacy_restricted"}),
    ],
)
def test_a_policy_is_not_retried(fault: Fault) -> None:
    """Row 4: a 502 that names a data policy, in words or by code, gives the same answer again."""
    assert names_policy(fault)
    assert decide_retry(fault, 0) is None


def test_a_failed_provider_is_tried_once_more() -> None:
    """Row 5: any other 502 before the first token, once."""
    fault = refused(502, text="Provider returned error", metadata={"failed_routing_step": ["odd"]})
    assert not names_policy(fault)
    assert [decide_retry(fault, so_far) for so_far in range(2)] == [Wait(1.0, 0.5), None]


def test_tools_may_have_acted() -> None:
    """Row 5: with tools or plugins a failed run may already have done, and billed, something."""
    assert decide_retry(refused(502, uses_tools=True), 0) is None


@pytest.mark.parametrize("status", [408, 500, 502, 504, 520, 522, 524])
def test_an_unknown_outcome_is_left_to_the_person(status: int) -> None:
    """Row 6: bare server errors and timeouts may have been billed."""
    assert decide_retry(Fault(phase="replied", status=status), 0) is None


@pytest.mark.parametrize("status", [408, 500, 504, 520, 524, 529])
def test_a_timeout_told_in_json_is_no_better(status: int) -> None:
    """Row 6: neither is it known what became of the completion when the error is JSON."""
    assert decide_retry(refused(status), 0) is None


@pytest.mark.parametrize("cause", ["timeout", "reset", "cut", "stalled", "empty", "garbled"])
def test_what_was_not_answered_may_have_been_billed(cause: Cause) -> None:
    """Row 6: after sending, silence of any sort is no reason to send again."""
    assert decide_retry(Fault(phase="unanswered", cause=cause), 0) is None


@pytest.mark.parametrize("fault", [refused(429), refused(503), refused(502), IN_FLIGHT])
def test_a_seen_id_settles_it(fault: Fault) -> None:
    """Row 7: whatever else holds, a reply that carries a generation id is never sent again, nor is a started stream."""
    assert decide_retry(fault, 0) is not None
    assert decide_retry(replace(fault, generation_id="gen-1"), 0) is None
    assert decide_retry(replace(fault, phase="streaming"), 0) is None


@given(
    fault=st.builds(
        Fault,
        phase=st.sampled_from(get_args(Phase)),
        cause=st.sampled_from(get_args(Cause)),
        status=st.none() | st.integers(100, 599),
        retry_after=st.none() | st.floats(0, 10**6),
        generation_id=st.none() | st.just("gen-1"),
        has_json_error=st.booleans(),
        uses_tools=st.booleans(),
    ),
    so_far=st.integers(0, 5),
)
def test_nothing_that_may_have_run_is_sent_again(fault: Fault, so_far: int) -> None:
    """Only what was surely not run is ever sent again, few times and after a bearable pause."""
    wait = decide_retry(fault, so_far)
    if wait is not None:
        assert fault.generation_id is None
        assert fault.phase == "unsent" or (fault.phase == "replied" and fault.status in (402, 429, 502, 503))
        assert so_far < MAX_RETRIES
        assert 0 <= wait.seconds <= 120
