"""`chit ask`: one question, its answer, its chit."""

import io
import os
import stat
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from chit.cli.ask_options import asking, check_place
from chit.cli.grouped import GroupedCommand
from chit.cli.parameters import read_parameters
from chit.errors import InputError

if TYPE_CHECKING:
    from chit.cli.manner import Manner
    from chit.cli.questions import Question
    from chit.core.attachments import Attachment

_EMPTY_HINT = "Write it after `chit ask`, or pipe it in."


@click.command(
    short_help="Ask, and print the answer as it comes.",
    cls=GroupedCommand,
    epilog="""\b
Examples:
  chit ask 'Why is the sky blue?'
  git diff | chit ask 'Review this.'
  chit ask -f photo.jpg -f notes.pdf 'Do they agree?'
  chit ask --continue 'And at night?'
  chit ask --schema cities.json 'Three cities' | jq .
""",
)
@asking
def ask(
    prompt: tuple[str, ...],
    request_file: str | None,
    api_key_file: Path | None,
    passphrase_fd: int | None,
    **given: Any,
) -> int:
    """Ask PROMPT, or what is piped in, and print the answer as it comes.

    What is piped in beside a PROMPT goes along with it, as the files do.
    """
    from chit.cli.asking import answer_question

    if request_file is None:
        question, schema = _read_question(prompt, given)
    else:
        question, schema = _read_whole(request_file, prompt, given), None
    manner = _read_manner(given, schema)
    return answer_question(question, manner, key_file=api_key_file, passphrase_fd=passphrase_fd)


def _read_question(prompt: tuple[str, ...], given: Mapping[str, Any]) -> "tuple[Question, Any]":
    """And the schema that its reply must fit."""
    from chit.cli.questions import Question

    goes_on = check_place(given)
    schema, parameters = _read_parameters(given)
    text, files = _read_words(prompt, given["files"])
    question = Question(
        text=text,
        files=tuple(files),
        system=given["system"],
        model=given["model"],
        parameters=parameters,
        stream=not given["no_stream"],
        goes_on=goes_on,
        place=given["place"],
        private=given["private"],
        quiet=given["quiet"],
    )
    return question, schema


def _read_parameters(given: Mapping[str, Any]) -> tuple[Any, dict[str, Any]]:
    """The schema, and the parameters of all options; what `-p` says wins."""
    from chit.cli.request_options import read_reasoning, read_routing, read_schema, search_the_web, unite

    schema, response_format = read_schema(given["schema"]) if given["schema"] else (None, {})
    return schema, unite(
        read_reasoning(given["reasoning"]) if given["reasoning"] else {},
        read_routing(given["providers"], given["ignored"], given["sort"]),
        search_the_web() if given["web"] else {},
        response_format,
        read_parameters(given["assignments"], quiet=given["quiet"]),
    )


def _read_manner(given: Mapping[str, Any], schema: Any) -> "Manner":
    from chit.cli.manner import Manner

    return Manner(
        as_json=given["as_json"],
        wait=given["wait"],
        quiet=given["quiet"],
        only_cost=given["only_cost"],
        schema=schema,
        output=given["output"],
        overwrite=given["force"],
    )


def _read_whole(name: str, prompt: tuple[str, ...], given: Mapping[str, Any]) -> "Question":
    """A whole request body, beside which nothing can be said of the question."""
    from chit.cli.questions import Question

    names = {
        "model": "--model",
        "system": "--system",
        "assignments": "-p",
        "no_stream": "--no-stream",
        "files": "--file",
        "goes_on": "--continue",
        "place": "--conversation",
        "private": "--private",
        "schema": "--schema",
        "reasoning": "--reasoning",
        "providers": "--provider",
        "ignored": "--not-provider",
        "sort": "--sort",
        "web": "--web",
    }
    beside = ["PROMPT"] if prompt else []
    beside += [shown for name, shown in names.items() if given[name]]
    if beside:
        raise InputError(
            f"--request sends a body as it is, so {', '.join(beside)} cannot change it",
            hint="Put everything into the body, or leave --request out.",
        )
    return Question(request=_read_request(name), quiet=given["quiet"])


def _read_words(words: tuple[str, ...], names: tuple[str, ...]) -> tuple[str, "list[Attachment]"]:
    """The words of the question and its files, among them what is piped in beside words."""
    from chit.attaching import attach_piped, check_files, read_attachments

    files = read_attachments(names)
    if words and words != ("-",):
        text = " ".join(words)
        if data := _read_piped():
            files.append(attach_piped(data))
            check_files(files)
    elif not words and sys.stdin.isatty():
        if not files:
            raise InputError("there is no question", hint=_EMPTY_HINT)
        text = ""
    else:
        text = _decode(sys.stdin.buffer.read(), "standard input")
    if not text.strip() and not files:
        raise InputError("the question is empty", hint=_EMPTY_HINT)
    return text, files


def _read_piped() -> bytes:
    """What a pipe or a file brings through standard input: a terminal or a device is not waited for."""
    from chit.core.attachment_limits import MOST_FILE

    try:
        mode = os.fstat(sys.stdin.fileno()).st_mode
        brings = stat.S_ISFIFO(mode) or stat.S_ISREG(mode) or stat.S_ISSOCK(mode)
    except (OSError, io.UnsupportedOperation):
        brings = not sys.stdin.isatty()
    data = sys.stdin.buffer.read(MOST_FILE + 1) if brings else b""
    return data if data.strip() else b""


def _read_request(name: str) -> bytes:
    if name == "-":
        return sys.stdin.buffer.read().removeprefix(b"\xef\xbb\xbf")
    try:
        return Path(name).read_bytes().removeprefix(b"\xef\xbb\xbf")
    except OSError as error:
        raise InputError(f"the request file {name} cannot be read: {error.strerror}", hint="Check the path.") from error


def _decode(data: bytes, where: str) -> str:
    try:
        return data.decode().removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        raise InputError(
            f"{where} is not UTF-8 text: {error.reason}", hint="Convert it first, with iconv say."
        ) from error
