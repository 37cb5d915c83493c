"""`chit serve`, as a process: the port, the browser, the end."""

import json
import re
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from tests.cli.person import PATIENCE, Person, finish, read_until, until

BROWSER = """
import html, os, pathlib, re, sys, urllib.parse
path = pathlib.Path(urllib.parse.unquote(urllib.parse.urlsplit(sys.argv[1]).path))
address = html.unescape(re.search('href="([^"]+)"', path.read_text())[1])
commands = []
for each in pathlib.Path("/proc").glob("[0-9]*/cmdline"):
    try:
        commands.append(each.read_bytes().decode(errors="replace"))
    except OSError:
        pass
pathlib.Path(sys.argv[2] + ".new").write_text("\\n".join([f"{path.stat().st_mode & 0o777:o}", address, *commands]))
os.rename(sys.argv[2] + ".new", sys.argv[2])
"""
"""Notes how it was called, and what any user of this machine could see meanwhile."""

HANG = """
import asyncio, sys, time
from chit.cli.serving import end_on_signals

async def main():
    ended = asyncio.Event()
    end_on_signals(ended, float(sys.argv[1]))
    print("ready", flush=True)
    await ended.wait()
    print("ending", flush=True)
    time.sleep(100)

asyncio.run(main())
"""
"""Gets stuck while it ends."""

WATCH = """
import sys
log = open(sys.argv[1], "w", buffering=1)
def note(event, given):
    if event in {"socket.connect", "socket.sendto", "socket.getaddrinfo", "socket.gethostbyname"}:
        log.write(f"{event} {given[-1] if event == 'socket.connect' else given}\\n")
sys.addaudithook(note)
from chit.cli.main import main
try:
    main(["serve", "--port", "0", "--no-browser", "--allow-host", "chit.example"])
finally:
    import socket
    socket.socket().connect_ex(("127.0.0.1", 9))
"""
"""Notes whatever leaves the process, and at last one connection of its own, so that the note is known to work."""


def post(address: str, body: object, token: str | None = None) -> dict[str, str]:
    """JSON for JSON."""
    headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {token}"} if token else {})
    request = urllib.request.Request(address, json.dumps(body).encode(), headers)  # noqa: S310 - ours
    with urllib.request.urlopen(request, timeout=PATIENCE) as reply:  # noqa: S310 - ours
        answer: dict[str, str] = json.load(reply)
        return answer


def exchange(told: str) -> str:
    """A token for the code in an address that was printed."""
    address, _, code = next(word for word in told.split() if "#code=" in word).partition("#code=")
    return post(f"{address}session", {"code": code})["token"]


def see(told: str) -> dict[str, str | None]:
    """What stands around every screen."""
    address = next(word for word in told.split() if "#code=" in word).partition("#code=")[0]
    request = urllib.request.Request(f"{address}view/chrome", headers={"Authorization": f"Bearer {exchange(told)}"})  # noqa: S310 - ours
    with urllib.request.urlopen(request, timeout=PATIENCE) as reply:  # noqa: S310 - ours
        chrome: dict[str, str | None] = json.load(reply)
        return chrome


@contextmanager
def serving(person: Person, *arguments: str) -> Iterator[tuple[subprocess.Popen[bytes], str]]:
    """A server that runs, and what it printed."""
    process = person.start("serve", *arguments)
    try:
        yield process, read_until(process, "--no-browser\n")
    finally:
        process.terminate()
        process.communicate(timeout=PATIENCE)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_serves_until_it_is_told_to_end(person: Person, number: int) -> None:
    """Without a browser the address with a code is printed, which signs in; both signals end it with 0."""
    process = person.start("serve", "--port", "0")
    told = read_until(process, "--no-browser\n")
    assert re.search(r"^Chit is at http://127\.0\.0\.1:\d+ \(Ctrl-C ends it\)\n", told)
    assert len(exchange(told)) == 43
    process.send_signal(number)
    outcome = finish(process)
    assert (outcome.code, outcome.err) == (0, "")
    assert [path.name for path in (person.home / "run").iterdir()] == ["agent.lock"]


def test_chit_alone_serves_the_pages(person: Person) -> None:
    """Without a command, and without a browser to open, the address to sign in at is printed."""
    process = person.start()
    told = read_until(process, "--no-browser\n")
    assert told.startswith("Chit is at http://127.0.0.1:")
    token = exchange(told)
    process.terminate()
    assert (len(token), finish(process).code) == (43, 0)


def test_it_begins_in_the_sandbox(stranger: Person) -> None:
    """With `--sandbox` a question needs no key, and the next start is in the person's own home again."""
    with serving(stranger, "--port", "0", "--sandbox") as (_, told):
        assert see(told)["badge"] is not None
    with serving(stranger, "--port", "0") as (_, told):
        assert see(told)["badge"] is None


def test_a_warning_is_told(person: Person) -> None:
    """A sandbox that was chosen and cannot be opened: one line on standard error, and the person's own home."""
    with serving(person, "--port", "0"):
        pass
    person.open_database().execute("INSERT INTO settings VALUES ('desk_home', 'sandbox')")
    (person.home / "sandbox").write_text("in the way")
    process = person.start("serve", "--port", "0")
    read_until(process, "--no-browser\n")
    process.terminate()
    outcome = finish(process)
    assert outcome.code == 0
    assert outcome.err.startswith("chit: the sandbox could not be opened: ")
    assert outcome.err.count("\n") == 1


def test_a_second_one_opens_the_first(person: Person) -> None:
    """Where this home has a server, another way into that one is printed; a port of its own makes it another server."""
    with serving(person, "--port", "0") as (_, told):
        second = person.run("serve", "--no-browser")
        port = re.search(r"127\.0\.0\.1:(\d+)", told)
        assert port
        assert (second.code, second.err) == (0, "")
        assert second.out.startswith(f"Chit is running already, at http://127.0.0.1:{port[1]}\n")
        assert exchange(second.out) != exchange(told)
        with serving(person, "--port", "0") as (_, third):
            assert port[0] not in third


@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
def test_the_code_is_in_no_command_line(person: Person, tmp_path: Path) -> None:
    """Attack 11, the code in a process list: the browser gets a file that only this user can read, twice over."""
    (tmp_path / "browser.py").write_text(BROWSER)
    person.variables |= {"DISPLAY": ":0", "BROWSER": f"{sys.executable} {tmp_path}/browser.py %s {tmp_path}/seen"}
    seen = tmp_path / "seen"
    with serving(person, "--port", "0") as (_, told):
        for _ in range(2):
            until(seen.exists)
            mode, address, *commands = seen.read_text().split("\n")
            code = address.partition("#code=")[2]
            assert (mode, len(code), code in told) == ("600", 43, False)
            assert any("browser.py" in command for command in commands)
            assert [command for command in commands if code in command] == []
            assert exchange(address)
            seen.unlink()
            outcome = person.run("serve")
            assert (outcome.code, code in outcome.out) == (0, False)
        until(seen.exists)


def test_a_taken_port_is_told(person: Person) -> None:
    """One line that names the port and the option."""
    with socket.socket(socket.AF_INET6) as taken:
        taken.bind(("::1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        outcome = person.call("serve", "--port", str(port))
    assert outcome.code == 2
    assert outcome.err.startswith(f"chit: port {port} cannot be used: ")
    assert outcome.err.count("\n") == 1


def test_the_next_port_is_said_aloud(person: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the fixed port is somebody else's, the next is taken and the person is told what that means."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        monkeypatch.setattr("chit.web.listening.PORTS", range(port, port + 10))
        monkeypatch.setattr("chit.cli.serving.end_on_signals", lambda ended: ended.set())
        outcome = person.call("serve", "--no-browser")
    assert outcome.code == 0
    assert outcome.err.startswith(f"chit: port {port} is taken by another program, so this is port ")
    assert "have to sign in here" in outcome.err


def test_a_host_that_cannot_be_allowed(person: Person) -> None:
    """It is a usage error."""
    outcome = person.call("serve", "--port", "0", "--allow-host", "*")
    assert (outcome.code, outcome.err.count("\n")) == (2, 1)
    assert "name:port" in outcome.err


@pytest.mark.parametrize(
    ("seconds", "number", "code"),
    [("100", signal.SIGTERM, -signal.SIGTERM), ("100", signal.SIGINT, -signal.SIGINT), ("0.05", None, -signal.SIGALRM)],
)
def test_an_end_that_gets_stuck(seconds: str, number: int | None, code: int) -> None:
    """Promise G15: a second signal ends it at once, and without one the system does when its time is over."""
    process = subprocess.Popen([sys.executable, "-c", HANG, seconds], stdout=subprocess.PIPE, bufsize=0)
    read_until(process, "ready\n")
    process.send_signal(signal.SIGTERM)
    read_until(process, "ending\n")
    if number is not None:
        process.send_signal(number)
    assert process.wait(PATIENCE) == code
    assert process.stdout is not None
    process.stdout.close()


def ask_and_watch(person: Person, told: str, replies: int) -> str:
    """Send so many questions whose replies never end; the port, once each of them has said something and it is kept."""
    address = next(word for word in told.split() if "#code=" in word).partition("#code=")[0]
    token = exchange(told)
    for _ in range(replies):
        post(f"{address}c", {"text": "Why?", "model": "sandbox/stall"}, token)
    count = "SELECT count(DISTINCT generation) FROM received_bytes WHERE instr(bytes, 'content') > 0"
    until(lambda: person.open_database().execute(count).get == replies)
    return address.rstrip("/").rpartition(":")[2]


def test_running_replies_are_ended_well(person: Person) -> None:
    """Promise G15: a signal lets nothing new in, ends running replies, keeps what came and their cost's job; code 0."""
    process = person.start("serve", "--port", "0")
    port = ask_and_watch(person, read_until(process, "--no-browser\n"), 3)
    process.terminate()
    outcome = finish(process)
    assert (outcome.code, outcome.err) == (0, "")
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", int(port)), PATIENCE)
    database = person.open_database()
    assert database.execute("SELECT state, owner FROM generations").fetchall() == [("stopped", None)] * 3
    assert database.execute("SELECT count(*) FROM received_bytes").get == 0
    texts = database.execute("SELECT parts ->> '$[0].text' FROM messages WHERE source = 'actor'").fetchall()
    assert [bool(text) for (text,) in texts] == [True] * 3
    jobs = database.execute("SELECT count(*) FROM settlements WHERE ended_at IS NOT NULL").get
    assert (jobs, len(person.upstream.ledger.generations)) == (3, 3)
    assert database.pragma("integrity_check") == "ok"
    assert not list((person.home / "run").glob("*-*.lock"))


def test_a_second_signal_does_not_wait_for_replies(person: Person) -> None:
    """It ends at once; what had come is kept, and the next command takes the replies over as cut."""
    process = person.start("serve", "--port", "0")
    ask_and_watch(person, read_until(process, "--no-browser\n"), 1)
    process.send_signal(signal.SIGTERM)
    process.send_signal(signal.SIGTERM)
    assert finish(process).code in (0, -signal.SIGTERM)  # the first may have been enough
    assert person.call("settle").code == 0
    ((state, owner),) = person.open_database().execute("SELECT state, owner FROM generations").fetchall()
    assert (state in {"cut", "stopped"}, owner) == (True, None)


def test_it_asks_no_other_host(person: Person, tmp_path: Path) -> None:
    """Attack 45, a request to another host: whatever it is asked, the server connects to nobody, looks up no name.

    Within its own folder it may look for a process that keeps the vault open.
    """
    log = tmp_path / "log"
    pipe = subprocess.PIPE
    process = subprocess.Popen(
        [sys.executable, "-c", WATCH, str(log)], env=person.environment, stdout=pipe, stderr=pipe, bufsize=0
    )
    told = read_until(process, "--no-browser\n")
    port = re.search(r"127\.0\.0\.1:(\d+)", told)
    assert port
    token = exchange(told)
    for path in ("/", "/sessions?url=http://evil.example/", "/c/http:%2F%2Fevil.example", "/sign-in/x?code=y"):
        for host in (port[0], "chit.example", "evil.example"):
            headers = {"Host": host, "Authorization": f"Bearer {token}", "X-Forwarded-For": "evil.example"}
            lines = "".join(f"{name}: {text}\r\n" for name, text in headers.items())
            with socket.create_connection(("127.0.0.1", int(port[1])), PATIENCE) as connection:
                connection.sendall(f"GET {path} HTTP/1.1\r\n{lines}Connection: close\r\n\r\n".encode())
                assert connection.recv(12) == (b"HTTP/1.1 421" if host == "evil.example" else b"HTTP/1.1 200")
    process.terminate()
    outcome = finish(process)
    assert outcome.code == 0, outcome.err
    noted = set(log.read_text().splitlines())
    assert noted - {f"socket.connect {person.home}/run/agent.sock"} == {"socket.connect ('127.0.0.1', 9)"}
