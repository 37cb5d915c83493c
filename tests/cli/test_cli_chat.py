"""`chit chat` at a real terminal."""

import asyncio
import json
import logging
import os
import signal
import sys
import termios
import threading
import tty
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from tests.cli.conftest import PASSPHRASE
from tests.cli.display import ALT_ENTER, CTRL_C, ENTER, PASTE, TAB, Chat, hang_up
from tests.cli.person import KEY, PATIENCE, Person, encode_stream, until

from chit.cli.chat_verbs import ChatVerbs
from chit.cli.main import main
from chit.errors import VaultLocked
from chit.sandbox.reply import Reply

ECHO = ("-m", "sandbox/echo")
BEGUN = "This reply begins well, but it will"


def say(person: Person, *pieces: str) -> None:
    """The next reply."""
    person.upstream.queue(
        Reply(content_type="text/event-stream", headers={"X-Generation-Id": "gen-1"}, body=encode_stream(*pieces))
    )


def said(person: Person) -> list[str]:
    """The words of the last request's messages."""
    return [each["content"] for each in person.upstream.ledger.requests[-1].body["messages"]]


def test_a_conversation(person: Person) -> None:
    """Question, reply and chit, which settles in its place; the next question goes on; Ctrl-D leaves."""
    chat = Chat(person, *ECHO)
    chat.see("sandbox/echo · /help lists commands · Ctrl-D leaves\n\n>")
    chat.say("**One**")
    chat.see("pending")
    text = chat.see_no("pending")
    assert "> **One**\n\nOne\n\n▸ $0.0000" in text
    assert text.count("▸") == 1
    chat.say("Two")
    chat.see("> Two\n\nTwo\n\n▸")
    assert chat.leave() == 0
    assert said(person) == ["**One**", "**One**", "Two"]


@pytest.mark.long
def test_a_chit_that_settles_later_has_a_line_of_its_own(person: Person) -> None:
    """What has scrolled away is not touched."""
    person.upstream.settle_after = 3600
    chat = Chat(person, *ECHO)
    chat.see_end(">")
    chat.say("One")
    chat.see("pending")
    chat.say("Two")
    chat.see("pending", times=2)
    person.upstream.settle_after = 0
    text = chat.see("settled, reply ")
    chat.leave()
    assert text.count("▸") == 3
    assert text.index("settled, reply") < text.rindex("▸")


def test_ctrl_c_stops_the_reply_and_nothing_else(person: Person) -> None:
    """What came is kept, upstream is closed, the chit is there; twice at the prompt leaves."""
    chat = Chat(person, "-m", "sandbox/stall")
    chat.see_end(">")
    chat.say("Hi")
    chat.see(BEGUN)
    chat.interrupt()
    chat.see(f"{BEGUN} never\n\n  Go on from here: /continue\n\n▸")
    until(lambda: person.upstream.ledger.generations[0].state == "cancelled")
    chat.type(f"no{CTRL_C}")
    chat.see("> Ctrl-C again leaves")
    chat.type("x")
    chat.see_end("> x")
    chat.type("\x7f")
    chat.see_end(">")
    chat.type("y")
    chat.see_end("> y")
    chat.interrupt()
    chat.see("> Ctrl-C again leaves")
    chat.type("z")
    chat.see_end("> z")
    chat.type(CTRL_C)
    chat.see("> Ctrl-C again leaves")
    chat.type(CTRL_C)
    assert chat.close() == 130
    shown = person.call("show", person.upstream.ledger.generations[0].id, "--json").record
    assert (shown["text"], shown["state"]) == (f"{BEGUN} never", "stopped")


def test_what_is_typed_during_a_reply(person: Person) -> None:
    """It is not echoed into the text, and is there after it; /stop on a line of its own stops."""
    chat = Chat(person, "-m", "sandbox/stall")
    chat.see_end(">")
    chat.say("Hi")
    chat.see(BEGUN)
    chat.type("later")
    chat.type(f"{ENTER}/stop\n typed")
    text = chat.see("> later\n")
    assert f"{BEGUN} never\n" in text
    assert "/stop" not in text
    chat.see(BEGUN, times=2)
    chat.interrupt()
    chat.see_end(">  typed")
    chat.type(CTRL_C + CTRL_C)
    assert chat.close() == 130
    assert len(person.upstream.ledger.requests) == 2


def test_a_reply_that_was_suspended_stays_quiet(person: Person) -> None:
    """After `fg`, too, what is typed is not echoed into it, though the shell has turned the echo on."""
    chat = Chat(person, "-m", "sandbox/stall")
    chat.see_end(">")
    chat.say("Hi")
    chat.see(BEGUN)
    process, terminal = chat.terminal.process, chat.terminal._master
    process.send_signal(signal.SIGSTOP)
    os.waitpid(process.pid, os.WUNTRACED)
    attributes = termios.tcgetattr(terminal)
    attributes[3] |= termios.ECHO | termios.ICANON
    termios.tcsetattr(terminal, termios.TCSANOW, attributes)
    process.send_signal(signal.SIGCONT)
    until(lambda: not termios.tcgetattr(terminal)[3] & (termios.ECHO | termios.ICANON))
    chat.type("typed")
    chat.interrupt()
    text = chat.see_end("> typed")
    assert text.count("typed") == 1
    chat.type(CTRL_C + CTRL_C)
    assert chat.close() == 130


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_second_signal_does_not_argue(person: Person, number: signal.Signals) -> None:
    """Where the first cannot be finished, because another program holds the database."""
    chat = Chat(person, "-m", "sandbox/stall")
    chat.see_end(">")
    chat.say("Hi")
    chat.see(BEGUN)
    with person.open_database() as database:
        database.execute("INSERT INTO settlements (generation_id, state) VALUES ('x', 'settled')")
        chat.terminal.process.send_signal(number)
        until(lambda: person.upstream.ledger.generations[0].state == "cancelled")
        chat.terminal.process.send_signal(number)
    assert chat.close() == 128 + number
    assert "Traceback" not in chat.text


@pytest.mark.parametrize("replying", [False, True])
def test_sigterm_ends_it_orderly(person: Person, replying: bool) -> None:
    """At the prompt and in a reply, of which what came is kept."""
    chat = Chat(person, "-m", "sandbox/stall")
    chat.see_end(">")
    if replying:
        chat.say("Hi")
        chat.see(BEGUN)
    chat.terminal.process.send_signal(signal.SIGTERM)
    assert chat.close() == 143
    if replying:
        shown = person.call("show", person.upstream.ledger.generations[0].id, "--json").record
        assert shown["state"] == "stopped"


def test_several_lines(person: Person) -> None:
    """Alt-Enter begins one, pasted ones stay together, and what was typed once can be had again."""
    chat = Chat(person, *ECHO)
    chat.see_end(">")
    chat.type(f"one{ALT_ENTER}two")
    chat.see_end("  two")
    chat.type(ENTER)
    chat.see("▸")
    chat.type(PASTE.format("three\nfour"))
    chat.see_end("  four")
    chat.type(ENTER)
    chat.see("▸", times=2)
    assert said(person)[-1] == "three\nfour"
    assert chat.leave() == 0
    assert (person.home / "chat-input").stat().st_mode & 0o777 == 0o600
    chat = Chat(person, *ECHO)
    chat.see_end(">")
    chat.type("\x1b[A\x1b[A\x1b[A")
    chat.see("> one\n  two")
    chat.type(CTRL_C)
    chat.say(" ")
    chat.say("/quit")
    assert chat.close() == 0
    assert len(person.upstream.ledger.requests) == 2


def test_commands_right_and_wrong(person: Person, tmp_path: Path) -> None:
    """Wrong ones cost nothing and are told; words that look like some can be sent."""
    chat = Chat(person, *ECHO)
    chat.see_end(">")
    for words, told in (
        ("/help", "Alt-Enter or Esc Enter"),
        ("/retyr", "there is no command /retyr. Did you mean /retry?"),
        ("/nonsense", "there is no command /nonsense. See /help"),
        ("/retry", "there is no reply yet. Ask something first."),
        ("/edit 3", "there is no question 3. Ask something first."),
        ("/stop", "No reply is coming in."),
        ("/model sandbox/long", "model: sandbox/long"),
        ("/model sandbox/echo", "model: sandbox/echo"),
        (f"/attach {tmp_path / 'none'}", "No such file or directory"),
        ("/set 'temperature=1", "No closing quotation"),
        ("/set temperature=1", "temperature=1"),
    ):
        chat.say(words)
        chat.see(told)
        chat.see_end(">")
    assert not person.upstream.ledger.requests
    chat.say("//help")
    chat.see("\n/help\n")
    assert person.upstream.ledger.requests[-1].body["temperature"] == 1
    chat.say("/etc/passwd?")
    chat.see("\n/etc/passwd?\n")
    chat.say("/edit")
    chat.see("in the place of your question (Ctrl-C: a new one)\n> /etc/passwd?")
    chat.say(" again")
    chat.see("\n/etc/passwd? again\n")
    assert said(person) == ["/help", "/help", "/etc/passwd? again"]
    chat.say("/edit")
    chat.see("in the place of", times=2)
    chat.type(CTRL_C)
    chat.see("in the place of")
    chat.say("more")
    chat.see("\nmore\n")
    assert said(person)[-2:] == ["/etc/passwd? again", "more"]
    assert chat.leave() == 0


def test_tab_completes(person: Person) -> None:
    """Commands and models; Enter takes what was chosen, and the next one sends."""
    chat = Chat(person, *ECHO)
    chat.see_end(">")
    chat.type("/mo")
    chat.see("/model  say or choose the model")
    chat.type(TAB)
    chat.see("> /model\n")
    chat.type(ENTER)
    chat.type(" gpt-5")
    chat.see("openai/gpt-5-mini  ")
    chat.type(TAB)
    chat.see("> /model openai/gpt-5-mini")
    chat.type(ENTER + ENTER)
    chat.see("\nmodel: openai/gpt-5-mini\n")
    assert chat.leave() == 0


def test_a_model_cannot_speak_to_the_terminal(person: Person) -> None:
    """Attack case 27: escape sequences, titles, the clipboard, carriage returns and C1 controls are shown."""
    person.variables["NO_COLOR"] = "1"
    say(person, "Look: \x1b[2J", "\x1b]0;owned\x07", "\x1b]52;c;eA==\x07", "\x9b31m", "over\rwritten", "\u202eevil ")
    chat = Chat(person, *ECHO)
    chat.see_end(">")
    before = len(chat.terminal.screen)
    chat.say("Hi")
    chat.see("evil")
    reply = chat.terminal.screen[before:].partition("Look: ")[2].partition("evil")[0]
    assert reply == "\ufffd[2J\ufffd]0;owned\ufffd\ufffd]52;c;eA==\ufffd\ufffd31mover\ufffdwritten\ufffd"
    chat.see("▸")
    assert chat.leave() == 0


def test_a_narrow_window_and_one_that_changes(person: Person) -> None:
    """Words wrap at the width of the moment; nothing that was shown is lost."""
    chat = Chat(person, "-m", "sandbox/stall", columns=40)
    text = chat.see_end(">")
    assert "sandbox/stall · /help lists commands ·\nCtrl-D leaves" in text
    chat.say("Hi")
    chat.see("This reply begins well, but it will")
    chat.interrupt()
    chat.see_end(">")
    chat.resize(20)
    chat.say("/system")
    chat.see("There are no\ninstructions.")
    chat.say("Hi")
    chat.see("This reply begins\nwell, but it will")
    chat.interrupt()
    chat.see("▸", times=2)
    assert chat.leave() == 0


@pytest.mark.parametrize("variables", [{"NO_COLOR": "1"}, {"TERM": "dumb"}])
def test_plain_terminals(person: Person, variables: dict[str, str]) -> None:
    """No colours; marks stay as they were written. A dumb one is told of the settled cost on a line of its own."""
    person.variables |= variables
    chat = Chat(person, *ECHO)
    chat.see_end(">")
    chat.say("**Hi**")
    chat.see("\n**Hi**\n")
    chat.see("▸")
    if "TERM" in variables:
        until(lambda: person.open_database().execute("SELECT 1 FROM settlements WHERE state = 'settled'").fetchall())
        chat.say("/cost")
        chat.see("settled ...")
        chat.see("settled, reply ")
        assert "\x1b" not in chat.terminal.screen
    assert chat.leave() == 0
    assert not {"\x1b[1m", "\x1b[2m"} & set(chat.terminal.screen.split("▸"))


def test_errors_say_what_to_do(person: Person) -> None:
    """In the words of the chat; the next attempt is a command."""
    chat = Chat(person, "-m", "openai/gpt5-mini")
    chat.see_end(">")
    chat.say("Hi")
    chat.see(": /retry model=openai/gpt-5-mini\n")
    chat.say("/retry model=sandbox/echo")
    chat.see("\nHi\n\n▸")
    chat.say("More")
    chat.see("\nMore\n\n▸")
    assert person.upstream.ledger.requests[-1].body["model"] == "sandbox/echo"
    chat.say("/model sandbox/error-credits")
    chat.see("model: sandbox/error-credits")
    chat.say("Hi")
    chat.see("https://openrouter.ai/settings/credits")
    assert chat.leave() == 0


def test_it_goes_on_where_it_was(person: Person) -> None:
    """With its last turn and its last chit to be seen; a file of the beginning goes along with the next question."""
    path = person.home.parent / "notes.md"
    path.write_text("words")
    person.call("ask", *ECHO, "-s", "Be brief.", "# One")
    chat = Chat(person, "--continue", "-f", str(path), "-p", "seed=1", "--reasoning", "low")
    text = chat.see_end(">")
    assert "you\n# One\n\nmodel\nOne\n\n▸ $" in text
    assert "+ notes.md · text · 5 bytes\n>" in text
    chat.say("Two")
    chat.see("\nTwo\n\n▸")
    body = person.upstream.ledger.requests[-1].body
    assert [each["role"] for each in body["messages"]] == ["system", "user", "assistant", "user"]
    assert (body["seed"], body["model"], len(body["messages"][-1]["content"])) == (1, "sandbox/echo", 2)
    assert chat.leave() == 0
    shown = person.call("show", person.upstream.ledger.generations[0].id, "--json").record
    with person.open_database() as database:
        (row,) = database.execute("SELECT parameters FROM conversations WHERE id = ?", (shown["conversation_id"],))
    assert json.loads(str(row[0])) == {"seed": 1, "reasoning": {"effort": "low"}}


def test_a_new_one_begins_with_parameters(person: Person) -> None:
    """And instructions; what a conversation cannot keep is refused before anything is typed."""
    chat = Chat(person, *ECHO, "-p", "seed=1", "-s", "Be brief.")
    chat.see_end(">")
    chat.say("Hi")
    chat.see("\nHi\n\n▸")
    assert person.upstream.ledger.requests[-1].body["seed"] == 1
    assert said(person) == ["Be brief.", "Hi"]
    assert chat.leave() == 0
    chat = Chat(person, "-p", "model=a/b")
    assert chat.close() == 2
    assert "the model has a command of its own" in chat.text


def test_a_private_one_leaves_no_words(person: Person) -> None:
    """Not even what was typed."""
    chat = Chat(person, "--private", *ECHO)
    chat.see("private: nothing of this is kept but what it costs\n\n>")
    chat.say("Sesame street")
    chat.see("\nSesame street\n\n▸")
    chat.say("/save")
    chat.see("this conversation is private, so it is not written down")
    assert chat.leave() == 0
    assert not [each for each in person.home.rglob("*") if each.is_file() and b"Sesame" in each.read_bytes()]


def test_a_locked_vault_asks(keeper: Person) -> None:
    """Before the first prompt."""
    chat = Chat(keeper, *ECHO)
    chat.see_end("Passphrase of the vault:")
    chat.say(PASSPHRASE)
    chat.see_end(">")
    chat.say("Hi")
    chat.see("\nHi\n\n▸")
    assert chat.leave() == 0
    assert PASSPHRASE not in chat.text


def test_it_needs_a_terminal(person: Person) -> None:
    """One line, with the command that does not."""
    outcome = person.call("chat")
    assert (outcome.code, outcome.out) == (2, "")
    assert outcome.err == "chit: chit chat needs a terminal to type at. In pipes and scripts, use `chit ask`.\n"
    outcome = person.call("chat", "--continue", "--private")
    assert outcome.code == 2
    assert "--private is for a new conversation" in outcome.err


def test_a_window_that_is_closed_ends_it(person: Person) -> None:
    """In the middle of a reply, too: what came is kept."""
    chat = Chat(person, "-m", "sandbox/stall")
    chat.see_end(">")
    chat.say("Hi")
    chat.see(BEGUN)
    hang_up(chat)
    chat.terminal.process.wait(PATIENCE)
    until(lambda: person.upstream.ledger.generations[0].state == "cancelled")
    shown = person.call("show", person.upstream.ledger.generations[0].id, "--json").record
    assert shown["state"] == "stopped"


class Desk:
    """A terminal for a chat in this very process; what is typed there has been typed before."""

    def __init__(self, keys: str) -> None:
        self._master, slave = os.openpty()
        tty.setraw(slave)  # or Ctrl-D would be lost before it is read
        os.write(self._master, keys.encode())
        self.stdin, self.stdout = os.fdopen(slave), os.fdopen(os.dup(slave), "w")
        self._seen = b""
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def leave(self) -> str:
        """All that was written."""
        self.stdin.close()
        self.stdout.close()
        self._reader.join(PATIENCE)
        os.close(self._master)
        return self._seen.decode("utf-8", "replace")

    def _read(self) -> None:
        with suppress(OSError):
            while data := os.read(self._master, 4096):
                self._seen += data


def sit(person: Person, keys: str, monkeypatch: pytest.MonkeyPatch, *arguments: str) -> tuple[int, str]:
    """The exit code, and what was to be seen."""
    desk = Desk(keys)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("CHIT_HOME", str(person.home))
    monkeypatch.setenv("CHIT_BASE_URL", person.upstream.base_url)
    monkeypatch.setenv("OPENROUTER_API_KEY", KEY)
    for module, name in ((sys, "excepthook"), (sys, "unraisablehook"), (threading, "excepthook")):
        monkeypatch.setattr(module, name, getattr(module, name))
    monkeypatch.setattr(logging, "_logRecordFactory", logging.getLogRecordFactory())
    monkeypatch.setattr(sys, "stdin", desk.stdin)
    for name in ("stdout", "stderr"):
        monkeypatch.setattr(sys, name, desk.stdout)
    with pytest.raises(SystemExit) as ended:
        main(["chat", *ECHO, *arguments])
    return int(str(ended.value.code)), desk.leave()


def test_ctrl_c_ends_the_question_about_the_balance(person: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits for it who does not want to; the chat goes on."""

    async def ask_for_ever(*_: Any) -> None:
        os.kill(os.getpid(), signal.SIGINT)
        await asyncio.Event().wait()

    monkeypatch.setattr("chit.cli.chatting.tell_low_balance", ask_for_ever)
    code, seen = sit(person, "One\rTwo\r\x04", monkeypatch)
    assert code == 0
    assert seen.count("▸") >= 2
    assert len(person.upstream.ledger.requests) == 2


def test_a_signal_between_two_things_is_nothing(person: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    """What takes no time cannot be stopped."""
    whole = ChatVerbs.obey

    async def obey(*given: Any) -> str:
        os.kill(os.getpid(), signal.SIGINT)
        await asyncio.sleep(0.01)
        return await whole(*given)

    monkeypatch.setattr(ChatVerbs, "obey", obey)
    code, seen = sit(person, "/stop\r\x04", monkeypatch)
    assert code == 0
    assert "No reply is coming in." in seen


def test_a_question_that_could_not_be_sent_is_not_lost(person: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    """It stands there again: Enter is enough."""

    async def fail(*_: Any) -> None:
        raise VaultLocked("the vault is locked", hint="Open it.")

    monkeypatch.setattr("chit.cli.chatting.find_key", fail)
    code, seen = sit(person, "One\r\r\x03\x03", monkeypatch)
    assert code == 130
    assert seen.count("chit: the vault is locked. Open it.") == 2
    assert not person.upstream.ledger.requests
