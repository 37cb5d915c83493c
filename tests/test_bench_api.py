"""The benchmark of the local API, as far as it can be wrong without being run: its parts, and what its figures say."""

import asyncio
from pathlib import Path

import pytest
from bench.api_history import fill_calls
from bench.api_load import Load, check, is_whole, make_request, run_load
from bench.api_rows import CALLERS, CHUNKS, LONG, Sample, list_rows, middle
from bench.api_servers import make_token, sum_spent
from bench.api_upstream import WORDS, UpstreamConnection, make_pieces, make_whole
from bench.measure import BenchmarkBroken
from bench.upstream import make_text
from tests.test_bench import unchunk

from chit.app import open_app
from chit.core.answer import judge_body
from chit.core.local_token import hash_token
from chit.core.secret import Secret
from chit.core.stream import CompletionStream
from chit.prefs import UserPrefs


def a_sample(cpu: float, p50: float = 0.01) -> Sample:
    """One of so many seconds."""
    return Sample(cpu=cpu, load=Load(calls=10, wall=1.0, p50=p50, p99=2 * p50))


def test_the_upstreams_answers_are_what_openrouters_are() -> None:
    """Whole or streamed, they are read as done, with text, id and cost."""
    head, _, body = make_whole().partition(b"\r\n\r\n")
    answer = judge_body(body, None)
    assert f"Content-Length: {len(body)}".encode() in head
    assert (answer.state, str(answer.usage.cost)) == ("done", "0.0000198")
    assert make_text(WORDS).encode() in body
    pieces = make_pieces(3)
    stream = CompletionStream()
    stream.feed(b"".join(unchunk(b"".join(pieces).partition(b"\r\n\r\n")[2])))
    assert (len(pieces), stream.judge(None).state, stream.over) == (4, "done", True)


async def test_callers_are_answered_on_connections_that_are_kept() -> None:
    """Each sends its calls one after another, and every answer is whole and its own."""
    server = await asyncio.get_running_loop().create_server(UpstreamConnection, "127.0.0.1", 0)
    address = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/api/v1"
    for events in (0, 3):
        load = await run_load(address, "token", callers=2, calls=7, events=events, first=1)
        assert (load.calls, 0 < load.p50 <= load.p99) == (7, True)
    server.close()
    await server.wait_closed()


def test_no_two_calls_are_alike() -> None:
    """Or they would be versions of one reply."""
    assert make_request("http://127.0.0.1:1/v1", "t", 1, 0) != make_request("http://127.0.0.1:1/v1", "t", 2, 0)


def test_an_answer_that_is_none_breaks_the_benchmark() -> None:
    """An error is not a fast answer, nor is a stream without its end."""
    check(make_whole(), 0)
    check(b"".join(make_pieces(CHUNKS)), CHUNKS)
    for answer, events in ((b"HTTP/1.1 500 Oh\r\n\r\n", 0), (b"".join(make_pieces(CHUNKS)[:-1]), CHUNKS)):
        with pytest.raises(BenchmarkBroken, match="no answer"):
            check(answer, events)


def test_an_answer_is_whole_at_its_end_and_not_before() -> None:
    """By its length, or by its last chunk."""
    for answer in (make_whole(), b"".join(make_pieces(2))):
        assert is_whole(answer)
        assert not is_whole(answer[:-1])
        assert not is_whole(answer[:20])


def test_time_is_summed_over_threads_that_are_there() -> None:
    """A new thread counts from its beginning; one that has ended does not count."""
    assert sum_spent({"1": 10, "2": 5}, {"1": 10 + 2 * 10**9, "3": 10**9}) == 3.0


def test_samples_are_told_by_their_medians() -> None:
    """Of each figure by itself."""
    found = middle([a_sample(1.0, 3.0), a_sample(5.0, 1.0), a_sample(2.0, 2.0)])
    assert (found.cpu, found.load.p50, found.load.p99) == (2.0, 2.0, 4.0)


def test_goals_are_those_of_the_issue() -> None:
    """Three times the relay at 16 and 64 callers, twice for an event, a 20th and a 30th of LiteLLM, 3 ms."""
    costs = {"direct": 0.0, "relay": 100e-6, "fresh": 150e-6, "chit": 290e-6, "litellm": 6e-3}
    samples = {
        (name, callers, events): a_sample(
            costs[name] + (events * costs[name] / 2), 0.001 if name == "direct" else 0.003
        )
        for name, cost in costs.items()
        for callers in CALLERS
        for events in (0, CHUNKS, LONG)
    }
    rows = {row.what: row for row in list_rows(samples)}
    goals = {what: (round(row.ratio or 0, 2), row.verdict) for what, row in rows.items() if row.goal is not None}
    assert goals["Chit, recording, 16 callers, unary"] == goals["Chit, recording, 64 callers, unary"] == (2.9, "met")
    assert "Chit, recording, 1 caller, unary" not in goals
    assert goals["Chit, recording, 16 callers, streamed event"] == (2.9, "missed")
    assert goals["20 × Chit, 64 callers, unary"] == (0.97, "met")
    assert goals["30 × Chit, 1 caller, 20-chunk stream"] == (1.45, "missed")
    assert goals["Chit, 1 caller: added p50"] == (0.67, "met")


async def test_a_history_of_calls_is_as_if_they_had_been_made(tmp_path: Path) -> None:
    """Each is a settled charge of its token, in a conversation that it can go on in."""
    token = await asyncio.to_thread(make_token, tmp_path)
    assert fill_calls(tmp_path, range(30), total=60, digest=hash_token(token)) > 0
    fill_calls(tmp_path, range(30, 60), total=60, digest=hash_token(token))
    async with open_app(UserPrefs(home=tmp_path), key=lambda: Secret("none"), settling=False) as app:
        (spending,) = await app.store.list_tokens(now=0.0)
        pending = await app.store.list_pending()
        integrity = await app.store.check_integrity()
    assert (spending.total.calls, spending.total.awaited, pending) == (60, 0, [])
    assert str(spending.total.cost) == "0.001188"
    assert (integrity.problems, integrity.is_sound, integrity.is_complete) == ((), True, True)
