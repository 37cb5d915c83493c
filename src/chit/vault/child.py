"""A process of ours that does one thing: a request over a pipe, an answer over another, nothing of the environment."""

import asyncio
import os
from collections.abc import Sequence
from contextlib import suppress


async def ask_child(command: Sequence[str], request: bytes, seconds: float) -> bytes:
    """What the process answers; it does not outlive this call. Raises `OSError` or `TimeoutError`."""
    process = await asyncio.create_subprocess_exec(
        *command,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        env=build_environment(),
        cwd="/",
    )
    try:
        async with asyncio.timeout(seconds):
            answer, _ = await process.communicate(request)
    finally:
        with suppress(ProcessLookupError):  # it has ended, as it should
            process.kill()
        await process.wait()
    return answer


def build_environment() -> dict[str, str]:
    """The little that a child of ours needs; nothing else is passed on."""
    return {name: os.environ[name] for name in ("PATH", "LANG", "LC_ALL", "TMPDIR") if name in os.environ}
