"""`chit sandbox`: an upstream for anyone."""

import re
import signal
import socket
from pathlib import Path

import pytest
from tests.cli.person import PATIENCE, Person, finish, read_until

from chit.sandbox.account import SANDBOX_KEY


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_says_how_to_use_it_and_ends_when_told(person: Person, number: int) -> None:
    """What it prints works as printed; both signals end it with 0."""
    process = person.start("sandbox", "--port", "0", "--pace", "0", "--settle-after", "0")
    told = read_until(process, "chit ask 'Hello'\n")
    address = re.search(r"export CHIT_BASE_URL=(http://127\.0\.0\.1:\d+/api/v1)\n", told)
    key = re.search(r"export OPENROUTER_API_KEY=(\S+)\n", told)
    assert address
    assert key
    assert key[1] == SANDBOX_KEY
    person.variables |= {"CHIT_BASE_URL": address[1], "OPENROUTER_API_KEY": key[1]}
    assert "Hello" in person.call("ask", "Hello").out
    process.send_signal(number)
    outcome = finish(process)
    assert (outcome.code, outcome.err) == (0, "")
    assert process.wait(PATIENCE) == 0


def test_a_taken_port_is_told(person: Person) -> None:
    """One line that names the port and the option."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        outcome = person.call("sandbox", "--port", str(port))
    assert outcome.code == 2
    assert outcome.err.startswith(f"chit: port {port} cannot be used: ")
    assert outcome.err.endswith("Choose another with --port.\n")
    assert outcome.err.count("\n") == 1


@pytest.mark.parametrize("text", ["nonsense", "{}", "[]", '{"request": {}, "response": 1}'])
def test_a_file_that_holds_no_recordings_is_told(person: Person, tmp_path: Path, text: str) -> None:
    """Whatever is wrong with it, it is a usage error with the shape it should have."""
    (tmp_path / "recordings.jsonl").write_text(text)
    outcome = person.call("sandbox", "--port", "0", "--recordings", str(tmp_path / "recordings.jsonl"))
    assert outcome.code == 2
    assert "is no file of recorded exchanges" in outcome.err
    assert outcome.err.count("\n") == 1
