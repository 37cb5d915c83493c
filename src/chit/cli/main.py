"""`chit`: the command line. Network code is imported by the commands that need it, when they run."""

import os
import sys
from collections.abc import Sequence
from typing import NoReturn

import click

from chit.about import MODELS_PAGE, VERSION
from chit.cli.again import continue_, regenerate
from chit.cli.ask import ask
from chit.cli.backup import backup
from chit.cli.balance import balance
from chit.cli.demo import demo
from chit.cli.doctor import doctor
from chit.cli.exits import DONE, PIPE_CLOSED, STOPPED, USAGE, empty_record, exit_code, print_error
from chit.cli.key import key
from chit.cli.login import login
from chit.cli.prefs import prefs
from chit.cli.restore import restore
from chit.cli.sandbox import sandbox
from chit.cli.serve import serve
from chit.cli.settle import settle
from chit.cli.show import show
from chit.cli.token import token
from chit.errors import ChitError, InputError


@click.group(
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog=f"Models: {MODELS_PAGE}. All state is in one folder; CHIT_HOME moves it.",
)
@click.version_option(VERSION, "--version", prog_name="chit", message="%(prog)s %(version)s")
@click.pass_context
def cli(context: click.Context) -> None:
    """Ask any model on OpenRouter and get a receipt with every reply.

    Without a command, Chit opens in your browser.
    """
    if context.invoked_subcommand is None:
        from chit.cli.serving import serve_pages

        serve_pages()


COMMANDS = (
    *(ask, regenerate, continue_, show, settle, balance, serve, token, login, key, prefs),
    *(backup, restore, doctor, demo, sandbox),
)

for command in COMMANDS:
    cli.add_command(command)


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run and exit: 0 done, 2 usage, 3 key, 4 rejected, 5 credits or limits, 6 upstream, 130 stopped, 1 a bug."""
    arguments = sys.argv[1:] if arguments is None else list(arguments)
    _open_missing_streams()
    try:
        code = _run_and_report(arguments)
        sys.stdout.flush()
    except BrokenPipeError:
        _silence()
        code = PIPE_CLOSED
    except ChitError as error:  # while reporting another one: standard output cannot be written
        print_error(error)
        code = exit_code(error)
    sys.exit(code)


def _run_and_report(arguments: Sequence[str]) -> int:
    try:
        return _run(arguments)
    except click.exceptions.NoArgsIsHelpError as error:
        click.echo(error.format_message())
        return USAGE
    except click.ClickException as error:
        hint = f"See: {error.ctx.command_path} --help" if isinstance(error, click.UsageError) and error.ctx else ""
        return _report(InputError(_hide_keys(error.format_message()), hint=hint), arguments)
    except (click.Abort, KeyboardInterrupt):
        _print_record(ChitError("stopped by Ctrl-C", kind="stopped"), arguments)
        return STOPPED
    except ChitError as error:
        return _report(error, arguments)
    except BrokenPipeError:
        raise
    except Exception as error:
        sys.excepthook(type(error), error, error.__traceback__)  # it hides keys, once one was met
        hint = "What was received is kept; see `chit show`."
        return _report(ChitError("this is a bug in Chit, sorry", hint=hint, kind="bug"), arguments)


def _run(arguments: Sequence[str]) -> int:
    """Not `cli.main`, which would make a closed pipe exit with 1."""
    try:
        with cli.make_context("chit", list(arguments)) as context:
            result = cli.invoke(context)
    except click.exceptions.Exit as done:
        return done.exit_code
    return result if isinstance(result, int) else DONE


def _open_missing_streams() -> None:
    """A caller may have closed them (`<&-`): no file of ours must take their place, and None cannot be written to."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, mode, encoding="utf-8"))  # noqa: SIM115 (for as long as we run)


def _report(error: ChitError, arguments: Sequence[str]) -> int:
    """One line for a person; with `--json` the object as well, for a program."""
    print_error(error)
    _print_record(error, arguments)
    return exit_code(error)


def _print_record(error: ChitError, arguments: Sequence[str]) -> None:
    if "--json" in arguments:
        from chit.cli.terminal import write_json

        write_json(empty_record(error))


def _hide_keys(text: str) -> str:
    """Of a command line that cannot be used; what it should not have held is not repeated into logs."""
    if "sk-or-" not in text:
        return text
    from chit.core.scrub import Scrubber

    return Scrubber(()).scrub(text)


def _silence() -> None:
    from chit.cli.terminal import silence

    silence(sys.stdout)
    silence(sys.stderr)
