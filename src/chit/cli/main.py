"""`chit`: the command line. Network code is imported by the commands that need it, when they run."""

import os
import sys
from collections.abc import Sequence
from typing import NoReturn

import click

from chit.about import MODELS_PAGE, VERSION
from chit.cli.ask import ask
from chit.cli.demo import demo
from chit.cli.exits import BUG, PIPE_CLOSED, STOPPED, USAGE, empty_record, exit_code, print_error
from chit.cli.sandbox import sandbox
from chit.cli.settle import settle
from chit.cli.show import show
from chit.errors import ChitError, InputError


@click.group(
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog=f"Models: {MODELS_PAGE}. All state is in one folder; CHIT_HOME moves it.",
)
@click.version_option(VERSION, "--version", prog_name="chit", message="%(prog)s %(version)s")
def cli() -> None:
    """Ask any model on OpenRouter and get a receipt with every reply."""


for command in (ask, show, settle, demo, sandbox):
    cli.add_command(command)


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run and exit: 0 done, 2 usage, 3 key, 4 rejected, 5 credits or limits, 6 upstream, 130 stopped, 1 a bug."""
    arguments = sys.argv[1:] if arguments is None else list(arguments)
    try:
        result = cli.main(arguments, prog_name="chit", standalone_mode=False)
        code = result if isinstance(result, int) else 0
        sys.stdout.flush()
    except click.exceptions.NoArgsIsHelpError as error:
        click.echo(error.format_message())
        code = USAGE
    except click.ClickException as error:
        hint = f"See: {error.ctx.command_path} --help" if isinstance(error, click.UsageError) and error.ctx else ""
        code = _report(InputError(error.format_message(), hint=hint), arguments)
    except (click.Abort, KeyboardInterrupt):
        code = STOPPED
    except ChitError as error:
        code = _report(error, arguments)
    except BrokenPipeError:
        _silence_stdout()
        code = PIPE_CLOSED
    except Exception:
        import traceback

        traceback.print_exc()
        sys.stderr.write("chit: this is a bug in Chit, sorry. What was received is kept; see `chit show`.\n")
        code = BUG
    sys.exit(code)


def _report(error: ChitError, arguments: Sequence[str]) -> int:
    """One line for a person; with `--json` the object as well, for a program."""
    print_error(error)
    if "--json" in arguments:
        from chit.core.jsontext import encode_json

        sys.stdout.write(encode_json(empty_record(error)).decode() + "\n")
    return exit_code(error)


def _silence_stdout() -> None:
    """The reader went away: keep the interpreter from failing again when it flushes at exit."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
