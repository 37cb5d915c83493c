"""What goes along with a question, and what comes of it: `chit ask` as a whole."""

import io
import json
import os
from pathlib import Path
from typing import Any

import pytest
from tests.cli.person import Person, Screen, encode_stream

from chit.core.kept_catalogue import SETTING
from chit.sandbox.reply import Reply

ECHO = ("-m", "sandbox/echo")
PNG = b"\x89PNG\r\n\x1a\n"
SCHEMA = {"type": "object", "properties": {"a": {"type": "number"}}, "required": ["a"], "additionalProperties": False}


def sent(person: Person) -> Any:
    """The content of the last message of the last request."""
    return person.upstream.ledger.requests[-1].body["messages"][-1]["content"]


@pytest.fixture
def files(tmp_path: Path) -> Path:
    """A folder with one of each kind."""
    (tmp_path / "a.png").write_bytes(PNG)
    (tmp_path / "b.pdf").write_bytes(b"%PDF-1.7")
    (tmp_path / "c.wav").write_bytes(b"RIFF0000WAVE")
    (tmp_path / "d.md").write_text("# Notes")
    return tmp_path


def test_files_go_along(person: Person, files: Path) -> None:
    """The words, then text, then the rest in order."""
    names = [word for each in "abcd" for word in ("-f", str(next(files.glob(f"{each}.*"))))]
    assert person.call("ask", *ECHO, *names, "What?").code == 0
    words, text, *rest = sent(person)
    assert words == {"type": "text", "text": "What?"}
    assert text["text"] == '<file name="d.md">\n# Notes\n</file>'
    assert [each["type"] for each in rest] == ["image_url", "file", "input_audio"]


def test_files_may_go_alone(person: Person, files: Path) -> None:
    """At a terminal nothing is waited for."""
    outcome = person.call("ask", *ECHO, "-f", str(files / "a.png"), stdin=Screen(io.BytesIO()))
    assert outcome.code == 0
    assert [each["type"] for each in sent(person)] == ["image_url"]
    assert person.call("ask", *ECHO, "-f", str(files / "a.png"), typed=b"").code == 0


def test_a_file_that_is_not_taken_costs_nothing(person: Person, files: Path) -> None:
    """It is told with its path, as a usage error."""
    (files / "x").write_bytes(b"\xff\xfe")
    outcome = person.call("ask", *ECHO, "-f", str(files / "x"), "Hi")
    assert (outcome.code, outcome.out) == (2, "")
    assert outcome.err.startswith(f"chit: {files / 'x'}: models do not read files of this kind. Pictures")
    assert not person.upstream.ledger.requests


def test_what_is_piped_in_goes_along(person: Person) -> None:
    """Beside the words: text under a name, a picture as a picture; blanks are nothing."""
    assert person.call("ask", *ECHO, "Review.", typed=b"+1\n").code == 0
    assert [each["text"] for each in sent(person)] == ["Review.", '<file name="stdin">\n+1\n</file>']
    assert person.call("ask", *ECHO, "What?", typed=PNG).code == 0
    assert [each["type"] for each in sent(person)] == ["text", "image_url"]
    assert person.call("ask", *ECHO, "Hi", typed=b" \n").code == 0
    assert sent(person) == "Hi"


@pytest.mark.parametrize(("prelude", "brings"), [("exec </dev/null;", False), ("exec <$FILE;", True)])
def test_only_pipes_and_files_are_read(person: Person, files: Path, prelude: str, brings: bool) -> None:
    """A device has nothing to say."""
    outcome = person.run("ask", *ECHO, "Hi", prelude=prelude.replace("$FILE", str(files / "d.md")))
    assert outcome.code == 0
    assert (len(sent(person)) == 2 and "# Notes" in str(sent(person))) is brings


def test_what_a_model_does_not_take_is_told(person: Person, files: Path) -> None:
    """As far as it is known, and unless nothing is to be told; it is sent all the same."""
    model = {"id": "sandbox/echo", "architecture": {"input_modalities": ["text"]}}
    record = {"base_url": person.upstream.base_url, "fetched_at": 1.0, "models": [model]}
    person.call("ask", *ECHO, "Hi")
    with person.open_database() as database:
        database.execute("INSERT INTO settings (name, value) VALUES (?, ?)", (SETTING, json.dumps(record)))
    arguments = ("ask", *ECHO, "-f", str(files / "a.png"), "-f", str(files / "d.md"), "What?")
    outcome = person.call(*arguments)
    assert outcome.code == 0
    assert outcome.err.startswith("chit: a.png: sandbox/echo takes no pictures: it will refuse this.")
    assert "chit" not in person.call(*arguments, "--quiet").err


def test_parameters_of_options(person: Person) -> None:
    """What `-p` says wins."""
    options = ("--reasoning", "low", "--provider", "sandbox", "--not-provider", "x", "--sort", "price", "--web")
    outcome = person.call("ask", *ECHO, *options, "-p", "provider.sort=latency", "Hi")
    assert outcome.code == 0
    body = person.upstream.ledger.requests[-1].body
    assert body["reasoning"] == {"effort": "low"}
    assert body["provider"] == {"only": ["sandbox"], "ignore": ["x"], "sort": "latency"}
    assert body["tools"] == [{"type": "openrouter:web_search"}]


@pytest.mark.parametrize(
    "arguments",
    [
        ("-f", "x"),
        ("--continue",),
        ("--conversation", "x"),
        ("--private",),
        ("--schema", "x"),
        ("--reasoning", "low"),
        ("--provider", "x"),
        ("--not-provider", "x"),
        ("--sort", "price"),
        ("--web",),
    ],
)
def test_nothing_can_change_a_whole_request(person: Person, arguments: tuple[str, ...]) -> None:
    """Every option that could not is refused."""
    outcome = person.call("ask", "--request", "-", *arguments, typed=b"{}")
    assert outcome.code == 2
    assert "cannot change it" in outcome.err


@pytest.fixture
def schema(tmp_path: Path) -> str:
    """The path of one."""
    path = tmp_path / "number.json"
    path.write_text(json.dumps(SCHEMA))
    return str(path)


def say(person: Person, text: str) -> None:
    """The next reply."""
    person.upstream.queue(
        Reply(content_type="text/event-stream", headers={"X-Generation-Id": "gen-1"}, body=encode_stream(text))
    )


def test_a_reply_by_a_schema(person: Person, schema: str) -> None:
    """Asked for, and checked; without a fence around it."""
    outcome = person.call("ask", "-m", "sandbox/structured", "--schema", schema, "Hi")
    assert outcome.code == 0
    assert isinstance(outcome.record["a"], int | float)
    wanted = person.upstream.ledger.requests[-1].body["response_format"]
    assert wanted == {"type": "json_schema", "json_schema": {"name": "number", "strict": True, "schema": SCHEMA}}
    say(person, '```json\n{"a": 1.50}\n```')
    assert person.call("ask", "--schema", schema, "Hi").out == '{"a": 1.50}\n'


@pytest.mark.parametrize(
    ("text", "words"),
    [('{"a": "x"}', "does not match the schema: $.a is of type string, not number."), ("Sure!", "this is not JSON")],
)
def test_a_reply_that_does_not_match(person: Person, schema: str, text: str, words: str) -> None:
    """It is printed as it came, told, and ends with a code of its own; in the object it is an error."""
    say(person, text)
    outcome = person.call("ask", "--schema", schema, "Hi")
    assert (outcome.code, outcome.out) == (7, f"{text}\n")
    assert words in outcome.err
    say(person, text)
    outcome = person.call("ask", "--schema", schema, "--json", "Hi")
    assert outcome.code == 7
    assert (outcome.record["text"], outcome.record["error"]["kind"]) == (text, "schema_mismatch")


def test_a_schema_that_cannot_be_checked_here(person: Person, tmp_path: Path) -> None:
    """What is left unchecked is told."""
    (tmp_path / "s.json").write_text('{"pattern": "x"}')
    say(person, '"y"')
    outcome = person.call("ask", "--schema", str(tmp_path / "s.json"), "Hi")
    assert (outcome.code, outcome.out) == (0, '"y"\n')
    assert outcome.err.startswith("chit: Not checked here: pattern.\n")


def test_a_reply_that_failed_is_not_judged(person: Person, schema: str) -> None:
    """Its own error tells more."""
    outcome = person.call("ask", "-m", "sandbox/cut", "--schema", schema, "Hi")
    assert outcome.code == 6
    assert "schema" not in outcome.err


def test_json_is_laid_out_for_a_person(person: Person, schema: str) -> None:
    """And cannot speak to the terminal."""
    say(person, '{"a": 1}')
    terminal = person.sit_down("ask", "--schema", schema, "Hi")
    terminal.read_until("pending")
    terminal.type("\x03")
    assert terminal.close() == 0
    assert terminal.screen.startswith('{\n  "a": 1\n}\n')
    say(person, "\x1b[2J")
    terminal = person.sit_down("ask", "--schema", schema, "Hi")
    terminal.read_until("\ufffd[2J")
    terminal.read_until("pending")
    terminal.type("\x03")
    terminal.close()


def test_an_answer_goes_into_a_file(person: Person, tmp_path: Path) -> None:
    """As it is, even where a person watches the errors; the chit stays where it was."""
    path = tmp_path / "a.md"
    outcome = person.call("ask", *ECHO, "**Hi**", "-o", str(path))
    assert (outcome.code, outcome.out, path.read_text()) == (0, "", "**Hi**\n")
    assert outcome.err.startswith("▸ $")
    outcome = person.call("ask", *ECHO, "More", "-o", str(path))
    assert outcome.code == 2
    assert "is there already" in outcome.err
    assert len(person.upstream.ledger.requests) == 1
    assert person.call("ask", *ECHO, "More", "-o", str(path), "--force").code == 0
    assert path.read_text() == "More\n"
    assert person.call("ask", *ECHO, "Hi", "-o", "-").out == "Hi\n"
    assert person.call("ask", *ECHO, "Hi", "--json", "-o", str(path), "--force").out == ""
    assert json.loads(path.read_text())["text"] == "Hi"


def test_half_an_answer_is_no_file(person: Person, tmp_path: Path) -> None:
    """What came is told where to find it; a file that was there stays."""
    path = tmp_path / "a.md"
    outcome = person.call("ask", "-m", "sandbox/cut", "Hi", "-o", str(path))
    assert outcome.code == 6
    assert f"chit: {path} was not written, since this is not what was asked for; what came: chit show" in outcome.err
    assert person.call("ask", "-m", "sandbox/error-credits", "Hi", "-o", str(path)).code == 5
    assert os.listdir(tmp_path) == ["home"]
    person.variables["OPENROUTER_API_KEY"] = ""
    assert person.call("ask", "Hi", "-o", str(path)).code == 3
    assert not path.exists()


@pytest.mark.parametrize(("model", "name", "begins"), [("image", "a.png", PNG), ("audio", "a.wav", b"")])
def test_a_picture_or_sound_goes_into_a_file(
    person: Person, tmp_path: Path, model: str, name: str, begins: bytes
) -> None:
    """By the ending of its name; the words are printed."""
    outcome = person.call("ask", "-m", f"sandbox/{model}", "Draw.", "-o", str(tmp_path / name))
    assert outcome.code == 0
    assert (tmp_path / name).read_bytes().startswith(begins)
    assert (tmp_path / name).stat().st_size > 100
    assert f" is in {tmp_path / name}\n" in outcome.err
    if model == "image":
        assert outcome.out == "Here is your picture.\n"


def test_where_no_picture_came(person: Person, tmp_path: Path) -> None:
    """The words are printed, the file is not there, and the code says so."""
    outcome = person.call("ask", *ECHO, "Draw.", "-o", str(tmp_path / "a.png"))
    assert (outcome.code, outcome.out) == (6, "Draw.\n")
    assert "the reply holds nothing that" in outcome.err
    assert not (tmp_path / "a.png").exists()


def test_quiet(person: Person) -> None:
    """Nothing but the answer; errors are told."""
    person.upstream.queue(Reply(status=429, headers={"Retry-After": "0"}, body=b'{"error": {"code": 429}}'))
    outcome = person.call("ask", *ECHO, "-q", "-p", "xyzzy=1", "Hi", watched=True)
    assert (outcome.code, outcome.out, outcome.err) == (0, "Hi\n", "")
    outcome = person.call("ask", "-m", "sandbox/reasoning", "-q", "Hi", watched=True)
    assert (outcome.code, outcome.err) == (0, "")
    outcome = person.call("ask", "-m", "sandbox/image", "-q", "Hi")
    assert (outcome.code, outcome.err) == (0, "")
    outcome = person.call("ask", "-m", "sandbox/error-credits", "-q", "Hi", watched=True)
    assert (outcome.code, outcome.err.count("\n")) == (5, 1)


@pytest.mark.parametrize("arguments", [(), ("--quiet",)])
def test_the_bare_cost(person: Person, arguments: tuple[str, ...]) -> None:
    """Settled, with every digit, alone on the last line."""
    outcome = person.call("ask", *ECHO, "--cost", *arguments, "Hi")
    assert (outcome.code, outcome.out) == (0, "Hi\n")
    shown = person.call("show", person.upstream.ledger.generations[0].id, "--json").record
    assert outcome.err == f"{shown['chit']['settled_cost']}\n"


def test_a_cost_that_nobody_knows(person: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is not zero."""
    monkeypatch.setattr("chit.cli.asking.WAIT_SECONDS", 0.05)
    say(person, "Hi")
    assert person.call("ask", "--cost", "Hi").err == "unknown\n"


def test_markdown_is_laid_out_for_a_person(person: Person) -> None:
    """And is text as it came for everybody else."""
    say(person, "# Title\n\n- **one**\n")
    terminal = person.sit_down("ask", "Hi", "-q")
    assert terminal.close() == 0
    assert terminal.screen == "\x1b[1;4mTitle\x1b[0m\n\n• \x1b[1mone\x1b[0m\n"
    say(person, "# Title\n\n- **one**\n")
    assert person.call("ask", "Hi", "-q").out == "# Title\n\n- **one**\n"


def test_json_without_a_schema_is_no_markdown(person: Person) -> None:
    """A person sees it as it came, neutralised."""
    say(person, '{"a": "**b**\x1b[2J"}')
    terminal = person.sit_down("ask", "Hi", "-q", "-p", 'response_format={"type": "json_object"}')
    assert terminal.close() == 0
    assert terminal.screen == '{"a": "**b**\ufffd[2J"}\n'
