"""`chit sandbox`: an OpenRouter in a box, for trying and developing offline."""

from pathlib import Path

import click

from chit.errors import InputError


@click.command(
    short_help="Run an OpenRouter in a box on this machine.",
    epilog="""\b
Examples:
  chit sandbox
  chit sandbox --port 0 --pace 0
  chit sandbox --mishaps 0.2 --seed 7
""",
)
@click.option("--port", type=click.IntRange(0, 65535), default=8787, show_default=True, help="0 picks a free one.")
@click.option(
    "--recordings",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Answer requests that this JSONL file of recorded exchanges knows with the recorded bytes.",
)
@click.option("--seed", type=int, default=0, show_default=True, help="Ids, timing and cuts repeat for the same seed.")
@click.option(
    "--pace", type=click.FloatRange(0), default=1.0, show_default=True, help="Multiplies every delay; 0 is none."
)
@click.option(
    "--settle-after",
    type=click.FloatRange(0),
    default=2.5,
    show_default=True,
    metavar="SECONDS",
    help="How long /generation answers 404 after a reply.",
)
@click.option(
    "--mishaps",
    type=click.FloatRange(0, 1),
    metavar="SHARE",
    help="Let this share of the completions go wrong, by the seed: refusals, cuts, resets, late records, and so on.",
)
def sandbox(
    port: int, recordings: Path | None, seed: int, pace: float, settle_after: float, mishaps: float | None
) -> None:
    """Run a stand-in for OpenRouter on this machine until Ctrl-C. Nothing is billed; any sk-or-… key is accepted.

    Model ids that begin with sandbox/ show special behaviour: sandbox/reasoning, sandbox/tools, sandbox/cut,
    sandbox/error-data-policy and many more; GET /sandbox/account lists its settings.
    """
    import asyncio
    import signal

    from chit.cli.terminal import write_out
    from chit.sandbox.account import SANDBOX_KEY
    from chit.sandbox.mishaps import Schedule
    from chit.sandbox.server import Sandbox

    schedule = None if mishaps is None else Schedule(seed, share=mishaps)

    async def run() -> None:
        try:
            box = Sandbox(recordings=recordings, seed=seed, pace=pace, settle_after=settle_after, schedule=schedule)
        except (OSError, ValueError, LookupError, TypeError, AttributeError) as error:
            raise InputError(
                f"{recordings} is no file of recorded exchanges: {error}",
                hint='Each line is one JSON object: {"request": …, "response": …}.',
            ) from error
        try:
            base_url = await box.start(port=port)
        except OSError as error:
            raise InputError(
                f"port {port} cannot be used: {error.strerror}", hint="Choose another with --port."
            ) from error
        ended = asyncio.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, ended.set)
        write_out(
            f"The sandbox listens at {base_url} (nothing is billed; Ctrl-C ends it). In another terminal:\n\n"
            f"  export CHIT_BASE_URL={base_url}\n  export OPENROUTER_API_KEY={SANDBOX_KEY}\n  chit ask 'Hello'\n\n"
        )
        try:
            await ended.wait()
        finally:
            await box.close()

    asyncio.run(run())
