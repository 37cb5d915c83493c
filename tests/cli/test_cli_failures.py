"""Every failure that upstream can give, at the command line: its exit code, its one line, and its object."""

import asyncio
import socket
from collections.abc import Iterator
from typing import Any

import pytest
from tests.cli.conftest import Do
from tests.cli.person import Outcome, Person
from tests.cli.test_cli_asking import check_record
from tests.failing import (
    EXITS,
    EXPECTED,
    PARTIAL,
    TROUBLES,
    Delivery,
    break_off_with,
    deliveries,
    find_error_object,
    speak_plainly,
)
from tests.upstream import Upstream

from chit.core import retry
from chit.core.retry import Wait
from chit.openrouter.client import Timeouts
from chit.sandbox.failure_table import FAILURES

HURRIED = Timeouts(connect=5, first_byte_streaming=0.2, first_byte_unary=0.2, idle=0.2)
ROWS = [(name, delivery) for name in FAILURES for delivery in deliveries(name)]
TROUBLED = [(name, delivery) for name, trouble in TROUBLES.items() for delivery in trouble.kinds]


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Repetitions follow at once, and silence is given up soon."""
    monkeypatch.setattr(retry, "Wait", lambda seconds, jitter: Wait(0.0, 0.0))
    monkeypatch.setattr("chit.openrouter.client.Timeouts", lambda: HURRIED)


@pytest.fixture
def serve(elsewhere: Do) -> Iterator[Any]:
    """Starts raw servers in the other thread and tells their base URL."""
    servers: list[Upstream] = []

    def serve(answer: Any) -> str:
        upstream = Upstream(answer)
        elsewhere(upstream.__aenter__())
        servers.append(upstream)
        return upstream.base_url

    yield serve
    for upstream in servers:
        elsewhere(upstream.__aexit__(None, None, None))


def ask(person: Person, model: str, delivery: Delivery) -> Outcome:
    """One question, told as an object."""
    unary = ("--no-stream",) if delivery == "unary" else ()
    return person.call("ask", "-m", model, "Hi", "--json", *unary)


def check(outcome: Outcome, kind: str, *, retryable: bool, delivery: Delivery) -> dict[str, Any]:
    """Exit code, the error object with all its members, and one line with cause, remedy and page."""
    record = check_record(outcome)
    error: dict[str, Any] = record["error"]
    assert outcome.code == EXITS[kind]
    assert (error["kind"], error["retryable"]) == (kind, retryable)
    assert record["text"] == (PARTIAL if delivery == "middle" else "")
    *repetitions, line = outcome.err.splitlines()
    assert line.startswith(f"chit: {error['message'][:20]}")
    assert " ".join(error["hint"].split()) in line
    assert error["link"] is None or error["link"] in line
    assert [told for told in repetitions[:1] if not told.endswith(" Trying again in 0 s.")] == []
    assert set(repetitions[1:]) <= {"chit: Again in 0 s."}
    return error


@pytest.mark.parametrize(("name", "delivery"), ROWS)
def test_a_failure_is_told_in_full(name: str, delivery: Delivery, person: Person) -> None:
    """Each failure, refused at once or in the middle of a stream, has its exit code, its line and its object."""
    expected = EXPECTED[name]
    if delivery == "middle":
        person.upstream.queue(break_off_with(find_error_object(name)))
    outcome = ask(person, f"sandbox/error-{name}", delivery)
    kind = (expected.in_the_middle if delivery == "middle" else None) or expected.kind
    error = check(outcome, kind, retryable=expected.retryable, delivery=delivery)
    assert error["status"] == (200 if delivery == "middle" else FAILURES[name].status)
    assert bool(error["raw"]) == bool(FAILURES[name].body)


@pytest.mark.parametrize("kind", sorted({expected.kind for expected in EXPECTED.values()}))
def test_a_person_is_told_in_one_line(kind: str, person: Person) -> None:
    """Without an object nothing is on standard output, and what to do is in the last line on standard error."""
    name = next(name for name, expected in EXPECTED.items() if expected.kind == kind)
    outcome = person.call("ask", "-m", f"sandbox/error-{name}", "Hi")
    assert (outcome.code, outcome.out) == (EXITS[kind], "")
    lines = [line for line in outcome.err.splitlines() if not line.startswith("▸ ") and "gain in 0 s." not in line]
    assert len(lines) == 1
    assert lines[0].startswith("chit: ")


@pytest.mark.parametrize(("name", "delivery"), TROUBLED)
def test_what_the_connection_does_is_told(name: str, delivery: Delivery, person: Person, serve: Any) -> None:
    """Each way a connection or its bytes go wrong has its exit code, its line and its object."""
    person.variables["CHIT_BASE_URL"] = serve(TROUBLES[name].answer)
    check(ask(person, "a/b", delivery), TROUBLES[name].kinds[delivery], retryable=True, delivery=delivery)


@pytest.mark.parametrize("delivery", ["unary", "start"])
@pytest.mark.parametrize("base_url", ["https://no-such-host.invalid/api/v1", None], ids=["no such host", "no listener"])
def test_an_unreachable_host_is_told(base_url: str | None, delivery: Delivery, person: Person) -> None:
    """A name that leads nowhere and a closed port are told after three repetitions, each aloud."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        person.variables["CHIT_BASE_URL"] = base_url or f"http://127.0.0.1:{taken.getsockname()[1]}/api/v1"
        outcome = ask(person, "a/b", delivery)
    check(outcome, "offline", retryable=True, delivery=delivery)
    assert [outcome.err.count(words) for words in ("Trying again in", "chit: Again in")] == [1, 2]


def test_a_dead_proxy_is_told(person: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    """A proxy that is not there is named."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{taken.getsockname()[1]}")
        monkeypatch.setenv("no_proxy", "")
        error = check(ask(person, "a/b", "start"), "offline", retryable=True, delivery="start")
    assert "proxy" in error["message"]


def test_a_failed_handshake_is_told(person: Person, elsewhere: Do) -> None:
    """A server that knows no TLS is a kind of its own."""
    server = elsewhere(asyncio.start_server(speak_plainly, "127.0.0.1", 0))
    person.variables["CHIT_BASE_URL"] = f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}/api/v1"
    outcome = ask(person, "a/b", "start")
    server.close()
    elsewhere(server.wait_closed())
    check(outcome, "tls", retryable=True, delivery="start")
