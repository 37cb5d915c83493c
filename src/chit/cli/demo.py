"""`chit demo`: the main job against the sandbox in one go: ask, stream, record, settle. No key, no network, no bill."""

import click


@click.command(
    short_help="Ask the sandbox, and follow what it costs.",
    epilog="""\b
Examples:
  chit demo
  chit demo 'Show me a table'
""",
)
@click.argument("prompt", nargs=-1)
def demo(prompt: tuple[str, ...]) -> int:
    """Ask the built-in sandbox and follow the reply until its cost is settled."""
    import asyncio

    from chit.cli.demonstration import demonstrate
    from chit.cli.terminal import write_out

    text = " ".join(prompt) or "What is a chit, and why would I want one with every reply?"
    write_out("Chit asks the built-in sandbox: no key, no network, nothing is billed.\n\n")
    return asyncio.run(demonstrate(text))
