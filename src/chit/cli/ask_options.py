"""The options of `chit ask` and `chit chat`, in groups."""

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import click

from chit.about import MODELS_PAGE
from chit.cli.grouped import grouped
from chit.cli.options import API_KEY_FILE, AS_JSON, PASSPHRASE_FD, WAIT
from chit.errors import InputError

Command = TypeVar("Command", bound=Callable[..., Any])
_QUESTION, _CONVERSATION, _MODEL, _REPLY = "Question", "Conversation", "Model and providers", "Reply"

question_options = (
    grouped(
        _QUESTION,
        "-f",
        "--file",
        "files",
        multiple=True,
        metavar="FILE",
        help="Send a picture, a PDF, sound or a text along; may be given several times.",
    ),
    grouped(_QUESTION, "-s", "--system", metavar="TEXT", help="Instructions that stand before the question."),
    grouped(
        _QUESTION,
        "--request",
        "request_file",
        metavar="FILE",
        help="Send this whole OpenAI-shaped request body as it is ('-' is standard input).",
    ),
)
conversation_options = (
    grouped(_CONVERSATION, "-c", "--continue", "goes_on", is_flag=True, help="Go on with the last conversation here."),
    grouped(
        _CONVERSATION,
        "--conversation",
        "place",
        metavar="ID",
        help="Go on with this one; with the id of a reply, right after it.",
    ),
    grouped(_CONVERSATION, "--private", is_flag=True, help="Keep nothing of it but what it costs."),
)
model_options = (
    grouped(
        _MODEL,
        "-m",
        "--model",
        metavar="ID",
        help=f"Model id from {MODELS_PAGE}; several with commas as fallbacks. Default: that of the conversation, as "
        "preferred, else your account's.",
    ),
    grouped(
        _MODEL,
        "-p",
        "--param",
        "assignments",
        multiple=True,
        metavar="NAME=VALUE",
        help="Any request parameter; the value is JSON if it parses, else text. provider.zdr=true sets a member.",
    ),
    grouped(
        _MODEL,
        "--reasoning",
        metavar="EFFORT|TOKENS",
        help="How much the model may think: max, xhigh, high, medium, low, minimal, none, or a number of tokens.",
    ),
    grouped(_MODEL, "--web", is_flag=True, help="Let the model search the web; each search is billed on top."),
    grouped(
        _MODEL, "--provider", "providers", metavar="NAME[,…]", help="Only these providers, the first of them first."
    ),
    grouped(_MODEL, "--not-provider", "ignored", metavar="NAME[,…]", help="Never these."),
    grouped(
        _MODEL,
        "--sort",
        type=click.Choice(["price", "throughput", "latency"]),
        help="The provider that is best by this, instead of any.",
    ),
)
reply_options = (
    grouped(
        _REPLY,
        "--schema",
        metavar="FILE",
        help="Ask for JSON by this schema and check it: code 7 where the reply does not match.",
    ),
    grouped(
        _REPLY,
        "-o",
        "--output",
        metavar="FILE",
        help="Write the answer there once it is whole; its picture or sound, if FILE is called like one.",
    ),
    grouped(_REPLY, "--force", is_flag=True, help="Let --output replace a file that is there."),
    grouped(_REPLY, "--json", "as_json", **AS_JSON),
    grouped(_REPLY, "-q", "--quiet", is_flag=True, help="Nothing but the answer and errors: no chit, no remarks."),
    grouped(
        _REPLY,
        "--cost",
        "only_cost",
        is_flag=True,
        help="Instead of the chit, the settled cost in dollars, alone on a line of standard error.",
    ),
    grouped(_REPLY, "--wait", **WAIT),
    grouped(_REPLY, "--no-stream", is_flag=True, help="Ask for the reply in one piece."),
)
key_options = (
    grouped("Key", "--api-key-file", **API_KEY_FILE),
    grouped("Key", "--passphrase-fd", **PASSPHRASE_FD),
)


def check_place(given: Mapping[str, Any]) -> bool:
    """Whether a conversation is gone on with. Raises `InputError` where that one would have to be private now."""
    goes_on = bool(given["goes_on"] or given["place"] is not None)
    if goes_on and given["private"]:
        raise InputError(
            "--private is for a new conversation; one that is there is what it is",
            hint="Leave it out, or leave --continue and --conversation out.",
        )
    return goes_on


def chatting(command: Command) -> Command:
    """Those of `chit chat`."""
    for option in reversed([*question_options[:2], *conversation_options, *model_options[:3], *key_options]):
        command = option(command)
    return command


def asking(command: Command) -> Command:
    """Those of `chit ask`: all."""
    command = click.argument("prompt", nargs=-1)(command)
    groups = (question_options, conversation_options, model_options, reply_options, key_options)
    for option in reversed([each for group in groups for each in group]):
        command = option(command)
    return command
