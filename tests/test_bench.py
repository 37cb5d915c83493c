"""The benchmarks, as far as they can be wrong without being run: sums, verdicts, and the upstream they all share."""

import asyncio
import os
import sys
from pathlib import Path

import pytest
from bench import web
from bench.costs import fill_costs
from bench.measure import (
    BenchmarkBroken,
    Cost,
    Row,
    child_environment,
    format_table,
    interleave,
    median_cost,
    run_child,
)
from bench.peak import run_measured
from bench.replies import REPLIES, make_reply, split_tokens
from bench.search import make_queries
from bench.search_history import Language, fill_search
from bench.served import Served
from bench.upstream import MODEL, Upstream, make_chunk, make_generation_id, make_text
from bench.web_history import LONG_CONVERSATIONS, fill_history

from chit.app import open_app
from chit.core.search import read_query
from chit.core.secret import Secret
from chit.core.spending import SpendingQuery
from chit.core.sse import SseData, SseParser
from chit.core.stream import CompletionStream
from chit.prefs import UserPrefs

REQUEST = b'{"model":"bench/steady","stream":true,"max_tokens":3}'


async def exchange(base_url: str, request: bytes) -> bytes:
    """What the server at `base_url` answers, raw, until it closes."""
    reader, writer = await asyncio.open_connection("127.0.0.1", int(base_url.split(":")[2].split("/")[0]))
    writer.write(request)
    answer = await reader.read()
    writer.close()
    return answer


def unchunk(body: bytes) -> list[bytes]:
    """The pieces of a chunked body."""
    pieces = []
    while body:
        size, _, body = body.partition(b"\r\n")
        pieces.append(body[: int(size, 16)])
        body = body[int(size, 16) + 2 :]
    return pieces[:-1]


def test_medians_are_taken_of_each_figure() -> None:
    """An outlier of one figure moves neither median."""
    costs = [Cost(cpu=1.0, wall=9.0), Cost(cpu=2.0, wall=1.0), Cost(cpu=9.0, wall=2.0)]
    assert median_cost(costs) == Cost(cpu=2.0, wall=2.0)


def test_rounds_begin_with_another_task_each() -> None:
    """Every task runs once a round, and none is always the first."""
    order: list[str] = []
    results = interleave({"a": lambda: order.append("a"), "b": lambda: order.append("b")}, 2)
    assert order == ["a", "b", "b", "a"]
    assert {name: len(each) for name, each in results.items()} == {"a": 2, "b": 2}


@pytest.mark.parametrize(("ratio", "verdict"), [(2.0, "met"), (2.01, "missed"), (None, "")])
def test_a_goal_is_the_largest_ratio_that_meets_it(ratio: float | None, verdict: str) -> None:
    """The verdict follows from ratio and goal alone and stands in the table."""
    row = Row(what="Chit", figure="1 µs", ratio=ratio, against="bare", goal=2.0)
    assert row.verdict == verdict
    assert verdict in format_table([row]).splitlines()[-1]


def test_a_child_is_measured_and_a_failing_one_reported() -> None:
    """Cost and output come back from a command that works; one that fails breaks the benchmark, with its words."""
    cost, output = run_child([sys.executable, "-c", "print('done')"], child_environment())
    assert (output, cost.cpu > 0, cost.wall > 0) == ("done\n", True, True)
    with pytest.raises(BenchmarkBroken, match="no such luck"):
        run_child([sys.executable, "-c", "raise SystemExit('no such luck')"], child_environment())


def test_children_get_no_keys_and_no_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    """What would change a measurement, or leave the machine, is not handed on."""
    for name in ("OPENROUTER_API_KEY", "HTTPS_PROXY", "http_proxy", "PYTHONDONTWRITEBYTECODE"):
        monkeypatch.setenv(name, "set")
    environment = child_environment(CHIT_HOME="/nowhere")
    assert environment["CHIT_HOME"] == "/nowhere"
    assert "set" not in environment.values()


async def test_the_upstream_streams_what_chit_understands() -> None:
    """One event a piece, the text that was asked for, a finish reason, a usage and an end."""
    upstream = Upstream()
    base_url = await upstream.start()
    head = b"POST /api/v1/chat/completions HTTP/1.1\r\nContent-Length: %d\r\n\r\n" % len(REQUEST)
    answer = await exchange(base_url, head + REQUEST)
    await upstream.close()
    pieces = unchunk(answer.partition(b"\r\n\r\n")[2])
    assert [len(SseParser().feed(piece)) for piece in pieces] == [1] * 6
    stream = CompletionStream()
    stream.feed(b"".join(pieces))
    completion = stream.fold.completion()
    assert completion["choices"][0]["message"]["content"] == make_text(3)
    assert (completion["usage"]["completion_tokens"], stream.fold.finish_reason, stream.over) == (3, "stop", True)


async def test_the_upstream_has_a_record_of_every_generation() -> None:
    """A look-up by id is answered at once; anything else is not there."""
    upstream = Upstream()
    base_url = await upstream.start()
    record = await exchange(base_url, b"GET /api/v1/generation?id=gen-1-a HTTP/1.1\r\n\r\n")
    other = await exchange(base_url, b"GET /api/v1/models HTTP/1.1\r\n\r\n")
    await upstream.close()
    assert b" 200 OK" in record
    assert b'"id": "gen-1-a"' in record
    assert b" 404 " in other


def test_an_event_is_as_long_as_openrouters() -> None:
    """About 350 bytes, with the model's id in it."""
    event = make_chunk(make_generation_id(1), " word")
    assert 330 <= len(event) <= 370
    assert [type(found) for found in SseParser().feed(event)] == [SseData]
    assert MODEL.encode() in event


@pytest.mark.parametrize("kind", sorted(REPLIES))
def test_a_reply_has_as_many_tokens_as_were_asked_for(kind: str) -> None:
    """Whatever its kind and however long its text is, and its tokens make it up again."""
    reply = make_reply(kind, 1_001)
    tokens = split_tokens(reply)
    assert (len(tokens), "".join(tokens)) == (1_001, reply)


async def test_the_upstream_says_what_the_model_is_named_after_and_notes_when() -> None:
    """A kind of reply comes token by token as it was written, and its begin is known."""
    upstream = Upstream()
    base_url = await upstream.start()
    request = b'{"model":"bench/code","max_tokens":50}'
    head = b"POST /api/v1/chat/completions HTTP/1.1\r\nContent-Length: %d\r\n\r\n" % len(request)
    answer = await exchange(base_url, head + request)
    await upstream.close()
    stream = CompletionStream()
    stream.feed(b"".join(unchunk(answer.partition(b"\r\n\r\n")[2])))
    assert stream.fold.completion()["choices"][0]["message"]["content"] == make_reply("code", 50)
    assert len(upstream.begun) == 1


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_a_servers_cost_is_read_from_the_system() -> None:
    """Time and memory of a process that exists, here this one."""
    served = Served(pid=os.getpid(), address="")
    before = served.cpu
    while served.cpu == before:
        pass
    assert served.memory > 10_000_000


async def test_a_history_to_open_is_whole(tmp_path: Path) -> None:
    """The long conversations stand first in the list, settled, with every exchange in one branch."""
    await fill_history(tmp_path, conversations=3, exchanges=2)
    async with open_app(UserPrefs(home=tmp_path), key=lambda: Secret("none"), settling=False) as app:
        listed = await app.store.list_conversations(None, 100)
        branch = await app.store.list_messages_page(listed[0].id, None, None, 100)
    assert len(listed) == 3 + LONG_CONVERSATIONS
    assert {item.pending for item in listed} == {0}
    assert [message.source for message in branch] == ["user", "actor"] * 2


async def test_a_history_to_search_is_whole(tmp_path: Path) -> None:
    """Its messages are found by words and by filters, and every kind of query that is made can be asked."""
    language = Language(stream=20_000)
    assert fill_search(tmp_path, messages=400, language=language) > 0
    queries = make_queries(language, 2)
    async with open_app(UserPrefs(home=tmp_path), key=lambda: Secret("none"), settling=False) as app:
        for text in ("the ", "model:claude", "cost:>0.001", "has:error", "from:me after:2024", "in:title th"):
            page = await app.store.search(read_query(text))
            assert page.messages or page.titles, text
        for texts in queries.values():
            for text in texts:
                assert (await app.store.search(read_query(text), seconds=60)).is_complete, text


def test_the_scripts_are_weighed() -> None:
    """All of them together, and the longest; both goals are met."""
    assert [row.verdict for row in web.weigh_scripts()] == ["met", "met"]


async def test_a_ledger_to_open_is_whole(tmp_path: Path) -> None:
    """Every generation is counted once, settled, over three years."""
    fill_costs(tmp_path, 300)
    async with open_app(UserPrefs(home=tmp_path), key=lambda: Secret("none"), settling=False) as app:
        spending = await app.store.sum_spending(SpendingQuery())
    assert (spending.total.charges, spending.total.known, spending.total.difference_pico) == (300, 300, 0)
    assert len(spending.periods) >= 36


def test_a_command_is_measured_with_its_memory() -> None:
    """Its own, not that of whoever starts it; one that fails is said to have failed."""
    ballast = bytearray(300_000_000)
    cost, peak = run_measured([sys.executable, "-c", "pass"], child_environment())
    assert 0 < peak < len(ballast)
    assert cost.wall > 0
    with pytest.raises(BenchmarkBroken, match="ended with 3:\nwhy"):
        run_measured([sys.executable, "-c", "import sys; sys.stderr.write('why'); sys.exit(3)"], child_environment())
