"""`chit ask` at work: streaming, records, exit codes, signals, terminals, broken disks."""

import asyncio
import os
import signal
import socket
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from tests.cli.person import KEY, PATIENCE, Outcome, Person, encode_stream, finish, kill, read_until, until

from chit.cli import asking
from chit.cli.asking import _Asking
from chit.cli.manner import Manner
from chit.cli.output import StandardOutput
from chit.core.usage import write_cost
from chit.sandbox.account import Key
from chit.sandbox.reply import Reply

ECHO = ("-m", "sandbox/echo")
BEGUN = "This reply begins well, but it will never"
"""All that interrupted models of the sandbox say."""
MEMBERS = {
    "id": str,
    "conversation_id": str,
    "source": str,
    "text": str,
    "parts": list,
    "state": str,
    "finish_reason": (str, type(None)),
    "extra": dict,
    "chit": dict,
    "error": (dict, type(None)),
}
CHIT_MEMBERS = {
    "generation_id": (str, type(None)),
    "requested_model": (str, type(None)),
    "model": (str, type(None)),
    "provider": (str, type(None)),
    "reported_cost": (str, type(None)),
    "settled_cost": (str, type(None)),
    "settlement": (str, type(None)),
    "prompt_tokens": (int, type(None)),
    "completion_tokens": (int, type(None)),
    "reasoning_tokens": (int, type(None)),
    "cached_tokens": (int, type(None)),
    "time_to_first_token_ms": (int, type(None)),
    "latency_ms": (int, type(None)),
    "generation_time_ms": (int, type(None)),
    "images": (int, type(None)),
    "image_tokens": (int, type(None)),
}
ERROR_MEMBERS = {
    "kind": str,
    "message": str,
    "hint": str,
    "link": (str, type(None)),
    "actions": list,
    "status": (int, type(None)),
    "code": (int, str, type(None)),
    "provider": (str, type(None)),
    "retryable": bool,
    "retry_after": (int, float, type(None)),
    "raw": (str, type(None)),
}


def check_members(value: dict[str, Any], members: dict[str, Any]) -> None:
    """Exactly these members, each of its type."""
    assert list(value) == list(members)
    for name, kind in members.items():
        assert isinstance(value[name], kind), name


def on_the_wire(cost: Decimal) -> Decimal:
    """As a JSON number has it: without zeros at the end."""
    return Decimal(repr(float(cost)))


def check_record(outcome: Outcome) -> Any:
    """The object, its members checked all the way down."""
    record = outcome.record
    came = record["id"] is not None
    check_members(record, MEMBERS if came else {name: (kind, type(None)) for name, kind in MEMBERS.items()})
    if came:
        check_members(record["chit"], CHIT_MEMBERS)
        assert list(record["extra"]["OpenRouter"]) == ["completion", "generation"]
    if record["error"] is not None:
        check_members(record["error"], ERROR_MEMBERS)
        assert outcome.err.startswith("chit: ")
        assert "Traceback" not in outcome.err
    return record


def test_the_answer_is_on_standard_output_and_its_chit_beside_it(person: Person) -> None:
    """Pipes get the text and nothing else; the pending chit is one line on standard error, without escapes."""
    outcome = person.run("ask", *ECHO, "Hello, you")
    assert (outcome.code, outcome.out) == (0, "Hello, you\n")
    assert outcome.err.startswith("▸ $0.0000")
    assert outcome.err.endswith(" · pending\n")
    assert outcome.err.count("\n") == 1
    assert "\x1b" not in outcome.err


def test_text_is_passed_on_while_the_rest_is_still_to_come(person: Person) -> None:
    """The first pieces are read from the pipe while upstream holds the rest; Ctrl-C keeps them and closes upstream."""
    process = person.start("ask", "-m", "sandbox/stall", "Hi", "--json")
    until(lambda: [each.steps for each in person.upstream.ledger.generations])
    until(lambda: person.open_database().execute("SELECT 1 FROM generations WHERE state = 'streaming'").fetchall())
    process.send_signal(signal.SIGINT)
    until(lambda: person.upstream.ledger.generations[0].state == "cancelled")
    record = check_record(finish(process))
    assert process.returncode == 130
    assert record["state"] == "stopped"
    assert BEGUN.startswith(record["text"])

    process = person.start("ask", "-m", "sandbox/stall", "Hi")
    assert read_until(process, BEGUN) == BEGUN
    assert person.upstream.ledger.generations[1].state == "running"
    process.send_signal(signal.SIGINT)
    outcome = finish(process)
    assert outcome.code == 130
    assert outcome.out == "\n"
    assert "pending" in outcome.err
    assert "Traceback" not in outcome.err
    until(lambda: person.upstream.ledger.generations[1].state == "cancelled")
    shown = person.call("show", person.upstream.ledger.generations[1].id, "--json").record
    assert (shown["text"], shown["state"]) == (BEGUN, "stopped")


def test_sigterm_is_a_stop_too(person: Person) -> None:
    """What came is kept, upstream is closed, and the code says which signal it was."""
    process = person.start("ask", "-m", "sandbox/stall", "Hi")
    read_until(process, BEGUN)
    process.send_signal(signal.SIGTERM)
    assert finish(process).code == 143
    until(lambda: person.upstream.ledger.generations[0].state == "cancelled")


def test_a_second_ctrl_c_ends_the_program(person: Person) -> None:
    """Where the first cannot be finished, because another program holds the database, the second does not argue."""
    process = person.start("ask", "-m", "sandbox/stall", "Hi")
    read_until(process, BEGUN)
    with person.open_database() as database:
        database.execute("INSERT INTO settlements (generation_id, state) VALUES ('x', 'settled')")
        process.send_signal(signal.SIGINT)
        until(lambda: person.upstream.ledger.generations[0].state == "cancelled")
        process.send_signal(signal.SIGINT)
    outcome = finish(process)
    assert outcome.code == 130
    assert "Traceback" not in outcome.err


def test_the_second_signal_leaves_at_once() -> None:
    """A stop that is under way is not waited for again."""

    class Endless:
        async def stop(self) -> None:
            await asyncio.Event().wait()

    async def interrupt() -> None:
        at_work = _Asking(None, Manner(), None, StandardOutput())  # type: ignore[arg-type]
        running: Any = Endless()
        at_work._on_signal(running, 130)
        with pytest.raises(SystemExit, match="130"):
            at_work._on_signal(running, 130)
        at_work._stopping.cancel()

    asyncio.run(interrupt())


def test_ctrl_c_before_a_reply_is_a_stop(person: Person) -> None:
    """Nothing came, an id never did: it may have been billed, and the chit says so."""
    person.upstream.queue(Reply(status=0, hang=True))
    process = person.start("ask", "Hi")
    until(lambda: person.upstream.ledger.requests)
    process.send_signal(signal.SIGINT)
    outcome = finish(process)
    assert outcome.code == 130
    assert outcome.out == ""
    assert "it may have been billed" in outcome.err


def test_the_record_of_a_reply_that_is_done(person: Person) -> None:
    """Every member and type of the interface, costs as the ledger has them, the completion as it was received."""
    outcome = person.call("ask", *ECHO, "Hello, you", "--json")
    assert (outcome.code, outcome.err) == (0, "")
    record = check_record(outcome)
    generation = person.upstream.ledger.generations[0]
    assert generation.billed is not None
    assert (record["source"], record["text"], record["state"]) == ("actor", "Hello, you", "done")
    assert record["parts"] == [{"type": "text", "text": "Hello, you"}]
    assert record["finish_reason"] == "stop"
    assert record["extra"]["OpenRouter"]["completion"]["id"] == generation.id
    assert record["extra"]["OpenRouter"]["generation"] is None
    chit = record["chit"]
    assert chit["reported_cost"] == write_cost(on_the_wire(generation.billed.cost))
    assert (chit["settlement"], chit["settled_cost"], chit["latency_ms"]) == ("pending", None, None)
    assert (chit["requested_model"], chit["model"]) == ("sandbox/echo", "sandbox/echo")
    assert (chit["generation_id"], chit["provider"]) == (generation.id, generation.provider)


def test_waiting_shows_it_settled(person: Person) -> None:
    """`--wait` ends with OpenRouter's own record, unknown members of the completion kept to the last digit."""
    record = check_record(person.call("ask", "-m", "sandbox/bigint", "Hi", "--json", "--wait"))
    generation = person.upstream.ledger.generations[0]
    assert generation.billed is not None
    assert record["chit"]["settlement"] == "settled"
    assert record["chit"]["settled_cost"] == write_cost(on_the_wire(generation.billed.cost))
    assert record["chit"]["latency_ms"] is not None
    assert record["extra"]["OpenRouter"]["completion"]["sandbox_bigint"] == 2**70 + 1
    assert record["extra"]["OpenRouter"]["generation"]["id"] == generation.id


def test_waiting_ends_although_nothing_settles(person: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    """After its time `--wait` is content with "pending" and 0."""
    monkeypatch.setattr(asking, "WAIT_SECONDS", 0.05)
    person.upstream.settle_after = 3600
    outcome = person.call("ask", *ECHO, "Hi", "--wait")
    assert outcome.code == 0
    assert outcome.err.endswith("pending\n")


@pytest.mark.parametrize(
    ("model", "code", "state"),
    [
        ("sandbox/cut", 6, "cut"),
        ("sandbox/cut-clean", 6, "cut"),
        ("sandbox/mid-error", 6, "failed"),
        ("sandbox/body-error", 6, "failed"),
        ("sandbox/error-model-unknown", 4, "failed"),
        ("sandbox/error-data-policy", 4, "failed"),
        ("sandbox/error-moderation", 4, "failed"),
        ("sandbox/error-auth-user", 3, "failed"),
        ("sandbox/error-credits", 5, "failed"),
        ("sandbox/error-key-limit-403", 5, "failed"),
        ("sandbox/error-free-daily", 5, "failed"),
        ("sandbox/error-internal-500", 6, "unknown"),
    ],
)
def test_every_failure_has_its_code_and_its_object(person: Person, model: str, code: int, state: str) -> None:
    """What went wrong upstream decides the exit code, and the object tells it in full."""
    outcome = person.call("ask", "-m", model, "Hi", "--json")
    record = check_record(outcome)
    assert (outcome.code, record["state"]) == (code, state)
    assert record["error"]["message"]
    assert record["error"]["hint"]
    assert outcome.err.count("\n") == 1
    assert BEGUN.startswith(record["text"])
    if model.startswith("sandbox/error-"):
        assert record["error"]["status"] == person.upstream.ledger.requests[-1].status
        assert record["error"]["raw"]


@pytest.mark.parametrize("model", ["sandbox/cut-clean", "sandbox/mid-error"])
def test_the_partial_text_is_printed(person: Person, model: str) -> None:
    """A reply that broke off shows what came, its chit, and why it ended, each on a line, and keeps all three."""
    outcome = person.call("ask", "-m", model, "Hi")
    assert (outcome.code, outcome.out) == (6, f"{BEGUN}\n")
    chit, error = outcome.err.splitlines()
    assert chit.startswith("▸ ")
    assert error.startswith("chit: ")
    record = person.call("show", person.upstream.ledger.generations[0].id, "--json").record
    assert record["text"] == BEGUN
    assert record["error"]["hint"]


def test_a_refused_request_has_no_chit(person: Person) -> None:
    """Nothing ran, so there is nothing to settle and one line tells all."""
    outcome = person.call("ask", "-m", "sandbox/error-credits", "Hi")
    assert (outcome.code, outcome.out) == (5, "")
    assert outcome.err.startswith("chit: ")
    assert outcome.err.count("\n") == 1


@pytest.mark.parametrize(
    ("arguments", "key", "code"),
    [(("Hi",), "", 3), ((" ",), KEY, 2), (("Hi", "--nonsense"), KEY, 2), (("Hi", "-p", "x"), KEY, 2)],
)
def test_the_object_is_printed_where_nothing_was_sent(
    person: Person, arguments: tuple[str, ...], key: str, code: int
) -> None:
    """No key, bad input and bad usage print it too."""
    person.variables["OPENROUTER_API_KEY"] = key
    outcome = person.call("ask", *arguments, "--json")
    assert outcome.code == code
    assert check_record(outcome)["error"]["hint"]


def test_a_disabled_key_is_rejected(person: Person) -> None:
    """A key that OpenRouter does not know any more ends with 3."""
    person.upstream.account.keys[KEY] = Key(disabled=True)
    assert person.call("ask", *ECHO, "Hi").code == 3


def test_an_exhausted_key_is_a_limit(person: Person) -> None:
    """A key that has reached its cap ends with 5."""
    person.upstream.account.keys[KEY] = Key(limit=1, limit_remaining=0)
    assert person.call("ask", *ECHO, "Hi").code == 5


@pytest.mark.long
def test_an_upstream_that_is_not_there_is_told_after_the_retries(person: Person) -> None:
    """A refused connection is tried again aloud, then told with 6."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        person.variables["CHIT_BASE_URL"] = f"http://127.0.0.1:{taken.getsockname()[1]}"
        outcome = person.call("ask", "Hi")
    assert outcome.code == 6
    assert [outcome.err.count(words) for words in ("Trying again in", "chit: Again in")] == [1, 2]


def test_a_retry_is_told_and_then_works(person: Person) -> None:
    """A rate limit that passes is waited out, with a word about it."""
    limited = b'{"error": {"code": 429, "message": "Rate limited \\u001b[2J"}}'
    person.upstream.queue(Reply(status=429, headers={"Retry-After": "0"}, body=limited))
    outcome = person.call("ask", *ECHO, "Hi")
    assert (outcome.code, outcome.out) == (0, "Hi\n")
    assert "Trying again in 0 s." in outcome.err
    assert "\x1b" not in outcome.err


def test_a_retry_tells_its_cause_once(person: Person) -> None:
    """The same cause is not repeated, another one is told in full, and a quotation ends the sentence it ends."""
    for message in ("Busy.", "Busy.", "Other"):
        body = b'{"error": {"code": 429, "message": "%s"}}' % message.encode()
        person.upstream.queue(Reply(status=429, headers={"Retry-After": "0"}, body=body))
    outcome = person.call("ask", *ECHO, "Hi")
    assert outcome.code == 0
    first, second, third, _ = outcome.err.splitlines()
    assert first.endswith("OpenRouter said: “Busy.” Trying again in 0 s.")
    assert second == "chit: Again in 0 s."
    assert third.endswith("OpenRouter said: “Other”. Trying again in 0 s.")


def test_ctrl_c_ends_the_question_about_the_balance(person: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    """After an error about money the balance is asked for; a person who does not care leaves at once."""
    ended: list[bool] = []

    async def ask_for_ever(*_: Any) -> None:
        os.kill(os.getpid(), signal.SIGINT)
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            ended.append(True)
            raise

    monkeypatch.setattr(asking, "tell_low_balance", ask_for_ever)
    assert person.call("ask", "-m", "sandbox/error-credits", "Hi").code == 5
    assert ended == [True]


def test_what_is_not_text_is_told(person: Person) -> None:
    """Tool calls and media each get a line beside the text."""
    tool = '{"type": "function", "function": {"name": "find", "parameters": {"type": "object", "properties": {}}}}'
    outcome = person.call("ask", "-m", "sandbox/tools", "Hi", "-p", f"tools=[{tool}]")
    assert outcome.code == 0
    assert "→ find({" in outcome.err
    outcome = person.call("ask", "-m", "sandbox/image", "Draw.")
    assert outcome.out == "Here is your picture.\n"
    assert "chit show" in outcome.err
    assert "data:image" not in outcome.err


def test_an_empty_completion_prints_nothing(person: Person) -> None:
    """A reply without tokens is a reply."""
    outcome = person.call("ask", "-m", "sandbox/empty", "Hi")
    assert (outcome.code, outcome.out) == (0, "")
    assert outcome.err.startswith("▸ ")


def test_a_line_feed_at_the_end_is_not_doubled(person: Person) -> None:
    """Text that ends its line is printed as it is."""
    person.upstream.queue(
        Reply(content_type="text/event-stream", headers={"X-Generation-Id": "gen-1"}, body=encode_stream("One.\n"))
    )
    assert person.call("ask", "Hi").out == "One.\n"


def test_a_pipe_gets_the_text_as_it_is(person: Person) -> None:
    """Only a terminal needs protection; a program gets every character."""
    person.upstream.queue(
        Reply(content_type="text/event-stream", headers={"X-Generation-Id": "gen-1"}, body=encode_stream("\x1b[1mA"))
    )
    assert person.call("ask", "Hi").out == "\x1b[1mA\n"


@pytest.mark.parametrize("prelude", ["", "exec 2>&1;"])
def test_a_closed_pipe_is_no_bug(person: Person, prelude: str) -> None:
    """`| head -c 10` ends it quietly, upstream is closed, and what came is kept."""
    process = person.start("ask", "-m", "sandbox/stall", "Hi", prelude=prelude)
    assert process.stdout is not None
    process.stdout.read(1)
    process.stdout.close()
    process.stdout = None
    process.send_signal(signal.SIGTERM)
    assert process.wait(PATIENCE) == 141
    assert process.stderr is not None
    assert b"Traceback" not in process.stderr.read()
    process.stderr.close()
    until(lambda: person.upstream.ledger.generations[0].state == "cancelled")


def test_the_reader_of_a_long_reply_may_leave(person: Person) -> None:
    """Writing to a pipe that was closed ends the program with 141 and stops the reply."""
    process = person.start("ask", "-m", "sandbox/long", "Hi", "-p", "max_tokens=16000")
    assert process.stdout is not None
    process.stdout.read(10)
    process.stdout.close()
    process.stdout = None
    assert process.wait(PATIENCE) == 141
    assert process.stderr is not None
    assert process.stderr.read() == b""
    process.stderr.close()


def test_a_full_disk_behind_a_pipe_is_told(person: Person) -> None:
    """Where standard output cannot be written, one line says so; the reply is kept."""
    outcome = person.run("ask", *ECHO, "Hi", prelude="exec >/dev/full;")
    assert outcome.code == 6
    assert outcome.err.startswith("chit: standard output cannot be written: No space left on device. ")
    assert outcome.err.count("\n") == 1


@pytest.mark.parametrize("closed", ["exec <&-;", "exec >&-;", "exec 2>&-;", "exec <&- >&- 2>&-;"])
def test_closed_streams_are_survived(person: Person, closed: str) -> None:
    """A caller who closed standard streams gets the reply on those that are left, and an undamaged history."""
    outcome = person.run("ask", *ECHO, "Hi", prelude=closed)
    assert outcome.code == 0
    assert outcome.out == ("" if " >&-" in closed else "Hi\n")
    assert "Traceback" not in outcome.err
    assert person.call("show", person.upstream.ledger.generations[0].id).code == 0


def test_killed_after_the_answer_it_is_settled_once(person: Person) -> None:
    """`kill -9` loses nothing: a later `chit settle` finds the record with one look, and a second has none to do."""
    person.upstream.settle_after = 3600
    process = person.start("ask", *ECHO, "All of it.", "--wait")
    read_until(process, "All of it.\n")
    kill(process)
    person.upstream.settle_after = 0
    generation = person.upstream.ledger.generations[0]
    before = person.upstream.ledger.lookups[generation.id]
    assert person.call("settle").out == "1 settled · 0 still pending\n"
    assert person.upstream.ledger.lookups[generation.id] == before + 1
    assert person.call("settle").out == "0 settled · 0 still pending\n"
    assert person.upstream.ledger.lookups[generation.id] == before + 1
    chit = person.call("show", generation.id, "--json").record["chit"]
    assert generation.billed is not None
    assert chit["settled_cost"] == write_cost(on_the_wire(generation.billed.cost))


@pytest.mark.parametrize("key", ["", KEY])
def test_killed_in_the_middle_it_shows_what_was_seen(person: Person, key: str) -> None:
    """All text that reached the person is in the history, as cut, with and without a key."""
    process = person.start("ask", "-m", "sandbox/stall", "Hi")
    seen = read_until(process, BEGUN)
    kill(process)
    generation = person.upstream.ledger.generations[0]
    person.variables["OPENROUTER_API_KEY"] = key
    outcome = person.call("show", generation.id)
    assert outcome.code == 0
    assert seen in outcome.out
    assert "cut: " in outcome.out
    person.variables["OPENROUTER_API_KEY"] = KEY
    until(lambda: generation.state == "cancelled")
    person.call("settle", generation.id)
    assert person.call("show", generation.id, "--json").record["chit"]["settlement"] == "settled"


@pytest.mark.long
def test_killed_at_any_moment_nothing_seen_is_lost(person: Person) -> None:
    """Twenty kills in the middle of long replies: the history always holds what the pipe got, and all settles."""
    person.upstream.pace = 0.02
    for count in range(20):
        process = person.start("ask", "-m", "sandbox/long", "Hi", "-p", "max_tokens=16000")
        assert process.stdout is not None
        seen = b""
        while len(seen) < 37 * (count + 1):
            seen += process.stdout.read(64)
        kill(process)
        generation = person.upstream.ledger.generations[-1]
        record = person.call("show", generation.id, "--json").record
        assert record["state"] == "cut"
        assert record["text"].startswith(seen.decode())
    until(lambda: all(each.ended for each in person.upstream.ledger.generations))
    person.call("settle")
    assert person.call("settle").out == "0 settled · 0 still pending\n"


def test_a_key_goes_nowhere_but_upstream(person: Person) -> None:
    """Neither the command line, nor the output, nor any file of the home folder holds it."""
    process = person.start("ask", "-m", "sandbox/stall", "Hi", "--json")
    until(lambda: person.upstream.ledger.requests)
    command = Path(f"/proc/{process.pid}/cmdline")
    if command.exists():
        assert KEY.encode() not in command.read_bytes()
    process.send_signal(signal.SIGINT)
    outcome = finish(process)
    assert KEY not in outcome.out + outcome.err
    assert person.upstream.ledger.requests[0].key_last4 == KEY[-4:]
    files = [path for path in person.home.rglob("*") if path.is_file()]
    assert files
    assert not [path for path in files if KEY.encode() in path.read_bytes()]


def test_a_key_is_taken_out_of_the_environment(person: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    """No process that we might start inherits it."""
    seen: list[str | None] = []
    whole: Callable[..., Any] = asyncio.run

    def run(main: Any, **options: Any) -> Any:
        seen.append(os.environ.get("OPENROUTER_API_KEY"))
        return whole(main, **options)

    monkeypatch.setattr(asyncio, "run", run)
    assert person.call("ask", *ECHO, "Hi").code == 0
    assert seen == [None]


@pytest.mark.parametrize(
    ("spoil", "code", "words"),
    [
        (lambda home: (home / "chit.db").write_bytes(b"no database" * 500), 2, "is damaged or not a Chit database"),
        (lambda home: (home / "chit.db").mkdir(), 2, "cannot be"),
        (lambda home: (home / "prefs.toml").write_text("model = "), 2, "not valid TOML"),
        (lambda home: (home / "prefs.toml").write_text("model = 1"), 2, "model must be text"),
        (lambda home: (home / "prefs.toml").write_text('base_url = "ftp://x"'), 2, None),
        (lambda home: (home / "prefs.toml").write_bytes(b"\xff"), 2, "cannot be read"),
    ],
)
def test_a_spoilt_home_is_told_in_one_line(
    person: Person, spoil: Callable[[Path], Any], code: int, words: str | None
) -> None:
    """Every command says what is wrong and what to do, with the object where it was asked for."""
    person.home.mkdir()
    spoil(person.home)
    if words is None:
        person.variables["CHIT_BASE_URL"] = ""
        words = "base URL"
    for arguments in (("ask", "Hi", "--json"), ("show", "x", "--json"), ("settle", "--json")):
        outcome = person.call(*arguments)
        assert outcome.code == code
        assert words in outcome.err
        assert outcome.err.count("\n") == 1
        assert check_record(outcome)["error"]["hint"]
    assert not person.upstream.ledger.requests


def test_a_home_under_a_file_is_told(person: Person, tmp_path: Path) -> None:
    """A path that cannot be a folder is a usage error."""
    (tmp_path / "file").write_text("")
    person.variables["CHIT_HOME"] = str(tmp_path / "file" / "home")
    outcome = person.call("ask", "Hi")
    assert outcome.code == 2
    assert outcome.err.count("\n") == 1


@pytest.mark.parametrize("url", ["http://openrouter.ai/api/v1", "openrouter.ai", "http://x:y@127.0.0.1/"])
def test_a_key_is_not_sent_in_the_clear(person: Person, url: str) -> None:
    """A base URL beyond this machine must be https."""
    person.variables["CHIT_BASE_URL"] = url
    outcome = person.call("ask", "Hi")
    assert outcome.code == 2
    assert "base URL" in outcome.err


def test_no_room_means_nothing_is_sent(person: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a reply might not fit, no money is spent."""

    class Usage:
        free = 10 * 1024 * 1024

    monkeypatch.setattr("shutil.disk_usage", lambda _: Usage)
    outcome = person.call("ask", "Hi", "--json")
    assert outcome.code == 6
    assert check_record(outcome)["error"]["kind"] == "disk_full"
    assert not person.upstream.ledger.requests


def test_a_disk_that_fills_up_is_told(person: Person) -> None:
    """In the middle of a reply: one line, the right code, an object that says so, and what was shown is kept."""
    assert person.call("ask", *ECHO, "Hi").code == 0
    body = encode_stream("The beginning.", *["x" * 50_000] * 80)
    reply = Reply(content_type="text/event-stream", headers={"X-Generation-Id": "gen-1"}, body=body)
    person.upstream.queue(reply, reply)
    outcome = person.run("ask", "Hi", "--json", prelude="ulimit -f 2048;")
    assert outcome.code == 6
    record = check_record(outcome)
    assert record["error"]["kind"] == "disk_full"
    assert record["state"] == "cut"
    assert outcome.err.count("\n") == 1
    assert person.call("show", "gen-1").code == 0
    outcome = person.run("ask", "Hi", prelude="ulimit -f 2048;")
    assert outcome.code == 6
    assert "Traceback" not in outcome.err


def test_the_pending_line_is_replaced_on_a_terminal(person: Person) -> None:
    """A person sees the cost pending, then settled in its place."""
    terminal = person.sit_down("ask", *ECHO, "Hi")
    terminal.read_until("pending")
    assert terminal.close() == 0
    assert terminal.screen.startswith("Hi\n▸ \x1b[1m$")
    replaced = terminal.screen.partition("pending\x1b[0m\r\x1b[K")[2]
    assert replaced.startswith("▸ ")
    assert replaced.endswith("\n")
    assert "pending" not in replaced


@pytest.mark.parametrize("variables", [{"NO_COLOR": "1"}, {"TERM": "dumb"}])
def test_plain_terminals_and_narrow_ones(person: Person, variables: dict[str, str]) -> None:
    """No colours; a line that wraps, or cannot be erased, is left and followed; Ctrl-C then leaves with 0."""
    person.variables |= variables
    person.upstream.settle_after = 3600
    terminal = person.sit_down("ask", *ECHO, "Hi", columns=20)
    terminal.read_until("pending")
    terminal.process.send_signal(signal.SIGINT)
    assert terminal.close() == 0
    assert "\x1b" not in terminal.screen
    assert terminal.screen.endswith("pending\n")
    assert terminal.screen.count("pending") == 1


def test_a_model_cannot_speak_to_the_terminal(person: Person) -> None:
    """Escape sequences, titles, carriage returns and C1 controls in a reply are shown, not obeyed."""
    pieces = ("Look: \x1b[2J", "\x1b]0;owned\x07", "\x9b31m", "over\rwritten", "\u202eevil")
    stream = encode_stream(*pieces)
    person.variables["NO_COLOR"] = "1"
    person.upstream.queue(
        Reply(content_type="text/event-stream", headers={"X-Generation-Id": "gen-1"}, body=stream, times=2)
    )
    screens = []
    for arguments in (("ask", "Hi"), ("ask", "Hi", "--json")):
        terminal = person.sit_down(*arguments)
        terminal.read_until("evil")
        terminal.process.send_signal(signal.SIGINT)
        terminal.close()
        screens.append(terminal.screen.replace("\r\x1b[K", ""))
    assert not set("".join(screens)) & set("\x1b\x07\x9b\u202e\r")
    assert "Look: \ufffd[2J\ufffd]0;owned\ufffd\ufffd31mover\ufffdwritten\ufffdevil" in screens[0]


def test_thinking_is_shown_once_on_a_terminal(person: Person) -> None:
    """Reasoning is announced, not printed."""
    person.upstream.settle_after = 3600
    terminal = person.sit_down("ask", "-m", "sandbox/reasoning", "Hi")
    terminal.read_until("pending")
    terminal.process.send_signal(signal.SIGINT)
    assert terminal.close() == 0
    assert terminal.screen.count("thinking…") == 1
    assert "step by step" not in terminal.screen
