"""The judge: a reply is done only if it says so, and whatever else it came to is said."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chit.core.answer import Answer, identify_fault, judge_body, judge_stream, refuse, scrub_answer
from chit.core.fault import Fault
from chit.core.fold import CompletionFold
from chit.core.generation import Generation
from chit.core.jsontext import encode_json
from chit.core.messages import ReasoningPart, TextPart, ToolCallPart
from chit.core.stream import CompletionStream
from chit.core.usage import Usage

HEAD = {"id": "gen-1", "model": "a/b", "provider": "P"}
BROKEN = Fault(phase="streaming", cause="reset", text="connection reset")
CALL = {"id": "c", "type": "function", "function": {"name": "f", "arguments": "{}"}}


def body(message: Any = None, **more: Any) -> dict[str, Any]:
    """A unary reply with one choice."""
    choice = {"index": 0, "finish_reason": "stop", "message": message or {"role": "assistant", "content": "hi"}}
    return HEAD | {"choices": [choice | more.pop("choice", {})]} | more


def stream(*deltas: dict[str, Any], reason: str | None = None, done: bool = False, **more: Any) -> CompletionFold:
    """The fold of some deltas and an end."""
    fold = CompletionFold()
    for delta in deltas:
        fold.add(HEAD | {"choices": [{"index": 0, "delta": delta}]})
    if reason is not None or more:
        fold.add(HEAD | {"choices": [{"index": 0, "delta": {}, "finish_reason": reason}]} | more)
    fold.done = done
    return fold


def judge(reply: dict[str, Any]) -> Answer:
    """The answer of a unary reply."""
    return judge_body(encode_json(reply), None)


def cause_of(answer: Answer) -> str | None:
    """The cause of its fault."""
    return answer.fault.cause if answer.fault else None


def test_a_unary_reply_that_is_done() -> None:
    """Every figure and part of a good reply is read."""
    message = {"role": "assistant", "content": "hi", "reasoning": "hm", "tool_calls": [CALL]}
    reply = body(message, usage={"prompt_tokens": 3, "cost": 1.98e-05}, x_unknown=1)
    assert judge(reply) == Answer(
        state="done",
        completion=reply,
        generation_id="gen-1",
        model="a/b",
        provider="P",
        finish_reason="stop",
        usage=Usage(prompt_tokens=3, cost=Decimal("0.0000198")),
        parts=(ReasoningPart("hm"), TextPart("hi"), ToolCallPart("c", "f", "{}")),
    )


def test_a_stream_and_its_unary_reply_are_judged_alike() -> None:
    """The same completion gives the same answer in either shape."""
    fold = stream({"role": "assistant", "content": "h"}, {"content": "i"}, reason="stop", done=True)
    assert judge_stream(fold, None) == replace(judge(body()), completion=fold.completion())


@pytest.mark.parametrize("done", [True, False])
@pytest.mark.parametrize("broken", [BROKEN, None])
def test_a_stream_that_said_its_end_is_done(done: bool, broken: Fault | None) -> None:
    """A finish reason is an end, whatever the connection did after it."""
    answer = judge_stream(stream({"content": "hi"}, reason="length", done=done), broken)
    assert (answer.state, answer.fault, answer.finish_reason) == ("done", None, "length")


def test_done_without_a_reason_invents_none() -> None:
    """`[DONE]` after some text is an end without a finish reason."""
    answer = judge_stream(stream({"content": "hi"}, done=True), None)
    assert (answer.state, answer.fault, answer.finish_reason) == ("done", None, None)


def test_a_stream_that_just_ends_is_cut() -> None:
    """What came is kept, the fault says what was missing, and no reason is invented."""
    answer = judge_stream(stream({"content": "hi"}), None)
    assert (answer.state, answer.finish_reason, answer.parts) == ("cut", None, (TextPart("hi"),))
    text = "the stream ended without a finish reason"
    assert answer.fault == Fault(phase="streaming", cause="cut", text=text, kept=True)


def test_a_stream_that_broke_is_cut_for_that_reason() -> None:
    """What the connection did is the fault."""
    answer = judge_stream(stream({"content": "hi"}), BROKEN)
    assert (answer.state, answer.fault, answer.generation_id) == ("cut", replace(BROKEN, kept=True), "gen-1")


@pytest.mark.parametrize("fold", [stream({"content": "hi"}), stream({"content": "hi"}, error={"code": 1})])
def test_a_stop_is_no_failure(fold: CompletionFold) -> None:
    """What the person stopped is stopped, with what had come and without a fault."""
    answer = judge_stream(fold, BROKEN, stopped=True)
    assert (answer.state, answer.fault, answer.parts) == ("stopped", None, (TextPart("hi"),))


def test_a_stop_that_comes_too_late_changes_nothing() -> None:
    """A stream that had said it was over is done, or failed, as if nobody had stopped it."""
    assert judge_stream(stream({"content": "hi"}, reason="stop"), None, stopped=True).state == "done"
    assert judge_stream(stream({"content": "hi"}, reason="error"), None, stopped=True).state == "failed"


@pytest.mark.parametrize("code", [502, "server_error"])
def test_an_error_in_a_stream_fails_it(code: Any) -> None:
    """What came is kept, and OpenRouter's word is the fault, even if the stream then said that it was over."""
    error = {"code": code, "message": "Provider died", "metadata": {"provider_name": "Q"}}
    answer = judge_stream(stream({"content": "hi"}, reason="error", done=True, error=error), None)
    assert (answer.state, answer.parts) == ("failed", (TextPart("hi"),))
    fault = answer.fault
    assert fault is not None
    assert (fault.phase, fault.cause, fault.status, fault.code) == ("streaming", "reply", 200, code)
    assert (fault.text, fault.provider, fault.generation_id) == ("Provider died", "Q", "gen-1")
    assert fault.requested_model == "a/b"


def test_an_error_is_kept_as_received() -> None:
    """The raw error is what OpenRouter sent to the last blank, of a stream and of a body."""
    received = b'{ "error" : {"code":502,"message":"x", "n": 1.50} }'
    running = CompletionStream()
    running.feed(b"data: " + received + b"\n\n")
    for answer in (judge_stream(running.fold, None), judge_body(received, None)):
        assert answer.fault is not None
        assert (answer.state, answer.fault.raw) == ("failed", received.decode())


@pytest.mark.parametrize(
    "reply",
    [
        HEAD | {"error": {"code": 502, "message": "x"}},
        HEAD | {"error": {"code": 502, "message": "x"}, "choices": []},
        HEAD | {"error": {"code": 502, "message": "x"}, "choices": "odd"},
        body(error={"code": 502, "message": "x"}),
        body(choice={"error": {"code": 502, "message": "x"}, "finish_reason": "error"}),
    ],
)
def test_a_good_status_with_an_error_inside_fails(reply: dict[str, Any]) -> None:
    """An error at the top or in a choice, with and without choices, is a failure with the error's own code."""
    answer = judge(reply)
    assert answer.state == "failed"
    assert answer.fault is not None
    assert (answer.fault.code, answer.fault.text, answer.fault.has_json_error) == (502, "x", True)
    assert (answer.generation_id, answer.completion) == ("gen-1", reply)


def test_a_finish_reason_error_fails_without_an_error() -> None:
    """A provider that only says "error" has failed, in a stream and in a unary reply."""
    unary = judge(body(choice={"finish_reason": "error"}))
    streamed = judge_stream(stream({"content": "hi"}, reason="error"), None)
    for answer in (unary, streamed):
        assert (answer.state, answer.finish_reason, answer.parts) == ("failed", "error", (TextPart("hi"),))
        assert answer.fault is not None
        assert answer.fault.text == "the provider ended with an error"
        assert '"gen-1"' in (answer.fault.raw or "")


@pytest.mark.parametrize(
    "reply",
    [
        HEAD,
        HEAD | {"choices": []},
        HEAD | {"choices": None},
        HEAD | {"choices": ["odd"]},
        HEAD | {"choices": [{"message": "odd"}]},
        body({"role": "assistant", "content": ""}, choice={"finish_reason": None}),
        body({"role": "assistant", "content": None}, choice={"finish_reason": ""}),
    ],
)
def test_a_reply_that_says_nothing_is_empty(reply: dict[str, Any]) -> None:
    """No choice, or neither words nor a reason, is a failure of its own kind that names the provider."""
    answer = judge(reply)
    assert (answer.state, cause_of(answer), answer.parts) == ("failed", "empty", ())
    assert answer.fault is not None
    assert (answer.fault.provider, answer.fault.status) == ("P", 200)
    assert answer.fault.raw is not None


def test_a_stream_that_says_nothing_is_empty() -> None:
    """`[DONE]` and nothing before it is an empty completion."""
    answer = judge_stream(stream(done=True), None)
    assert (answer.state, cause_of(answer)) == ("failed", "empty")


def test_a_reason_without_words_is_done() -> None:
    """A model may end at once: it said why."""
    answer = judge(body({"role": "assistant", "content": None}))
    assert (answer.state, answer.fault, answer.parts, answer.finish_reason) == ("done", None, (), "stop")


def test_words_without_a_reason_are_done_in_a_whole_body() -> None:
    """A unary reply that parses is whole, also without a finish reason."""
    assert judge(body(choice={"finish_reason": None})).state == "done"


@pytest.mark.parametrize(
    "data",
    [
        b"<html><body>502 Bad Gateway</body></html>",
        b"",
        b"[]",
        b'"ok"',
        b'{"choices":[',
        b'{"a":' * 600 + b"1" + b"}" * 600,
    ],
)
def test_a_body_that_is_no_object_leaves_the_outcome_open(data: bytes) -> None:
    """A web page, nothing, half a reply or nonsense with a good status may have been billed: unknown, the body kept."""
    answer = judge_body(data, None)
    assert (answer.state, cause_of(answer), answer.completion) == ("unknown", "garbled", None)
    assert answer.fault is not None
    assert answer.fault.text.startswith("the reply is not the JSON it should be: ")
    assert (answer.fault.raw, answer.fault.status) == (data.decode(), 200)


def test_a_body_that_broke_off_is_cut() -> None:
    """What the connection did is the fault, and what had come is kept raw, broken characters replaced."""
    answer = judge_body(b'{"id":"gen-1\xff', BROKEN)
    assert (answer.state, cause_of(answer)) == ("cut", "reset")
    assert answer.fault is not None
    assert (answer.fault.text, answer.fault.raw) == ("connection reset", '{"id":"gen-1\ufffd')


def test_halves_of_characters_are_mended_in_a_body() -> None:
    """Lone surrogates of a unary reply become U+FFFD, so that the parts can be stored."""
    data = b'{"choices":[{"finish_reason":"stop","message":{"content":"\\ud83d\\ude00 \\ud83d"}}]}'
    assert judge_body(data, None).parts == (TextPart("😀 \ufffd"),)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=4),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(
                    ["id", "choices", "error", "message", "content", "finish_reason", "usage", "code", "cost"]
                ),
                inner,
                max_size=4,
            )
        ),
        max_leaves=10,
    )
)
@settings(max_examples=150, deadline=None)
def test_every_body_ends_in_a_state(value: Any) -> None:
    """Whatever JSON a body holds, the judge says what it came to, with a fault unless it is done."""
    answer = judge_body(encode_json(value), None)
    assert answer.state in ("done", "failed", "unknown")
    assert (answer.fault is None) == (answer.state == "done")


@pytest.mark.parametrize(
    ("fault", "state"),
    [
        (Fault(phase="unsent", cause="dns"), "failed"),
        (Fault(phase="replied", status=504, generation_id="gen-1"), "failed"),
        (Fault(phase="unanswered", cause="reset"), "unknown"),
        (Fault(phase="unanswered", cause="timeout", status=400), "unknown"),
        (Fault(phase="replied", cause="garbled"), "unknown"),
        (Fault(phase="replied", status=401), "failed"),
        (Fault(phase="replied", status=429), "failed"),
        (Fault(phase="replied", status=408), "unknown"),
        (Fault(phase="replied", status=500, has_json_error=True), "unknown"),
        (Fault(phase="replied", status=504, has_json_error=True), "unknown"),
        (Fault(phase="replied", status=524, has_json_error=True), "unknown"),
        (Fault(phase="replied", status=502, has_json_error=True), "failed"),
        (Fault(phase="replied", status=503, has_json_error=True), "failed"),
        (Fault(phase="replied", status=529, has_json_error=True), "failed"),
        (Fault(phase="replied", status=502), "unknown"),
        (Fault(phase="replied", status=503), "unknown"),
    ],
)
def test_a_refusal_is_failed_or_unknown(fault: Fault, state: str) -> None:
    """Failed where surely nothing ran or OpenRouter said so; unknown wherever a bill may still come."""
    assert refuse(fault) == Answer(state=state, fault=fault, generation_id=fault.generation_id)  # type: ignore[arg-type]


def hide(text: str) -> str:
    """Stands for the scrubber."""
    return text.replace("hunter2", "***")


def test_a_failed_reply_is_scrubbed_around_the_words_of_the_model() -> None:
    """What upstream says of the failure tells no key, in whatever member; the message stays as received."""
    reply = body({"content": "hunter2"}, error={"message": "hunter2"}, odd="hunter2", choice={"odd": "hunter2"})
    reply |= {"model": "hunter2", "provider": "hunter2"}
    reply["choices"].append("hunter2")
    answer = scrub_answer(judge_body(encode_json(reply), None), hide)
    assert answer.fault is not None
    assert "hunter2" not in repr(answer.fault)
    assert answer.completion is not None
    assert answer.completion["choices"][0]["message"] == {"content": "hunter2"}
    assert repr((answer.completion, answer.model, answer.provider)).count("hunter2") == 1
    assert answer.parts == (TextPart("hunter2"),)


def test_an_error_instead_of_choices_is_scrubbed() -> None:
    """A good status with nothing but an error in it is no exception."""
    answer = scrub_answer(judge_body(b'{"error": {"message": "hunter2", "code": 401}}', None), hide)
    assert answer.completion == {"error": {"message": "***", "code": 401}}
    assert "hunter2" not in repr(answer)


def test_a_stopped_stream_with_an_error_is_scrubbed() -> None:
    """Where the person was faster than the error, it is in the completion all the same."""
    answer = scrub_answer(judge_stream(stream(error={"message": "hunter2"}), None, stopped=True), hide)
    assert answer.fault is None
    assert "hunter2" not in repr(answer)


def test_a_good_or_refused_reply_is_left_as_it_is() -> None:
    """What did not fail is not touched, and a refusal without a completion stays one."""
    done = judge_body(encode_json(body({"content": "hunter2"})), None)
    assert scrub_answer(done, hide) is done
    assert scrub_answer(refuse(BROKEN), hide) == refuse(BROKEN)


def test_a_failure_is_told_with_what_is_known_of_its_request() -> None:
    """The model asked for and the id that was seen, from the row, else the reply; a good reply stays as it is."""
    row = Generation(id="g", message_id="m", conversation_id="c", origin="cli", request=b"", streamed=True)
    bare = refuse(Fault(phase="unanswered", requested_model="a/b"))
    named = replace(row, requested_model="c/d", generation_id="gen-1")
    assert identify_fault(bare, row).fault == bare.fault
    known = identify_fault(bare, named).fault
    assert known is not None
    assert (known.requested_model, known.generation_id) == ("c/d", "gen-1")
    seen = identify_fault(replace(bare, generation_id="gen-2"), row).fault
    assert seen is not None
    assert seen.generation_id == "gen-2"
    good = replace(bare, fault=None)
    assert identify_fault(good, named) is good
