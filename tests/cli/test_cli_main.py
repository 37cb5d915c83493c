"""The command line as a whole."""

import fcntl
import os
import runpy
import signal
import subprocess
import sys
import termios

import pytest
from tests.cli.person import KEY, Person, finish, until

import chit
from chit.about import VERSION


def test_the_package_says_what_it_is() -> None:
    """The root has its sentence."""
    assert chit.__doc__


def test_version(person: Person) -> None:
    """`python -m chit --version` prints name and version and nothing else."""
    outcome = person.run("--version")
    assert (outcome.code, outcome.out, outcome.err) == (0, f"chit {VERSION}\n", "")


def test_python_m_runs_the_same(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """`python -m chit` is the command."""
    monkeypatch.setattr(sys, "argv", ["chit", "--version"])
    with pytest.raises(SystemExit, match="0"):
        runpy.run_module("chit", run_name="__main__")
    assert capsys.readouterr().out == f"chit {VERSION}\n"


def test_help(person: Person) -> None:
    """Every command is listed; the model option points to the page where models are chosen."""
    outcome = person.call("--help")
    assert outcome.code == 0
    for name in ("ask", "demo", "key", "login", "sandbox", "settle", "show"):
        assert f"\n  {name} " in outcome.out
    help_of_ask = person.call("ask", "-h").out
    assert "https://openrouter.ai/models" in help_of_ask.partition("--model")[2].partition("--system")[0]


def test_a_group_without_a_command_shows_its_help(person: Person) -> None:
    """It is the same text, but a usage error."""
    outcome = person.call("key")
    assert outcome.code == 2
    assert outcome.out == person.call("key", "--help").out


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (("ask", "--xyzzy"), "chit: No such option '--xyzzy'. See: chit ask --help\n"),
        (("nonsense",), "chit: No such command 'nonsense'. See: chit --help\n"),
        (("show",), "chit: Missing argument 'ID'. See: chit show --help\n"),
    ],
)
def test_bad_usage_is_one_line(person: Person, arguments: tuple[str, ...], line: str) -> None:
    """It says what is wrong and where to read on."""
    outcome = person.call(*arguments)
    assert (outcome.code, outcome.out, outcome.err) == (2, "", line)


def test_bad_usage_with_a_key_in_it_does_not_repeat_it(person: Person) -> None:
    """Standard error may end up in a log."""
    outcome = person.call("key", "test", KEY)
    assert outcome.code == 2
    assert "sk-or-…a115" in outcome.err
    assert KEY not in outcome.err


@pytest.mark.parametrize("json", [(), ("--json",)])
def test_a_bug_is_told_as_one(person: Person, monkeypatch: pytest.MonkeyPatch, json: tuple[str, ...]) -> None:
    """The traceback is there for a report, the code is 1, and a program still gets its object."""

    def fail() -> None:
        raise ZeroDivisionError("oops")

    monkeypatch.setattr("chit.prefs.load_prefs", fail)
    outcome = person.call("show", "x", *json)
    assert outcome.code == 1
    assert "ZeroDivisionError: oops" in outcome.err
    assert outcome.err.endswith("chit: this is a bug in Chit, sorry. What was received is kept; see `chit show`.\n")
    assert [outcome.record["error"]["kind"]] == ["bug"] if json else outcome.out == ""


@pytest.mark.parametrize("json", [(), ("--json",)])
def test_ctrl_c_before_anything_was_sent(
    person: Person, monkeypatch: pytest.MonkeyPatch, json: tuple[str, ...]
) -> None:
    """It ends quietly with 130; a program gets its object."""

    def interrupt() -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("chit.prefs.load_prefs", interrupt)
    outcome = person.call("show", "x", *json)
    assert (outcome.code, outcome.err) == (130, "")
    assert outcome.record["error"]["kind"] == "stopped" if json else outcome.out == ""


def test_ctrl_c_while_it_waits_for_a_question(person: Person) -> None:
    """A person who changes their mind while typing sees no traceback."""
    reading, writing = os.pipe()
    os.write(writing, b"Why")
    process = subprocess.Popen(
        [sys.executable, "-m", "chit", "ask"], stdin=reading, stderr=subprocess.PIPE, env=person.environment
    )
    until(lambda: fcntl.ioctl(reading, termios.FIONREAD, bytes(4)) == bytes(4))
    process.send_signal(signal.SIGINT)
    assert finish(process).err == ""
    assert process.returncode == 130
    os.close(reading)
    os.close(writing)


@pytest.mark.parametrize(
    "arguments", [("ask", "--json", ""), ("show", "{id}"), ("show", "{id}", "--json"), ("--help",)]
)
def test_a_pipe_that_nobody_reads(person: Person, arguments: tuple[str, ...]) -> None:
    """Whatever is written into it, the end is quiet, with the code a shell knows."""
    asked = person.call("ask", "-m", "sandbox/echo", "Hi", "--json").record
    reading, writing = os.pipe()
    os.close(reading)
    command = [sys.executable, "-m", "chit", *(word.format(id=asked["id"]) for word in arguments)]
    process = subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=writing, stderr=subprocess.PIPE, env=person.environment
    )
    os.close(writing)
    outcome = finish(process)
    assert outcome.code == 141
    assert outcome.err == "" or arguments[0] == "ask"
    assert "Traceback" not in outcome.err


def test_a_full_disk_while_an_error_is_told(person: Person) -> None:
    """The first error is told, and then that the object could not be written."""
    outcome = person.run("ask", "--json", "", prelude="exec >/dev/full;")
    assert outcome.code == 6
    first, second = outcome.err.splitlines()
    assert first.startswith("chit: the question is empty.")
    assert second.startswith("chit: standard output cannot be written")
