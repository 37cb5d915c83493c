"""A streamed completion from its bytes: no cut changes it, and no end is invented."""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chit.core import sse
from chit.core.answer import judge_stream
from chit.core.events import Delta, ReasoningAdded, TextAdded, ToolCallAdded
from chit.core.jsontext import encode_json
from chit.core.stream import CompletionStream
from chit.core.surrogates import has_surrogates, join_surrogates

pieces_of_text = st.text(st.sampled_from('ab "\\é\u2028\u0085\n😀\ud83d\ude00\ud83d'), max_size=5)
small = st.integers(0, 2)
cuts = st.just(None) | st.lists(st.integers(0, 2**20), max_size=12)
"""None: every byte by itself."""


def choice(delta: dict[str, Any], **more: Any) -> dict[str, Any]:
    """One chunk with one choice."""
    return {"id": "gen-1", "choices": [{"index": 0, "delta": delta} | more]}


def choices_of(strategy: st.SearchStrategy[Any], name: str) -> st.SearchStrategy[dict[str, Any]]:
    """Chunks whose delta has one member."""
    return strategy.map(lambda value: choice({name: value}))


details = st.lists(
    st.builds(lambda text, index: {"type": "reasoning.text", "text": text, "index": index}, pieces_of_text, small)
    | st.builds(lambda text: {"type": "reasoning.summary", "summary": text}, pieces_of_text)
    | st.just({"type": "reasoning.encrypted", "data": "x", "id": "rs_1"})
    | st.just({"type": "reasoning.text", "signature": "s", "index": 0}),
    min_size=1,
    max_size=2,
)
tool_calls = st.lists(
    st.builds(
        lambda index, begins, text: (
            {"index": index, "function": {"arguments": text}}
            | ({"id": f"c{index}", "function": {"name": "f", "arguments": text}} if begins else {})
        ),
        small,
        st.booleans(),
        pieces_of_text,
    ),
    min_size=1,
    max_size=2,
)
chunks = st.one_of(
    choices_of(pieces_of_text, "content"),
    choices_of(pieces_of_text, "content"),
    choices_of(pieces_of_text, "reasoning"),
    choices_of(details, "reasoning_details"),
    choices_of(tool_calls, "tool_calls"),
    choices_of(st.lists(pieces_of_text.map(lambda text: {"type": "text", "text": text}), max_size=2), "content"),
    choices_of(st.just([{"type": "image_url", "image_url": {"url": "data:,"}}]), "images"),
    choices_of(st.just([{"type": "url_citation", "url_citation": {"url": "x"}}]), "annotations"),
    choices_of(st.builds(lambda data: {"id": "a", "data": data}, st.text("AB=", max_size=3)), "audio"),
    st.just(choice({}, logprobs={"content": [{"token": "a"}]})),
    st.just({"id": "gen-1", "choices": [], "usage": {"cost": 1.98e-05, "prompt_tokens": 2**70}}),
    st.just({"choices": [], "debug": {"echo_upstream_body": {"model": "m"}}}),
    st.just({"id": "gen-1", "choices": [{"index": 1, "delta": {"content": "other"}}]}),
    st.sampled_from([502, "server_error"]).map(lambda code: {"error": {"code": code, "message": "x"}}),
    st.sampled_from([502, "server_error"]).map(lambda code: choice({}, error={"code": code, "message": "x"})),
)
endings = st.sampled_from(["finish", "done", "both", "none"])


@dataclass(frozen=True)
class Written:
    """A stream: its chunks as bytes, and how it ended."""

    body: bytes
    ending: bytes
    sent: list[dict[str, Any]]

    @property
    def whole(self) -> bytes:
        """All bytes."""
        return self.body + self.ending


@st.composite
def streams(draw: st.DrawFn) -> Written:
    """Chunks of every kind in any order, between comments, with any line ends and any ending."""
    sent = draw(st.lists(chunks, max_size=7))
    ending = draw(endings)
    line_end = draw(st.sampled_from([b"\n", b"\r\n", b"\r"]))

    def render(data: bytes) -> bytes:
        return b"data: " + data + line_end * 2

    body = b""
    for one in sent:
        body += draw(st.sampled_from([b"", b": OPENROUTER PROCESSING" + line_end * 2, render(b"not json")]))
        body += render(encode_json(one))
    end = render(encode_json(choice({}, finish_reason="stop"))) if ending in ("finish", "both") else b""
    return Written(body, end + (render(b"[DONE]") if ending in ("done", "both") else b""), sent)


def read(data: bytes, places: Sequence[int] | None = ()) -> tuple[CompletionStream, list[Delta]]:
    """The stream after `data` was fed in pieces and closed, and all its deltas."""
    stream = CompletionStream()
    wanted = range(len(data)) if places is None else (place % (len(data) + 1) for place in places)
    marks = sorted({0, len(data), *wanted})
    deltas = [delta for start, end in itertools.pairwise(marks) for delta in stream.feed(data[start:end])]
    return stream, deltas + stream.close()


def texts(deltas: Sequence[Delta]) -> str:
    """The text that was told."""
    return "".join(delta.text for delta in deltas if isinstance(delta, TextAdded))


@given(streams(), cuts)
@settings(max_examples=150, deadline=None)
def test_no_cut_changes_the_completion(written: Written, places: list[int] | None) -> None:
    """Whole or in any pieces, the same bytes give the same completion, deltas, error and end."""
    one, deltas_of_one = read(written.whole)
    cut, deltas_of_cut = read(written.whole, places)
    assert cut.fold.completion() == one.fold.completion()
    assert deltas_of_cut == deltas_of_one
    assert (cut.fold.error, cut.fold.done, cut.over) == (one.fold.error, one.fold.done, one.over)
    assert (cut.fold.generation_id, cut.fold.finish_reason) == (one.fold.generation_id, one.fold.finish_reason)


@given(streams())
@settings(max_examples=150, deadline=None)
def test_what_was_told_is_what_is_folded(written: Written) -> None:
    """Text, reasoning and arguments told in deltas, put together, are those of the completion, halves joined."""
    stream, deltas = read(written.whole)
    sent = [one["delta"] for chunk in written.sent for one in chunk.get("choices", []) if one["index"] == 0]
    contents = [delta["content"] for delta in sent if "content" in delta]
    plain = [text if isinstance(text, str) else "".join(part["text"] for part in text) for text in contents]
    folded = stream.fold.completion()["choices"]
    message = folded[0]["message"] if folded and folded[0]["index"] == 0 else {}
    assert texts(deltas) == join_surrogates("".join(plain)) == (message.get("content") or "")
    assert not any(has_surrogates(delta.text) for delta in deltas if isinstance(delta, TextAdded | ReasoningAdded))
    for index, call in enumerate(message.get("tool_calls") or []):
        told = [delta for delta in deltas if isinstance(delta, ToolCallAdded) and delta.index == index]
        assert join_surrogates("".join(delta.arguments for delta in told)) == call["function"]["arguments"]
        assert "".join(delta.name for delta in told) == call["function"].get("name", "")


@given(streams(), st.integers(0, 2**20))
@settings(max_examples=150, deadline=None)
def test_a_truncated_stream_is_never_complete(written: Written, place: int) -> None:
    """Cut anywhere before its end was said, a stream is not complete and no reason is made up for it."""
    stream, _ = read(written.body[: place % (len(written.body) + 1)])
    assert (stream.fold.complete, stream.fold.finish_reason) == (False, None)
    assert all(one["finish_reason"] is None for one in stream.fold.completion()["choices"])
    assert judge_stream(stream.fold, None).state == ("cut" if stream.fold.error is None else "failed")


@given(streams())
@settings(max_examples=80, deadline=None)
def test_an_end_that_was_said_is_heard(written: Written) -> None:
    """`[DONE]` or a finish reason, with or without the other, makes a stream complete."""
    stream, _ = read(written.whole)
    assert stream.fold.complete == bool(written.ending)
    assert stream.fold.done == (b"[DONE]" in written.ending)


def test_nothing_counts_after_done() -> None:
    """What follows `[DONE]` is not read, in the same bytes or later."""
    stream = CompletionStream()
    stream.feed(b'data: {"choices":[{"delta":{"content":"a"}}]}\n\ndata: [DONE]\n\ndata: {"error":"x"}\n\n')
    assert stream.over
    assert stream.feed(b'data: {"choices":[{"delta":{"content":"b"}}]}\n\n') == []
    assert (stream.fold.error, stream.fold.completion()["choices"][0]["message"]["content"]) == (None, "a")


def test_an_error_ends_the_reading() -> None:
    """After an error nothing more needs to be read, although no end was said."""
    stream = CompletionStream()
    stream.feed(b'data: {"id":"gen-1","choices":[]}\n\n')
    assert not stream.over
    stream.feed(b'data: {"error":{"code":502,"message":"x"}}\n\n')
    assert stream.over
    assert not stream.fold.complete


@pytest.mark.parametrize(
    "data", [b"[1]", b'"text"', b"5", b"null", b"{", b"<html>", b'{"a":' * 900 + b"1" + b"}" * 900]
)
def test_what_is_no_object_is_passed_by(data: bytes) -> None:
    """Data that is not JSON, not an object or nested beyond reason costs nothing but itself, and is noted."""
    stream, deltas = read(b"data: " + data + b'\n\ndata: {"choices":[{"delta":{"content":"a"}}]}\n\n')
    assert (stream.fold.error, stream.fault, deltas) == (None, None, [TextAdded("a")])
    assert stream.garbled


def test_a_half_that_waits_comes_with_the_close() -> None:
    """A stream that ends within a character tells U+FFFD for it."""
    stream = CompletionStream()
    assert stream.feed(b'data: {"choices":[{"delta":{"content":"a\\ud83d"}}]}\n\n') == [TextAdded("a")]
    assert stream.close() == [TextAdded("\ufffd")]


@pytest.mark.parametrize("size", [1_000_000, 100_000_000])
def test_too_large_an_event_ends_in_a_fault(size: int) -> None:
    """What came before is kept, however the bytes were cut, the fault says why, and nothing is read after it."""
    start = b'data: {"choices":[{"delta":{"content":"a"}}]}\n\ndata: '
    stream = CompletionStream()
    data = start + b"x" * sse.MAX_EVENT_BYTES
    deltas = [delta for at in range(0, len(data), size) for delta in stream.feed(data[at : at + size])]
    assert deltas == [TextAdded("a")]
    assert stream.fault is not None
    assert (stream.fault.phase, stream.fault.cause, stream.fault.text) == (
        "streaming",
        "garbled",
        "one event is larger than 67108864 bytes",
    )
    assert (stream.over, stream.feed(start), stream.close()) == (True, [], [])
    assert judge_stream(stream.fold, stream.fault).state == "cut"
