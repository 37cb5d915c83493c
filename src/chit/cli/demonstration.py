"""The work of `chit demo`."""

import sys
from dataclasses import replace

from chit.app import open_app
from chit.cli.exits import DONE, exit_code, print_error
from chit.cli.receipt import chit_line, receipt
from chit.cli.terminal import neutralise, paint, write_out
from chit.core.events import TextAdded
from chit.core.generation import write_chit
from chit.core.messages import TextPart
from chit.core.secret import Secret
from chit.prefs import load_prefs
from chit.sandbox.account import SANDBOX_KEY
from chit.sandbox.server import Sandbox
from chit.store.ids import short_id

SETTLE_SECONDS = 30.0


async def demonstrate(text: str) -> int:
    """What `chit ask` does, with the sandbox as upstream and a home of its own, so that money never mixes."""
    prefs = load_prefs()
    async with Sandbox() as box:
        prefs = replace(prefs, home=prefs.home / "sandbox", base_url=box.base_url, model=None, parameters={})
        async with open_app(prefs, key=lambda: Secret(SANDBOX_KEY), settling=True) as app:
            asked, answered = (paint(f"{who}\n", "dim", sys.stdout) for who in ("you", "model"))
            write_out(f"{asked}{neutralise(text)}\n\n{answered}")
            running = await app.engine.send([TextPart(text)], origin="cli")
            async for _, event in running.watch():
                if isinstance(event, TextAdded):
                    write_out(neutralise(event.text))
            message = await running.wait()
            generation = running.generation
            if running.error is not None or generation.generation_id is None:
                if running.error is not None:
                    print_error(running.error)
                    return exit_code(running.error)
                return DONE
            write_out("\n\n")
            pending = await app.store.find_generation(message.id) or generation
            write_out(f"{chit_line(write_chit(pending), sys.stdout)}\n")
            write_out(paint("OpenRouter's own record arrives some seconds later…\n\n", "dim", sys.stdout))
            await app.settler.wait_settled(generation.generation_id, SETTLE_SECONDS)
            settled = await app.store.find_generation(message.id) or generation
            write_out(f"{receipt(write_chit(settled))}\n\nKept in {prefs.home}. Show it again:\n")
            write_out(f"  CHIT_HOME={prefs.home} {sys.argv[0]} show {short_id(message.id)}\n")
    return DONE
