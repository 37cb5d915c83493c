"""A person at a command line: one home folder, one upstream, and every way to start `chit`."""

import fcntl
import io
import json
import logging
import os
import signal
import struct
import subprocess
import sys
import termios
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import apsw
import pytest

from chit.cli.main import main
from chit.sandbox.server import Sandbox

KEY = "sk-or-v1-" + "0ddba115" * 8
"""Looks like a key; the canary of every test that searches for leaks."""
NO_KEYCHAIN = "keyring.backends.null.Keyring"
"""Asks for a backend that Chit refuses, so that on no system a test meets the keychain of whoever runs it."""
FOREIGN = (
    "DBUS_SESSION_BUS_ADDRESS",
    "CREDENTIALS_DIRECTORY",
    "DISPLAY",
    "WAYLAND_DISPLAY",
    "BROWSER",
    "SSH_CONNECTION",
    "SSH_TTY",
)
"""Variables of whoever runs the tests, which must not reach a person in them."""
PATIENCE = 30.0
"""Seconds that any condition may take on a slow machine; only a failing test waits them out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How one run ended."""

    code: int
    out: str
    err: str

    @property
    def record(self) -> Any:
        """Standard output as the one JSON object it should be."""
        return json.loads(self.out)


class Screen(io.TextIOWrapper):
    """A text stream that says it is a terminal."""

    def isatty(self) -> bool:
        """A person watches."""
        return True


@dataclass(slots=True, kw_only=True)
class Person:
    """Starts `chit` in this process (`call`), as a process (`run`, `start`), or at a terminal (`sit_down`)."""

    home: Path
    upstream: Sandbox
    variables: dict[str, str] = field(default_factory=dict)
    """On top of what every run gets; an empty value unsets."""

    @property
    def environment(self) -> dict[str, str]:
        """What a process gets."""
        names = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "PYTHONPATH", "VIRTUAL_ENV", "SYSTEMROOT")
        kept = {name: os.environ[name] for name in names if name in os.environ}
        kept |= {name: value for name, value in os.environ.items() if name.startswith("COVERAGE")}
        given = kept | {"CHIT_HOME": str(self.home), "CHIT_BASE_URL": self.upstream.base_url, "OPENROUTER_API_KEY": KEY}
        given["PYTHON_KEYRING_BACKEND"] = NO_KEYCHAIN
        return {name: value for name, value in (given | self.variables).items() if value}

    def call(
        self, *arguments: str, typed: bytes = b"", stdin: io.TextIOWrapper | None = None, watched: bool = False
    ) -> Outcome:
        """`main` in this process; `watched`: standard error says it is a terminal."""
        out, err = io.BytesIO(), io.BytesIO()
        given = self.environment
        with pytest.MonkeyPatch.context() as patch:
            for name in ("CHIT_HOME", "CHIT_BASE_URL", "OPENROUTER_API_KEY", "NO_COLOR", *FOREIGN):
                patch.delenv(name, raising=False)
            for name, value in given.items():
                patch.setenv(name, value)
            for module, name in ((sys, "excepthook"), (sys, "unraisablehook"), (threading, "excepthook")):
                patch.setattr(module, name, getattr(module, name))  # put back what scrubs
            patch.setattr(logging, "_logRecordFactory", logging.getLogRecordFactory())
            patch.setattr(sys, "stdin", stdin or io.TextIOWrapper(io.BytesIO(typed), encoding="utf-8"))
            patch.setattr(sys, "stdout", io.TextIOWrapper(out, encoding="utf-8"))
            told = Screen if watched else io.TextIOWrapper
            patch.setattr(sys, "stderr", told(err, encoding="utf-8", write_through=True))
            with pytest.raises(SystemExit) as ended:
                main(list(arguments))
            sys.stdout.flush()
            assert isinstance(ended.value.code, int)
            return Outcome(code=ended.value.code, out=out.getvalue().decode(), err=err.getvalue().decode())

    def start(self, *arguments: str, typed: bytes | None = None, prelude: str = "") -> subprocess.Popen[bytes]:
        """A process with pipes; `prelude` is put before the command, in a shell."""
        command = [sys.executable, "-m", "chit", *arguments]
        process = subprocess.Popen(
            ["sh", "-c", f'{prelude} exec "$@"', "sh", *command] if prelude else command,
            stdin=subprocess.DEVNULL if typed is None else subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=self.environment,
            bufsize=0,
        )
        if typed is not None:
            assert process.stdin is not None
            process.stdin.write(typed)
            process.stdin.close()
            process.stdin = None
        return process

    def run(self, *arguments: str, typed: bytes | None = None, prelude: str = "") -> Outcome:
        """A process, to its end."""
        return finish(self.start(*arguments, typed=typed, prelude=prelude))

    def sit_down(self, *arguments: str, columns: int = 100) -> "Terminal":
        """A process at a pseudo-terminal."""
        return Terminal(self, arguments, columns)

    def open_database(self) -> apsw.Connection:
        """The history, behind Chit's back."""
        return apsw.Connection(str(self.home / "chit.db"))


class Terminal:
    """A pseudo-terminal with one `chit` at it."""

    def __init__(self, person: Person, arguments: Iterable[str], columns: int) -> None:
        self._master, slave = os.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
        self.process = subprocess.Popen(
            [sys.executable, "-m", "chit", *arguments],
            stdin=slave,
            stdout=slave,
            stderr=slave,
            env={"TERM": "xterm-256color"} | person.environment,
            start_new_session=True,
        )
        os.close(slave)
        self.screen = ""

    def read_until(self, text: str) -> None:
        """Until `text` has been on the screen."""
        while text not in self.screen:
            assert self._read(), self.screen

    def type(self, text: str) -> None:
        """As a person would, who ends lines with the return key."""
        os.write(self._master, text.encode())

    def close(self) -> int:
        """Read the rest and return the exit code."""
        while self._read():
            pass
        os.close(self._master)
        return self.process.wait(PATIENCE)

    def _read(self) -> bool:
        try:
            data = os.read(self._master, 4096)
        except OSError:  # Linux: the other side is closed
            return False
        self.screen += data.decode("utf-8", "replace").replace("\r\n", "\n")
        return bool(data)


def finish(process: subprocess.Popen[bytes]) -> Outcome:
    """Wait for a process with pipes."""
    out, err = process.communicate(timeout=PATIENCE)
    return Outcome(code=process.returncode, out=(out or b"").decode(), err=(err or b"").decode())


def read_until(process: subprocess.Popen[bytes], text: str) -> str:
    """What a process printed, as soon as `text` is in it."""
    seen = b""
    assert process.stdout is not None
    while text.encode() not in seen:
        data = process.stdout.read(4096)
        assert data, seen
        seen += data
    return seen.decode()


def kill(process: subprocess.Popen[bytes]) -> None:
    """`kill -9`."""
    process.send_signal(signal.SIGKILL)
    process.communicate(timeout=PATIENCE)


def until(condition: Callable[[], Any]) -> None:
    """Return once the condition holds."""
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def encode_stream(*pieces: str, generation_id: str = "gen-canned", **last: Any) -> bytes:
    """A stream of text pieces; `last` are members of the closing chunk."""

    def event(value: Mapping[str, Any]) -> bytes:
        return (
            b"data: " + json.dumps({"id": generation_id, "model": "a/b", "provider": "P", **value}).encode() + b"\n\n"
        )

    chunks = [event({"choices": [{"index": 0, "delta": {"content": piece}}]}) for piece in pieces]
    stop = event({"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}], **last})
    return b"".join([*chunks, stop, b"data: [DONE]\n\n"])
