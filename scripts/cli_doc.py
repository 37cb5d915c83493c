"""Write docs/cli.md from the commands; with --check, only tell whether it is current."""

import inspect
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import click

from chit.cli.chat import chat
from chit.cli.chat_commands import COMMANDS as VERBS
from chit.cli.main import cli

DOCUMENT = Path(__file__).parent.parent / "docs" / "cli.md"
WIDTH = 110

INTRODUCTION = """\
# The command line

<!-- written by scripts/cli_doc.py: `make docs` -->

`chit COMMAND --help` says the same in the terminal. Ids are those of messages, conversations and generations; of our
own, the last eight characters are enough.

## Output

Answers and results go to standard output, everything about them to standard error. Colour comes only where a terminal
is, and not with `NO_COLOR` or `TERM=dumb`. What a model says is never obeyed by the terminal: control characters become
U+FFFD.

| Exit code | Means |
|---|---|
| 0 | done |
| 1 | a bug |
| 2 | usage, input or the database on this machine |
| 3 | no usable key |
| 4 | refused as asked: change something |
| 5 | credits, limits, quotas |
| 6 | upstream, the network, a reply that broke off, a full disk |
| 7 | a reply that does not match its schema |
| 130 | stopped by Ctrl-C |
| 141 | whoever read the output has left |

## JSON

With `--json` a command prints one JSON object on standard output, whatever happens; an error is in its `error`
([errors.md](errors.md)). Members are added, never renamed or taken away. Money is decimal text with every digit,
unknown is null; times are unix seconds unless their name says `_ms`, or text where they are OpenRouter's
own. Lists are in `items`; where there are more of them, `more` is what `--before` takes.

| Command | Members |
|---|---|
"""
FIGURES = (
    "cost charges pending cost_unknown failed reported_cost settled_cost saved_by_caching billed_by_provider "
    "prompt_tokens completion_tokens reasoning_tokens cached_tokens"
)
ACCOUNT_KEY = "hash name label disabled limit limit_remaining usage usage_monthly limit_reset created_at expires_at"
MESSAGE = "id conversation_id source text parts state finish_reason extra chit error"
JSON = {
    "chit ask": MESSAGE,
    "chit regenerate": MESSAGE,
    "chit continue": MESSAGE,
    "chit models": (
        "items; each of them `id name prompt_per_million completion_per_million cached_prompt_per_million context "
        "max_completion can expires`; of one that is named, these and its `endpoints`"
    ),
    "chit list": ("items more; each of them `id title origin created_at last_at cost pending pinned_at archived_at`"),
    "chit show": f"{MESSAGE}; of a conversation `id title origin messages`",
    "chit search": (
        "items titles more is_complete unsearchable; each of them `id conversation_id title source model created_at "
        "cost has_error is_archived excerpt`"
    ),
    "chit import": "total added completed messages here refused problems",
    "chit settle": "settled pending gave_up",
    "chit balance": "state credits key credits_problem key_problem tried_at age_seconds low error",
    "chit costs": f"since until by total items may_have_been_billed; each of them `name {FIGURES}`",
    "chit activity": (
        "by total items; each of them `name usage byok_usage requests prompt_tokens completion_tokens reasoning_tokens`"
    ),
    "chit key status": "usable base_url kept keychain keychain_problem vault_path vault vault_problem agent",
    "chit key test": ("name key kind label limit limit_remaining limit_reset usage_daily expires_at is_free_tier"),
    "chit keys": f"items; each of them `{ACCOUNT_KEY}`",
    "chit keys create": f"{ACCOUNT_KEY} key",
    "chit keys disable": "hash name disabled",
    "chit keys enable": "hash name disabled",
    "chit prefs list": "file preferences warnings",
    "chit prefs get": "name value source",
    "chit backup": (
        "path made_at bytes readable schema conversations replies cost flaws; with --list `backups`, a list of these"
    ),
    "chit restore": "path replaced conversations replies schema",
    "chit doctor": "ok findings",
    "chit token list": (
        "items; each of them `name created_at revoked_at budgets models private spent calls unknown awaited "
        "last_call_at`"
    ),
}
"""Members of the object that each prints; tests/cli/test_cli_doc.py asks the commands."""
CHIT = """\
A `chit` has `generation_id requested_model model provider reported_cost settled_cost settlement prompt_tokens
completion_tokens reasoning_tokens cached_tokens time_to_first_token_ms latency_ms generation_time_ms images
image_tokens`.

## Variables

Every preference has one ([preferences.md](preferences.md)). Beside these, `CHIT_HOME` is the folder of all state, and
`OPENROUTER_API_KEY` hands a key over ([keys.md](keys.md)). `NO_COLOR`, `TERM`, `VISUAL`, `EDITOR`, and the variables of
proxies are honoured.

## Completion

| Shell | |
|---|---|
| bash, 4.4 or later | `eval "$(chit completion bash)"` in `~/.bashrc` |
| zsh | `eval "$(chit completion zsh)"` in `~/.zshrc`, after `compinit` |
| fish | `chit completion fish > ~/.config/fish/completions/chit.fish` |

Commands, options, preferences and parameters are completed, models from the catalogue as it was last fetched, and ids
from what was last in use, with their titles where the shell shows them. Nothing is written and the network is never
asked.
"""


def list_commands(command: click.Command, path: str) -> Iterator[tuple[str, click.Command]]:
    """A command and all below it, each with what is typed for it."""
    yield path, command
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            yield from list_commands(command.commands[name], f"{path} {name}")


def write_command(path: str, command: click.Command) -> Iterator[str]:
    """The section of one command: usage, what it does, options, examples."""
    context = click.Context(command, info_name=path, terminal_width=WIDTH, max_content_width=WIDTH)
    usage = command.get_usage(context).removeprefix("Usage: ")
    yield f"### `{path}`\n\n```\n{re.sub(chr(10) + ' +', ' ', usage)}\n```\n\n"
    yield f"{inspect.cleandoc(command.help or '')}\n\n"
    yield from write_options(context)
    for paragraph in inspect.cleandoc(command.epilog or "").split("\n\n"):
        yield write_paragraph(paragraph)
    if command is chat:
        yield "| In it | |\n|---|---|\n"
        yield from (
            f"| `/{each.name}{f' {each.arguments}' * bool(each.arguments)}` | {each.about} |\n" for each in VERBS
        )
        yield "\n"


def write_options(context: click.Context) -> Iterator[str]:
    """A table of the options, by their groups where a command has some; `--help` is no news."""
    groups: dict[str, list[str]] = {}
    for each in context.command.params:
        record = each.get_help_record(context) if isinstance(each, click.Option) else None
        if record is not None:
            rows = groups.setdefault(getattr(each, "group", "Options"), [])
            rows.append(f"| `{record[0].replace('|', chr(92) + '|')}` | {' '.join(record[1].split())} |\n")
    for heading, rows in groups.items():
        yield f"| {heading} | |\n|---|---|\n{''.join(rows)}\n"


def write_paragraph(paragraph: str) -> str:
    """Of an epilog: examples and other laid-out lines as they stand, all else as text."""
    if not paragraph.startswith("\b\n"):
        return f"{' '.join(paragraph.split())}\n\n" if paragraph.strip() else ""
    lines = paragraph.removeprefix("\b\n")
    heading, _, examples = lines.partition("\n")
    if heading != "Examples:":
        return f"```\n{lines}\n```\n\n"
    return f"```sh\n{inspect.cleandoc(chr(10) + examples)}\n```\n\n"


def write_json_table() -> Iterator[str]:
    """A row for each command that can print JSON."""
    for path, members in JSON.items():
        names, *rest = members.split(";")
        yield f"| `{path}` | {'; '.join([f'`{names}`', *(each.strip() for each in rest)])} |\n"
    yield "\n"


def write_document() -> str:
    """The whole of docs/cli.md."""
    parts = [INTRODUCTION, *write_json_table(), CHIT, "\n"]
    for heading, names in cli.sections.items():
        parts.append(f"## {heading}\n\n")
        for name in names:
            for path, command in list_commands(cli.commands[name], f"chit {name}"):
                parts += write_command(path, command)
    return "".join(parts).rstrip() + "\n"


def main() -> int:
    """0 if the document is current, or is now."""
    text = DOCUMENT.read_text(encoding="utf-8") if DOCUMENT.exists() else ""
    current = write_document()
    if text == current:
        return 0
    if "--check" in sys.argv:
        sys.stderr.write("docs/cli.md is not current: make docs\n")
        return 1
    DOCUMENT.write_text(current, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
