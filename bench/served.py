"""`chit serve` in a process of its own, and what it costs: CPU time of all its threads, and memory. For Linux."""

import asyncio
import os
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from bench.measure import CANARY, ROOT, BenchmarkBroken, child_environment, script

_PATIENCE = 30.0
_TICK = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """A server that runs."""

    pid: int
    address: str
    """With a code: it signs in one browser."""

    @property
    def cpu(self) -> float:
        """Seconds so far, user and system."""
        fields = Path(f"/proc/{self.pid}/stat").read_text("ascii").rpartition(") ")[2].split()
        return (int(fields[11]) + int(fields[12])) / _TICK

    @property
    def memory(self) -> int:
        """Bytes that are resident now."""
        for line in Path(f"/proc/{self.pid}/status").read_text("ascii").splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) * 1024
        raise BenchmarkBroken("the server is gone")


@asynccontextmanager
async def serving_pages(home: Path, base_url: str) -> AsyncIterator[Served]:
    """Serve that home until the context ends. Raises `BenchmarkBroken`."""
    settings = child_environment(
        CHIT_HOME=str(home),
        CHIT_BASE_URL=base_url,
        OPENROUTER_API_KEY=CANARY,
        PYTHON_KEYRING_BACKEND="keyring.backends.null.Keyring",
    )
    process = await asyncio.create_subprocess_exec(
        script("chit"), "serve", "--no-browser", "--port", "0", stdout=PIPE, env=settings, cwd=ROOT
    )
    try:
        yield Served(pid=process.pid, address=await _read_address(process))
    finally:
        with suppress(ProcessLookupError):
            process.terminate()
        await process.communicate()


async def _read_address(process: asyncio.subprocess.Process) -> str:
    assert process.stdout is not None  # noqa: S101 - it is a pipe
    with suppress(TimeoutError):
        async with asyncio.timeout(_PATIENCE):
            while line := (await process.stdout.readline()).decode():
                if "#code=" in line:
                    return line.strip()
    raise BenchmarkBroken("`chit serve` printed no address")
