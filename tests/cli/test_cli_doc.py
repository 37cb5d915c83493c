"""docs/cli.md and every help: current, with examples that would run, and JSON that is as documented."""

import importlib.util
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import click
import pytest
from tests.cli.person import Person
from tests.cli.test_cli_activity import bill
from tests.vault.keychains import Remembering

from chit.cli.main import cli
from chit.sandbox.account import MANAGEMENT_KEY

ROOT = Path(__file__).parent.parent.parent
SCRIPT = ROOT / "scripts" / "cli_doc.py"


def load_script() -> ModuleType:
    """scripts/cli_doc.py as a module."""
    spec = importlib.util.spec_from_file_location("cli_doc", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


cli_doc = load_script()
COMMANDS: dict[str, click.Command] = dict(cli_doc.list_commands(cli, "chit"))


def read_examples(command: click.Command) -> list[str]:
    """The lines under “Examples:” in the help of a command."""
    _, _, block = (command.epilog or "").partition("\b\nExamples:\n")
    return [line.strip() for line in block.partition("\n\n")[0].splitlines() if line.strip()]


def list_calls(line: str) -> Iterator[list[str]]:
    """The arguments of every `chit` in a line of a shell, also of one within another."""
    for inner in re.findall(r"\$\((chit [^)]*)\)", line):
        yield shlex.split(inner)[1:]
    plain = re.sub(r'"\$\(chit [^)]*\)"|\d<', "<", line)
    words = shlex.shlex(plain, posix=True, punctuation_chars=True)
    words.whitespace_split = True
    call: list[str] | None = None
    for word in [*words, "|"]:
        if word in ("|", "<", ">", "|&"):
            if call is not None:
                yield call
            call = None
        elif call is not None:
            call.append(word)
        elif word == "chit":
            call = []


def test_the_document_is_current() -> None:
    """What the commands say of themselves is what the document says."""
    subprocess.run([sys.executable, SCRIPT, "--check"], check=True)


@pytest.mark.parametrize("path", COMMANDS)
def test_every_help_has_examples_that_would_run(path: str) -> None:
    """At least one of them is of the command itself, and all are what the command line takes."""
    examples = read_examples(COMMANDS[path])
    calls = [call for line in examples for call in list_calls(line)]
    assert any(" ".join(["chit", *call]).startswith(path) for call in calls), examples
    for call in calls:
        command: click.Command = cli
        context = click.Context(cli, info_name="chit", **cli.context_settings)
        words = list(call)
        while isinstance(command, click.Group) and words:
            command = command.commands[words.pop(0)]
        command.make_context("chit", words, parent=context)


def test_examples_that_would_not_run_are_caught() -> None:
    """Calls are found in pipes, behind redirections and inside other words."""
    assert list(list_calls("git diff | chit ask -s 'a | b' | less")) == [["ask", "-s", "a | b"]]
    assert list(list_calls('eval "$(chit completion bash)"   # a comment')) == [["completion", "bash"]]
    assert list(list_calls("chit key set --label work < key.txt")) == [["key", "set", "--label", "work"]]


def test_short_helps_are_whole(person: Person) -> None:
    """No line of a list of commands is cut."""
    for path, command in COMMANDS.items():
        if isinstance(command, click.Group):
            assert "..." not in re.sub(r"^Usage: .*$", "", person.call(*path.split(" ")[1:], "--help").out, flags=re.M)


def test_every_command_is_in_a_section(person: Person) -> None:
    """None is added past the headings; each heading stands in the help, and each section in the document."""
    assert set(cli.commands) == {name for names in cli.sections.values() for name in names}
    text, document = person.call("--help").out, (ROOT / "docs" / "cli.md").read_text(encoding="utf-8")
    for heading in cli.sections:
        assert f"\n{heading}:\n" in text
        assert f"\n## {heading}\n" in document


def test_every_command_that_prints_json_is_documented() -> None:
    """And no other."""
    with_json = {
        path for path, command in COMMANDS.items() if any("--json" in option.opts for option in command.params)
    }
    assert with_json == set(cli_doc.JSON)


def check_members(record: Any, documented: str) -> None:
    """Those of an object, and of each of its items where the document tells them."""
    names, _, more = documented.partition(";")
    assert set(record) == set(names.split())
    if (told := re.match(r" each of them `(.*?)`", more)) is not None:
        items = record["items"]
        assert items
        assert set(items[0]) == set(told[1].split())


def test_json_is_as_documented(person: Person, remembering: Remembering, tmp_path: Path) -> None:
    """Each command prints exactly the members that the document names."""
    assert person.call("key", "set", "--management", typed=MANAGEMENT_KEY.encode()).code == 0
    assert remembering.kept
    assert person.call("token", "create", "editor").code == 0
    asked = person.call("ask", "Hi", "--json").record
    exported = str(tmp_path / "hi.json")
    assert person.call("export", asked["conversation_id"], "--format", "json", "-o", exported).code == 0
    bill(person, "a/b", "1", days=1)
    calls = {
        "chit ask": ("ask", "Hi"),
        "chit regenerate": ("regenerate",),
        "chit continue": ("continue", "-m", "sandbox/echo"),
        "chit models": ("models", "claude"),
        "chit list": ("list",),
        "chit show": ("show", asked["id"]),
        "chit search": ("search", "Hi"),
        "chit import": ("import", exported),
        "chit settle": ("settle",),
        "chit balance": ("balance",),
        "chit costs": ("costs",),
        "chit activity": ("activity",),
        "chit keys": ("keys",),
        "chit keys create": ("keys", "create", "laptop"),
        "chit keys disable": ("keys", "disable", "laptop"),
        "chit keys enable": ("keys", "enable", "laptop"),
        "chit key status": ("key", "status"),
        "chit key test": ("key", "test"),
        "chit prefs list": ("prefs", "list"),
        "chit prefs get": ("prefs", "get", "model"),
        "chit backup": ("backup",),
        "chit restore": (),
        "chit doctor": ("doctor",),
        "chit token list": ("token", "list"),
    }
    assert calls.keys() == cli_doc.JSON.keys()
    for path, arguments in calls.items():
        if arguments:
            check_members(person.call(*arguments, "--json").record, cli_doc.JSON[path])
    (backup,) = person.call("backup", "--list", "--json").record["backups"]
    restored = person.call("restore", backup["path"], "--json").record
    assert set(restored) == set(cli_doc.JSON["chit restore"].split())
    conversation = person.call("show", asked["conversation_id"], "--json").record
    assert set(conversation) == {"id", "title", "origin", "messages"}
    assert set(asked["chit"]) == set(re.findall(r"\w+", cli_doc.CHIT.partition("has `")[2].partition("`")[0]))
