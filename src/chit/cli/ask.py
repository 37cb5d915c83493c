"""`chit ask`: one question, its answer, its chit."""

import sys
from pathlib import Path

import click

from chit.about import MODELS_PAGE
from chit.cli.options import api_key_file, as_json, passphrase_fd
from chit.cli.parameters import read_parameters
from chit.errors import InputError


@click.command(
    short_help="Ask, and print the answer as it comes.",
    epilog="""\b
Examples:
  chit ask 'Why is the sky blue?'
  git diff | chit ask -s 'Review this.'
  chit ask -m openai/gpt-5-mini -p temperature=0.2 'Name a colour.'
  chit ask --request body.json --json
""",
)
@click.argument("prompt", nargs=-1)
@click.option(
    "-m",
    "--model",
    metavar="ID",
    help=f"Model id from {MODELS_PAGE}; several with commas as fallbacks. Default: as preferred, else your account's.",
)
@click.option("-s", "--system", metavar="TEXT", help="Instructions that stand before the conversation.")
@click.option(
    "-p",
    "--param",
    "assignments",
    multiple=True,
    metavar="NAME=VALUE",
    help="Any request parameter; the value is JSON if it parses, else text. provider.sort=price sets a member.",
)
@click.option(
    "--request",
    "request_file",
    metavar="FILE",
    help="Send this whole OpenAI-shaped request body as it is ('-' is standard input).",
)
@click.option("--no-stream", is_flag=True, help="Ask for the reply in one piece.")
@click.option("--wait", is_flag=True, help="Wait, at most 60 s, until the cost is settled.")
@as_json
@api_key_file
@passphrase_fd
def ask(
    prompt: tuple[str, ...],
    model: str | None,
    system: str | None,
    assignments: tuple[str, ...],
    request_file: str | None,
    no_stream: bool,
    wait: bool,
    as_json: bool,
    api_key_file: Path | None,
    passphrase_fd: int | None,
) -> int:
    """Ask PROMPT (or standard input) and print the answer as it comes."""
    from chit.cli.asking import Question, answer_question
    from chit.core.defaults import model_parameters

    if request_file is not None:
        beside = (
            ("PROMPT", prompt),
            ("--model", model),
            ("--system", system),
            ("-p", assignments),
            ("--no-stream", no_stream),
        )
        _refuse_beside_request([name for name, given in beside if given])
        question = Question(request=_read_request(request_file))
    else:
        question = Question(
            text=_read_prompt(prompt),
            system=system,
            parameters={**model_parameters(model), **read_parameters(assignments)},
            stream=not no_stream,
        )
    return answer_question(question, key_file=api_key_file, passphrase_fd=passphrase_fd, as_json=as_json, wait=wait)


def _refuse_beside_request(given: list[str]) -> None:
    if given:
        raise InputError(
            f"--request sends a body as it is, so {', '.join(given)} cannot change it",
            hint="Put everything into the body, or leave --request out.",
        )


def _read_prompt(words: tuple[str, ...]) -> str:
    if words and words != ("-",):
        text = " ".join(words)
    elif not words and sys.stdin.isatty():
        raise InputError("there is no question", hint="Write it after `chit ask`, or pipe it in.")
    else:
        text = _decode(sys.stdin.buffer.read(), "standard input")
    if not text.strip():
        raise InputError("the question is empty", hint="Write it after `chit ask`, or pipe it in.")
    return text


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
