"""`chit completion`: what makes a shell complete commands, options, models and ids."""

import click

VARIABLE = "_CHIT_COMPLETE"
"""Set by the shell when it asks: `bash_complete` and so on."""


@click.command(
    epilog="""\b
Examples:
  eval "$(chit completion bash)"                                     # in ~/.bashrc
  eval "$(chit completion zsh)"                                      # in ~/.zshrc, after compinit
  chit completion fish > ~/.config/fish/completions/chit.fish
"""
)
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def completion(shell: str) -> None:
    """Print the script that makes SHELL complete `chit`.

    Commands, options, preferences, model ids of the catalogue as it was last fetched, and the ids of what was last in
    use. The network is never asked. Bash must be 4.4 or later.
    """
    from chit.cli.shells import SHELLS
    from chit.cli.terminal import write_out

    write_out(SHELLS[shell](click.Command("chit"), {}, "chit", VARIABLE).source())


def answer_shell(cli: click.Group, instruction: str) -> int:
    """What a shell asks for, on standard output; the exit code. Nothing is ever told on standard error."""
    from chit.cli.shells import SHELLS
    from chit.cli.suggestions import suggesting
    from chit.cli.terminal import write_out

    shell, _, verb = instruction.partition("_")
    if shell not in SHELLS or verb != "complete":
        return 2
    with suggesting(cli):
        items = SHELLS[shell](cli, {}, "chit", VARIABLE).complete()
    write_out(f"{items}\n" if items else "")
    return 0
