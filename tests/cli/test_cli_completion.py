"""Shell completion: what is offered where, without network and without a trace, and a real bash that takes it."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from tests.cli.person import Person
from tests.cli.test_cli_doc import COMMANDS

from chit.cli.completion import VARIABLE
from chit.cli.suggestions import OFFERS, find_offer
from chit.core.kept_catalogue import SETTING, write_catalogue
from chit.core.params import PARAMETERS
from chit.store.home import Home
from chit.store.ids import short_id
from chit.store.recent import look_at

FREE = {
    *("TEXT", "N", "VALUE", "SECONDS", "SHARE", "NAME", "NAME[,…", ""),
    *("QUERY", "CURSOR", "TITLE", "WHEN", "USD", "DAY", "KEY", "AMOUNT/PERIOD"),
}
"""What nobody can complete."""


def complete(person: Person, line: str, shell: str = "bash") -> list[str]:
    """What is offered at the end of a line: the lines that the shell reads, without the kind of each."""
    word = "" if line.endswith(" ") else line.split(" ")[-1]
    given = {"COMP_WORDS": line, "COMP_CWORD": str(len(line.split()) - bool(word))}
    if shell == "fish":
        given["COMP_CWORD"] = word
    before = dict(person.variables)
    person.variables |= {**given, VARIABLE: f"{shell}_complete"}
    try:
        outcome = person.call()
    finally:
        person.variables.clear()
        person.variables |= before
    assert (outcome.code, outcome.err) == (0, "")
    return outcome.out.splitlines()


def keep_models(person: Person, *ids: str) -> None:
    """As if the catalogue had been fetched."""
    person.call("ask", "Hi")
    models = [{"id": id, "name": f"The model {id}"} for id in ids]
    kept = write_catalogue([*models, {"id": 3}], base_url=person.upstream.base_url, fetched_at=1.0)
    with person.open_database() as database:
        database.execute("INSERT OR REPLACE INTO settings (name, value) VALUES (?, ?)", (SETTING, kept))


def test_commands_and_options(person: Person) -> None:
    """In the order of the help, below groups too, and what an option has to choose from."""
    assert complete(person, "chit ")[:3] == ["plain,ask", "plain,chat", "plain,regenerate"]
    assert complete(person, "chit key st") == ["plain,status"]
    assert complete(person, "chit ask --mo") == ["plain,--model"]
    assert complete(person, "chit login --store ") == ["plain,keychain", "plain,file"]
    assert complete(person, "chit chat --reasoning mi") == ["plain,minimal"]
    assert complete(person, "chit completion ") == ["plain,bash", "plain,zsh", "plain,fish"]
    assert complete(person, "") == complete(person, "chit ")
    assert not person.home.exists()


def test_models(person: Person) -> None:
    """Those of the kept catalogue, of this base URL, that begin so; the network is not asked."""
    keep_models(person, "openai/gpt-5-mini", "openai/gpt-5-mini:free", "anthropic/claude")
    asked = len(person.upstream.ledger.requests)
    assert complete(person, "chit ask -m openai/") == ["plain,openai/gpt-5-mini", "plain,openai/gpt-5-mini:free"]
    assert complete(person, "chit models anth") == ["plain,anthropic/claude"]
    assert complete(person, "chit token create x --model anth") == ["plain,anthropic/claude"]
    assert complete(person, "chit regenerate --model anth") == ["plain,anthropic/claude"]
    assert complete(person, "chit ask -m a", "zsh") == ["plain", "anthropic/claude", "The model anthropic/claude"]
    assert complete(person, "chit ask -m a", "fish") == ["plain,anthropic/claude\tThe model anthropic/claude"]
    person.variables["CHIT_BASE_URL"] = "http://127.0.0.1:1/api/v1"
    assert complete(person, "chit ask -m openai/") == []
    assert len(person.upstream.ledger.requests) == asked


def test_ids(person: Person) -> None:
    """Conversations with their titles, questions and replies with their words; nothing that is deleted."""
    asked = person.call("ask", "-m", "sandbox/echo", "What is\na chit?", "--json").record
    conversation, reply = short_id(asked["conversation_id"]), short_id(asked["id"])
    lines = complete(person, "chit show ", "zsh")
    shown = dict(zip(lines[1::3], lines[2::3], strict=True))
    assert shown[conversation] == "What is"
    assert shown[reply] == "model: What is a chit?"
    assert sorted(shown.values()) == ["What is", "model: What is a chit?", "you: What is a chit?"]
    assert complete(person, "chit delete ") == [f"plain,{conversation}"]
    assert complete(person, f"chit continue {reply[:4]}") == [f"plain,{reply}"]
    with person.open_database() as database:
        database.execute("UPDATE conversations SET deleted_at = 1")
    assert complete(person, "chit show ") == []


def test_what_stands_in_a_title_is_not_obeyed(person: Person) -> None:
    """Titles and texts may come from anywhere: one line, no control characters, not long."""
    person.call("ask", "-m", "sandbox/echo", f"\x1b]0;owned\x07 {'x' * 100}")
    lines = complete(person, "chit show ", "zsh")
    assert all("\x1b" not in line and "\x07" not in line for line in lines)
    assert all(len(line) <= 60 for line in lines)
    assert lines[2].endswith("…")


def test_pending_costs(person: Person) -> None:
    """Of `chit settle`, only the ids that still can be settled."""
    record = person.call("ask", "Hi", "--json").record
    generation_id = record["chit"]["generation_id"]
    assert complete(person, "chit settle gen-") == [f"plain,{generation_id}"]
    person.call("settle")
    assert complete(person, "chit settle gen-") == []


def test_parameters_preferences_and_files(person: Person) -> None:
    """Names that are known; files are left to the shell."""
    assert complete(person, "chit ask -p temp") == ["plain,temperature="]
    assert len(complete(person, "chit ask -p ")) == len(PARAMETERS)
    assert complete(person, "chit prefs set low") == ["plain,low_balance"]
    assert complete(person, "chit ask --request bo") == ["file,bo"]
    assert complete(person, "chit restore ") == ["file,"]
    assert complete(person, "chit ask 'two words' -p temp") == ["plain,temperature="]


@pytest.mark.parametrize("content", [None, b"", b"no database"])
def test_without_a_history_nothing_is_offered(person: Person, content: bytes | None) -> None:
    """Nothing is told, and nothing is made or changed."""
    if content is not None:
        person.home.mkdir()
        (person.home / "chit.db").write_bytes(content)
    assert complete(person, "chit ask -m ") == []
    assert complete(person, "chit show ") == []
    assert person.home.exists() == (content is not None)


def test_a_history_of_another_version(person: Person) -> None:
    """It is not migrated for a suggestion."""
    person.call("ask", "Hi")
    with person.open_database() as database:
        database.pragma("user_version", 1)
    assert complete(person, "chit show ") == []
    with person.open_database() as database:
        assert database.pragma("user_version") == 1


def test_a_damaged_history(person: Person) -> None:
    """What cannot be read is an error of the look, and silence in the shell."""
    person.call("ask", "Hi")
    with person.open_database() as database:
        database.execute("ALTER TABLE messages RENAME COLUMN parts TO pieces")
    assert complete(person, "chit show ") == []


def test_broken_preferences(person: Person) -> None:
    """They are told when a command runs, not when a key is pressed."""
    person.call("ask", "Hi")
    (person.home / "prefs.toml").write_text("model = [")
    assert complete(person, "chit ask -m ") == []


def test_an_instruction_that_nobody_knows(person: Person) -> None:
    """It is a usage error without words."""
    for instruction in ("tcsh_complete", "bash_dance"):
        person.variables[VARIABLE] = instruction
        assert person.call().code == 2


def test_every_value_is_offered_something_or_nothing_on_purpose() -> None:
    """A new metavar has to be decided upon: in `OFFERS`, or free."""
    for path, command in COMMANDS.items():
        for parameter in command.params:
            metavar = (parameter.metavar or "").strip("[].")
            assert metavar in OFFERS or metavar in FREE or find_offer(parameter), f"{path} {parameter.name} {metavar}"


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_scripts(person: Person, shell: str) -> None:
    """Each asks `chit` in its way, and registers for it."""
    outcome = person.call("completion", shell)
    assert outcome.code == 0
    assert f"{VARIABLE}={shell}_complete" in outcome.out
    assert "_chit_completion" in outcome.out


BASH = """
eval "$("$CHIT" -m chit completion bash)"
chit() { "$CHIT" -m chit "$@"; }
compopt() { echo "compopt $*"; }
COMP_WORDBREAKS=$' \\t\\n"><=;|&(:'
for line in "$@"; do
    COMP_LINE=$line COMP_POINT=${#line}
    _chit_completion chit
    printf '%s\\n' "${COMPREPLY[@]}" end
done
"""


def test_a_real_bash(person: Person) -> None:
    """Words with colons and equals signs are completed as bash cuts them, and nothing is expanded on the way."""
    keep_models(person, "a/b:free", "a/b:floor", "a/*")
    bash = shutil.which("bash")
    assert bash is not None
    lines = ["chit ask -m a/b:f", "chit ask -m a/", "chit ask -p temp", "chit restore x", "chit ask -p x=a/b:"]
    shown = subprocess.run(
        [bash, "--norc", "-c", BASH, "bash", *lines],
        env={**person.environment, "CHIT": sys.executable},
        cwd=Path(__file__).parent,
        capture_output=True,
        text=True,
        check=True,
    )
    assert shown.stderr == ""
    assert [each.split() for each in shown.stdout.split("end\n")] == [
        ["free", "floor"],
        ["a/b:free", "a/b:floor", "a/*"],
        ["compopt", "-o", "nospace", "temperature="],
        ["compopt", "-o", "default"],
        [],
        [],
    ]


def test_a_look_changes_nothing(person: Person) -> None:
    """The folder is the same, file by file, before and after."""
    person.call("ask", "Hi")
    before = {path: path.read_bytes() for path in person.home.rglob("*") if path.is_file()}
    with look_at(Home(person.home).folder) as recent:
        assert recent.find_setting(SETTING) is None
        assert len(recent.list_messages()) == 2
    assert {path: path.read_bytes() for path in person.home.rglob("*") if path.is_file()} == before
