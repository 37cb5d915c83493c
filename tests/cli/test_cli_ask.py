"""What `chit ask` takes: prompts, parameters, whole requests. Most cases need no process."""

import io
import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from tests.cli.person import KEY, Person, Screen

from chit.sandbox.reply import Reply

ECHO = ("-m", "sandbox/echo")


def sent(person: Person) -> Any:
    """The body of the last request, parsed."""
    return person.upstream.ledger.requests[-1].body


def refuse(person: Person, *arguments: str, typed: bytes = b"", code: int = 2) -> str:
    """The one line on standard error of a run that came to nothing and asked nobody."""
    outcome = person.call("ask", *arguments, typed=typed)
    assert outcome.code == code
    assert outcome.out == ""
    assert outcome.err.startswith("chit: ")
    assert outcome.err.count("\n") == 1
    assert not person.upstream.ledger.requests
    return outcome.err


def test_words_are_one_prompt(person: Person) -> None:
    """Unquoted words become one question, joined by spaces."""
    outcome = person.call("ask", *ECHO, "Why", "is", "that?")
    assert (outcome.code, outcome.out) == (0, "Why is that?\n")


@pytest.mark.parametrize("arguments", [(), ("-",)])
def test_the_prompt_can_come_from_a_pipe(person: Person, arguments: tuple[str, ...]) -> None:
    """Standard input is the question, without its byte order mark."""
    outcome = person.call("ask", *ECHO, *arguments, typed="\ufeffHé?\n".encode())
    assert (outcome.code, outcome.out) == (0, "Hé?\n")


@pytest.mark.parametrize("arguments", [(" ",), (), ("-",)])
def test_an_empty_prompt_is_refused(person: Person, arguments: tuple[str, ...]) -> None:
    """Nothing is sent for an empty question, typed or piped."""
    assert "the question is empty. Write it" in refuse(person, *arguments, typed=b" \n")


def test_no_prompt_at_a_terminal_does_not_wait(person: Person) -> None:
    """Without a question and without a pipe the person is told at once."""
    outcome = person.call("ask", stdin=Screen(io.BytesIO()))
    assert outcome.code == 2
    assert "there is no question" in outcome.err


def test_a_pipe_that_is_not_utf_8_is_refused(person: Person) -> None:
    """Bytes are never guessed into text."""
    assert "not UTF-8" in refuse(person, typed=b"\xff\xfe")


@pytest.mark.parametrize(
    ("text", "members"),
    [
        (None, {}),
        ("", {}),
        (" , ", {}),
        (" sandbox/echo ", {"model": "sandbox/echo"}),
        ("sandbox/echo, sandbox/long,", {"models": ["sandbox/echo", "sandbox/long"]}),
    ],
)
def test_the_model_may_be_absent_one_or_several(person: Person, text: str | None, members: dict[str, Any]) -> None:
    """No model leaves the choice to the account, one is `model`, several are fallbacks in order."""
    arguments = [] if text is None else ["--model", text]
    assert person.call("ask", "Hi", *arguments).code == 0
    assert {name: value for name, value in sent(person).items() if name in ("model", "models")} == members


def test_a_system_text_stands_first(person: Person) -> None:
    """`--system` is a message before the question."""
    assert person.call("ask", *ECHO, "-s", "Be brief.", "Hi").code == 0
    assert [(each["role"], each["content"]) for each in sent(person)["messages"]] == [
        ("system", "Be brief."),
        ("user", "Hi"),
    ]


def test_parameters_are_json_or_text(person: Person) -> None:
    """A value that parses is JSON, any other is text, and a dotted name sets a member."""
    assignments = ("temperature=0.25", "stop=END", 'logit_bias={"1":2}', "provider.sort=price", "user=a=b")
    outcome = person.call("ask", *ECHO, "Hi", *(word for each in assignments for word in ("-p", each)))
    assert outcome.code == 0
    body = sent(person)
    assert body["temperature"] == 0.25
    assert body["stop"] == "END"
    assert body["logit_bias"] == {"1": 2}
    assert body["provider"] == {"sort": "price"}
    assert body["user"] == "a=b"


@pytest.mark.parametrize(("name", "guess"), [("temprature", " Did you mean temperature?"), ("xyzzy", "")])
def test_an_unknown_parameter_is_sent_with_a_word(person: Person, name: str, guess: str) -> None:
    """Tomorrow's parameters work today; a slip of the finger is noticed."""
    outcome = person.call("ask", *ECHO, "Hi", "-p", f"{name}=1")
    assert outcome.code == 0
    assert f"no parameter '{name}'; it is sent as given.{guess}\n" in outcome.err
    assert sent(person)[name] == 1


@pytest.mark.parametrize("assignment", ["temperature", "=1"])
def test_a_bad_assignment_is_refused(person: Person, assignment: str) -> None:
    """What is not name=value is a usage error with an example."""
    assert "is not name=value. Write -p temperature=0.2" in refuse(person, "Hi", "-p", assignment)


def test_no_stream_asks_for_one_piece(person: Person) -> None:
    """The reply comes whole and is printed whole."""
    outcome = person.call("ask", *ECHO, "--no-stream", "Hi")
    assert (outcome.code, outcome.out) == (0, "Hi\n")
    assert sent(person)["stream"] is False


BODY = b'{ "model":"sandbox/echo",\n  "xyzzy": 1.50, "big": 123456789012345678901234567890, "messages":'
BODY += ' [{"role": "user", "content": "h\\u00e9 é", "odd": null}]'.encode()


@pytest.mark.parametrize("stream", [b"", b', "stream": false', b', "stream": true'])
@pytest.mark.parametrize("piped", [False, True])
def test_a_request_is_sent_byte_for_byte(person: Person, tmp_path: Path, stream: bytes, piped: bool) -> None:
    """Spelling, order, unknown members and its own `stream` are as given."""
    body = BODY + stream + b"}\n"
    (tmp_path / "body.json").write_bytes(body)
    outcome = person.call("ask", "--request", "-" if piped else str(tmp_path / "body.json"), typed=body)
    assert (outcome.code, outcome.out) == (0, "hé é\n")
    assert person.upstream.ledger.requests[-1].raw == body
    assert person.upstream.ledger.generations[-1].streamed is (b"true" in stream)


@pytest.mark.parametrize(
    ("arguments", "name"),
    [
        (("Hi",), "PROMPT"),
        (("-m", "a/b"), "--model"),
        (("-p", "a=1"), "-p"),
        (("-s", "x"), "--system"),
        (("--no-stream",), "--no-stream"),
    ],
)
def test_nothing_can_change_a_request(person: Person, arguments: tuple[str, ...], name: str) -> None:
    """Options that would be ignored are refused by name."""
    assert f"so {name} cannot change it" in refuse(person, "--request", "-", *arguments, typed=BODY + b"}")


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'"x"', b"\xff", b'{"a": "\xff"}', b"{} {}"])
def test_a_request_must_be_a_json_object(person: Person, body: bytes) -> None:
    """Anything else is refused before it is sent, with an example."""
    assert "the request is not a JSON object" in refuse(person, "--request", "-", typed=body)


@pytest.mark.parametrize("name", ["missing.json", "."])
def test_a_request_file_must_be_readable(person: Person, tmp_path: Path, name: str) -> None:
    """A missing file or a folder is told by its path."""
    assert f"the request file {tmp_path / name} cannot be read" in refuse(person, "--request", str(tmp_path / name))


def test_a_key_file_of_ones_own_is_used(person: Person, tmp_path: Path) -> None:
    """Mode 600 is fine, and the file wins over the environment."""
    path = tmp_path / "key"
    path.write_text("sk-or-v1-fromthefile1234\n")
    path.chmod(0o600)
    assert person.call("ask", *ECHO, "Hi", "--api-key-file", str(path)).code == 0
    assert person.upstream.ledger.requests[-1].key_last4 == "1234"


def test_a_key_file_others_can_read_is_refused(person: Person, tmp_path: Path) -> None:
    """Mode 644 is told with the command that mends it."""
    path = tmp_path / "key"
    path.write_text(KEY)
    path.chmod(0o644)
    assert f"chmod 600 {path}" in refuse(person, "Hi", "--api-key-file", str(path), code=3)


def test_a_missing_key_file_does_not_fall_back(person: Person, tmp_path: Path) -> None:
    """The key of the environment is not used where a file was named."""
    assert "cannot be read" in refuse(person, "Hi", "--api-key-file", str(tmp_path / "none"), code=3)


def test_no_key_tells_where_to_get_one(person: Person) -> None:
    """The hint names the page, the variable, and what works without."""
    person.variables["OPENROUTER_API_KEY"] = ""
    told = refuse(person, "Hi", code=3)
    assert "openrouter.ai/settings/keys" in told
    assert "chit demo" in told


@pytest.mark.parametrize("key", ["hunter2-not-a-key", "sk-or-v1-with space", "'sk-or-v1-quoted'"])
def test_a_malformed_key_is_never_echoed(person: Person, key: str) -> None:
    """What is not a key may be someone's password."""
    person.variables["OPENROUTER_API_KEY"] = key
    outcome = person.call("ask", "Hi", "--json")
    assert outcome.code == 3
    assert key not in outcome.err + outcome.out
    assert outcome.record["error"]["kind"] == "key_missing"


def test_words_that_are_not_text_do_no_harm(person: Person) -> None:
    """Bytes the shell passed on as lone surrogates are replaced, wherever they stand."""
    outcome = person.call("ask", *ECHO, "a\udcff", "-s", "\udcfe", "-p", "stop=\udcfd")
    assert (outcome.code, outcome.out) == (0, "a\ufffd\n")


def test_costs_are_exact_to_the_last_digit(person: Person) -> None:
    """Seventeen decimals on the wire are seventeen decimals in the object."""
    usage = b'"usage": {"prompt_tokens": 1, "completion_tokens": 2, "cost": 0.00012345678901234567}'
    body = b'{"id": "gen-1", "choices": [{"message": {"content": "x"}, "finish_reason": "stop"}], ' + usage + b"}"
    person.upstream.queue(Reply(body=body))
    record = person.call("ask", "Hi", "--no-stream", "--json").record
    assert record["chit"]["reported_cost"] == format(Decimal(repr(0.00012345678901234567)), "f")
    assert json.dumps(record["extra"]["OpenRouter"]["completion"]["usage"]["cost"]) == "0.00012345678901234567"
