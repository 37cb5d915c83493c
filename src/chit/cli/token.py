"""`chit token`: who may call the local API, and for how much."""

import click

from chit.cli.options import as_json

_EXAMPLE = "chit token create editor --budget 5/day --model 'openai/*' --model anthropic/claude-sonnet-4.5"
_budget = click.option(
    "--budget",
    "budgets",
    multiple=True,
    metavar="AMOUNT/PERIOD",
    help="Dollars that it may spend: 5/day, 50/month, 200/total. May be given once for each; none/day lifts one.",
)
_model = click.option(
    "--model",
    "models",
    multiple=True,
    metavar="ID",
    help="A model that it may ask, may be repeated: openai/gpt-5-mini, 'openai/*'. Default: all.",
)


@click.group(epilog=f"Example:  {_EXAMPLE}. How to set programs up: docs/local-api.md")
def token() -> None:
    """Let programs call the local API under /v1, each with a token and a budget of its own."""


@token.command()
@click.argument("name", metavar="NAME")
@_budget
@_model
@click.option("--private", is_flag=True, help="Keep nothing of what is said, only what it costs.")
def create(name: str, budgets: tuple[str, ...], models: tuple[str, ...], private: bool) -> None:
    """Make a token and print it, this once.

    It goes to standard output alone, so that it can be piped.
    """
    from chit.cli.token_work import create_token

    create_token(name, budgets=budgets, models=models, private=private)


@token.command(name="list")
@click.option("--all", "everything", is_flag=True, help="Revoked ones, too.")
@as_json
def list_tokens(everything: bool, as_json: bool) -> None:
    """Show the tokens, what each may do and what it has spent."""
    from chit.cli.token_work import show_tokens

    show_tokens(everything=everything, as_json=as_json)


@token.command()
@click.argument("name", metavar="NAME")
def revoke(name: str) -> None:
    """End a token for good: within a second nothing is answered to it, and what runs is broken off."""
    from chit.cli.token_work import revoke_token

    revoke_token(name)


@token.command(name="set")
@click.argument("name", metavar="NAME")
@_budget
@_model
@click.option("--all-models", is_flag=True, help="Any model, instead of those listed before.")
@click.option("--private/--not-private", default=None, help="Whether what is said from now on is kept.")
def set_terms(
    name: str, budgets: tuple[str, ...], models: tuple[str, ...], all_models: bool, private: bool | None
) -> None:
    """Change what a token may do; what is not named stays. --model puts a new list in the place of the old one."""
    from chit.cli.token_work import change_token

    change_token(name, budgets=budgets, models=models, all_models=all_models, private=private)
