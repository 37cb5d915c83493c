"""Server-sent events: however the bytes are cut and the lines are ended, the events are the same."""

import itertools
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chit.core.sse import SseComment, SseData, SseParser, SseTooLarge, encode_sse

Event = SseData | SseComment

lines = st.text(
    st.characters(exclude_characters="\r\n", exclude_categories=["Cs"]) | st.sampled_from("\u2028\u0085é😀 :")
)
line_ends = st.sampled_from(["\n", "\r", "\r\n"])
cuts = st.just(None) | st.lists(st.integers(0, 2**20), max_size=12)
"""None: every byte by itself."""


@st.composite
def streams(draw: st.DrawFn) -> tuple[bytes, list[Event]]:
    """The bytes of a stream, and the events they spell."""
    out: list[str] = [draw(st.sampled_from(["", "\ufeff"]))]
    events: list[Event] = []

    def write(line: str) -> None:
        end = draw(line_ends)
        if not line and out[-1].endswith("\r") and end == "\n":
            end = "\r\n"  # else the two would be one line end
        out.append(line + end)

    def write_noise() -> None:
        noise = draw(st.sampled_from(["", "", ":", ": OPENROUTER PROCESSING", "event: x", "id: 1", "retry: 9", "odd"]))
        if noise:
            write(noise)
            if noise.startswith(":"):
                events.append(SseComment(noise[2:].encode()))

    for data in draw(st.lists(st.lists(lines, min_size=1, max_size=3), max_size=5)):
        write_noise()
        for line in data:
            spellings = ["data: " + line] + ["data:" + line] * (not line.startswith(" ")) + ["data"] * (not line)
            write(draw(st.sampled_from(spellings)))
            write_noise()
        write("")
        events.append(SseData("\n".join(data).encode()))
        for _ in range(draw(st.integers(0, 2))):
            write("")
    return "".join(out).encode(), events


def cut(data: bytes, places: Sequence[int] | None) -> list[bytes]:
    """`data` in pieces, cut at `places`, which may be anywhere."""
    if places is None:
        return [data[at : at + 1] for at in range(len(data))]
    marks = [0, *sorted(place % (len(data) + 1) for place in places), len(data)]
    return [data[start:end] for start, end in itertools.pairwise(marks)]


def parse(pieces: Sequence[bytes], *, max_event_bytes: int = 10**6) -> list[Event]:
    """All events of the pieces, fed one by one."""
    parser = SseParser(max_event_bytes=max_event_bytes)
    return [event for piece in pieces for event in parser.feed(piece)] + parser.close()


@given(streams(), cuts)
@settings(max_examples=150, deadline=None)
def test_any_cut_gives_the_events_that_were_written(
    stream: tuple[bytes, list[Event]], places: list[int] | None
) -> None:
    """Line ends of all kinds, comments, many-line data, a BOM and cuts inside characters change nothing."""
    data, events = stream
    assert parse(cut(data, places)) == events


@given(streams(), cuts, st.integers(0, 60))
@settings(max_examples=100, deadline=None)
def test_the_cap_does_not_depend_on_the_cut(
    stream: tuple[bytes, list[Event]], places: list[int] | None, most: int
) -> None:
    """With any cap, any cut gives the same events before the same refusal, or none."""
    data, _ = stream
    assert parse_capped(cut(data, places), most) == parse_capped([data], most)


def parse_capped(pieces: Sequence[bytes], most: int) -> tuple[list[Event], bool]:
    """The events up to the end or to the cap, and whether the cap was met."""
    parser = SseParser(max_event_bytes=most)
    events: list[Event] = []
    try:
        for piece in pieces:
            events += parser.feed(piece)
        return events + parser.close(), False
    except SseTooLarge as error:
        return events + error.events, True


@pytest.mark.parametrize(
    "pieces",
    [
        [b"data: " + b"x" * 100],
        [b"data: ", b"x" * 50, b"x" * 50],
        [b"data: " + b"x" * 100 + b"\n\n"],
        [b"data: xxxxxxxxxx\n"] * 10,
        [b"data\n" * 101],
        [b": " + b"x" * 100 + b"\n"],
        [b"event: " + b"x" * 100 + b"\n"],
    ],
)
def test_a_cap_is_kept(pieces: list[bytes]) -> None:
    """Too long a line, whole or growing, and too many lines of one event are refused, with the size in words."""
    with pytest.raises(SseTooLarge, match="larger than 100 bytes"):
        parse(pieces, max_event_bytes=100)


def test_the_cap_is_for_one_event_not_for_the_stream() -> None:
    """Any number of events below the cap pass."""
    assert parse([b"data: xxxxxxxxxx\n\n" * 50], max_event_bytes=20) == [SseData(b"x" * 10)] * 50


def test_unicode_line_separators_do_not_cut() -> None:
    """U+2028, U+2029 and U+0085 are legal in JSON strings and stay inside one event."""
    data = '{"text":"a\u2028b\u2029c\u0085d\x0be"}'.encode()
    assert parse([b"data: " + data + b"\n\n"]) == [SseData(data)]


@pytest.mark.parametrize("rest", [b"data: [DONE]", b"data: [DONE]\n", b"data: [DONE]\r", b"data:[DONE]"])
def test_the_last_event_may_lack_its_line_ends(rest: bytes) -> None:
    """What no blank line closed is handed over at the end of the stream, once."""
    parser = SseParser()
    assert parser.feed(b"data: 1\n\n" + rest) == [SseData(b"1")]
    assert parser.close() == [SseData(b"[DONE]")]
    assert parser.close() == []


def test_an_unfinished_comment_comes_before_the_event_it_stands_in() -> None:
    """At the end of the stream a comment and an open event are both handed over."""
    parser = SseParser()
    assert parser.feed(b"data: 1\n: alive") == []
    assert parser.close() == [SseComment(b"alive"), SseData(b"1")]


def test_a_byte_order_mark_is_dropped_at_the_start_only() -> None:
    """A second one makes its line an unknown field."""
    assert parse([b"\xef\xbb", b"\xbfdata: 1\n\n\xef\xbb\xbfdata: 2\n\n"]) == [SseData(b"1")]


@given(st.lists(lines, min_size=1, max_size=4).map("\n".join), cuts)
@settings(max_examples=50, deadline=None)
def test_what_is_encoded_is_parsed(text: str, places: list[int] | None) -> None:
    """`encode_sse` makes one event of any text, lines included."""
    assert parse(cut(encode_sse(text.encode()), places)) == [SseData(text.encode())]
