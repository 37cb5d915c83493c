"""`chit demo`: the main job against the sandbox in one go: ask, stream, record, settle. No key, no network, no bill."""

import sys

import click


@click.command()
@click.argument("prompt", nargs=-1)
def demo(prompt: tuple[str, ...]) -> int:
    """Ask the built-in sandbox and follow the reply until its cost is settled."""
    import asyncio

    from chit.cli.demonstration import demonstrate

    text = " ".join(prompt) or "What is a chit, and why would I want one with every reply?"
    sys.stdout.write("Chit asks the built-in sandbox: no key, no network, nothing is billed.\n\n")
    sys.stdout.flush()
    return asyncio.run(demonstrate(text))
