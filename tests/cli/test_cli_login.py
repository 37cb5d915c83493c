"""`chit login`: signing in with the sandbox, which approves at once; the test plays the browser."""

import re
import signal
import stat
import sys
import urllib.request
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.cli.conftest import PASSPHRASE, HandOver
from tests.cli.person import KEY, Person, Terminal, finish

from chit.cli.login_work import has_browser

BROWSER = """
import html, os, re, sys, urllib.parse, urllib.request
path = urllib.parse.unquote(urllib.parse.urlsplit(sys.argv[1]).path)
address = html.unescape(re.search('href="([^"]+)"', open(path).read())[1])
open(sys.argv[2], "w").write(f"{os.stat(path).st_mode & 0o777:o} {sys.argv[1]}")
urllib.request.urlopen(address).read()
"""


@pytest.fixture(autouse=True)
def approve(stranger: Person) -> None:
    """OpenRouter lets the person in without a page to press a button on."""
    stranger.upstream.account.sign_in = "approve"


def made_keys(person: Person) -> list[str]:
    """The keys that signing in made."""
    return [text for text, key in person.upstream.account.keys.items() if key.label is not None]


def test_signing_in_with_a_browser(stranger: Person, tmp_path: Path, hand_over: HandOver) -> None:
    """The browser gets a file that leads on, for this user alone and for a moment; the key is stored and not shown."""
    (tmp_path / "browser.py").write_text(BROWSER)
    (tmp_path / "passphrase").write_text(f"{PASSPHRASE}\n")
    stranger.variables |= {"DISPLAY": ":0", "BROWSER": f"{sys.executable} {tmp_path}/browser.py %s {tmp_path}/seen"}
    outcome = stranger.run("login", "--passphrase-fd", "3", prelude=f"exec 3<'{tmp_path}/passphrase';")
    assert outcome.code == 0, outcome.err
    [key] = made_keys(stranger)
    assert outcome.out.startswith(f"The inference key sk-or-…{key[-4:]} rests in the vault file ")
    assert key not in outcome.out + outcome.err
    mode, address = (tmp_path / "seen").read_text().split()
    assert mode == "600"
    assert address.startswith((stranger.home / "run" / "sign-in-").as_uri())
    assert not list((stranger.home / "run").glob("sign-in-*"))
    assert stat.S_IMODE((stranger.home / "run").stat().st_mode) == 0o700
    assert stranger.call("ask", "-m", "sandbox/echo", "Hi", "--passphrase-fd", hand_over(PASSPHRASE)).out == "Hi\n"


def test_signing_in_by_pasting_a_code(stranger: Person, hand_over: HandOver) -> None:
    """Without a browser here the code comes from elsewhere; a slip is asked again."""
    terminal = stranger.sit_down("login", "--passphrase-fd", "0")
    terminal.type(f"{PASSPHRASE}\n")
    terminal.read_until("Paste the code that OpenRouter shows: ")
    address = next(word for word in terminal.screen.split() if word.startswith("http"))
    with urllib.request.urlopen(address) as page:  # noqa: S310 (the sandbox's)
        code = re.search("<code>(.*?)</code>", page.read().decode())
    assert code is not None
    terminal.type("not a code\n")
    terminal.read_until("that is not a sign-in code")
    terminal.read_until("no more.\nPaste the code that OpenRouter shows: ")
    terminal.type(f"{code[1]}\n")
    assert terminal.close() == 0
    [key] = made_keys(stranger)
    assert key not in terminal.screen
    assert stranger.call("key", "test", "--passphrase-fd", hand_over(PASSPHRASE)).code == 0


def test_a_code_that_openrouter_refuses(stranger: Person) -> None:
    """The reason is told, and the code is 3."""
    terminal = stranger.sit_down("login", "--no-browser", "--passphrase-fd", "0")
    terminal.type(f"{PASSPHRASE}\n")
    terminal.read_until("shows: ")
    terminal.type("nonsense\n")
    assert terminal.close() == 3
    assert "does not accept the code" in terminal.screen
    assert not (stranger.home / "vault.age").exists()


def test_three_slips_are_enough(stranger: Person) -> None:
    """Then it ends as any mistake in what was given."""
    terminal = stranger.sit_down("login", "--passphrase-fd", "0")
    terminal.type(f"{PASSPHRASE}\n")
    for _ in range(3):
        terminal.read_until("shows: ")
        terminal.screen = ""
        terminal.type(f"{KEY}\n")
    assert terminal.close() == 2
    assert "that is a key, not a sign-in code" in terminal.screen


@pytest.mark.parametrize(
    "leave", [lambda terminal: terminal.process.send_signal(signal.SIGINT), lambda t: t.type("\x04")]
)
def test_ctrl_c_while_the_code_is_awaited(stranger: Person, leave: Callable[[Terminal], None]) -> None:
    """Pasting ends with 130 and without a traceback; Ctrl-D is the same."""
    terminal = stranger.sit_down("login", "--passphrase-fd", "0")
    terminal.type(f"{PASSPHRASE}\n")
    terminal.read_until("shows: ")
    leave(terminal)
    assert terminal.close() == 130
    assert "Traceback" not in terminal.screen


def test_ctrl_c_while_the_browser_is_open(stranger: Person, tmp_path: Path) -> None:
    """Waiting ends with 130, and the file that led on is gone."""
    (tmp_path / "passphrase").write_text(f"{PASSPHRASE}\n")
    stranger.variables |= {"DISPLAY": ":0", "BROWSER": "true %s"}
    process = stranger.start("login", "--passphrase-fd", "3", prelude=f"exec 3<'{tmp_path}/passphrase';")
    assert process.stderr is not None
    seen = b""
    while b"--no-browser\n" not in seen:
        seen += process.stderr.read(4096)
    process.send_signal(signal.SIGINT)
    outcome = finish(process)
    assert (outcome.code, outcome.err) == (130, "")
    assert not list((stranger.home / "run").glob("sign-in-*"))


def test_without_a_browser_and_a_terminal(stranger: Person) -> None:
    """Nothing prompts; the ways are named."""
    outcome = stranger.run("login")
    assert (outcome.code, outcome.out) == (3, "")
    assert "chit key set" in outcome.err


def test_a_folder_that_cannot_be_used(stranger: Person, hand_over: HandOver, monkeypatch: pytest.MonkeyPatch) -> None:
    """The other way is named, and the callback no longer listens."""
    stranger.home.mkdir()
    (stranger.home / "run").write_text("")
    stranger.variables["WAYLAND_DISPLAY"] = "wayland-0"
    outcome = stranger.call("login", "--passphrase-fd", hand_over(PASSPHRASE))
    assert outcome.code == 2
    assert "chit login --no-browser" in outcome.err


@pytest.mark.parametrize(
    ("environment", "platform", "expected"),
    [
        ({}, "linux", False),
        ({"DISPLAY": ":0"}, "linux", True),
        ({"WAYLAND_DISPLAY": "wayland-0"}, "linux", True),
        ({"DISPLAY": ":0", "SSH_CONNECTION": "a"}, "linux", False),
        ({"SSH_TTY": "/dev/pts/1"}, "darwin", False),
        ({}, "darwin", True),
    ],
)
def test_whether_a_browser_would_be_seen(environment: dict[str, str], platform: str, expected: bool) -> None:
    """Not over SSH, and on Linux not without a display."""
    assert has_browser(environment, platform) is expected
