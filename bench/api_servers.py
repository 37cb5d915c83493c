"""The servers that are compared, each in a process of its own on loopback: where it answers, what it costs. Linux."""

import asyncio
import json
import secrets
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Literal

from bench.api_load import run_load
from bench.measure import CANARY, ROOT, BenchmarkBroken, child_environment, script
from bench.served import Served

NAMES = {
    "direct": "upstream, directly",
    "relay": "bare aiohttp relay",
    "fresh": "the same, a connection a call",
    "chit": "Chit, recording",
    "litellm": "LiteLLM proxy",
}
PEER = ROOT / ".bench-api" / "bin" / "litellm"
_PATIENCE = 120.0
_NOWHERE = "http://127.0.0.1:9"
"""A proxy that nobody runs: what is not loopback is not reached."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """One that runs and has answered."""

    name: str
    pid: int
    address: str
    """Before `/chat/completions`."""
    token: str
    started_in: float
    """Seconds from its process to its first answer."""

    def read_times(self) -> dict[str, int]:
        """Nanoseconds so far, user and system, of each of its threads."""
        times = {}
        for thread in Path(f"/proc/{self.pid}/task").iterdir():
            with suppress(OSError):  # it has just ended
                times[thread.name] = int((thread / "schedstat").read_text("ascii").split()[0])
        return times

    @property
    def memory(self) -> int:
        """Bytes that are resident now."""
        return Served(pid=self.pid, address=self.address).memory


def sum_spent(before: dict[str, int], after: dict[str, int]) -> float:
    """Seconds between two readings; threads that ended in between are not counted."""
    return sum(spent - before.get(thread, 0) for thread, spent in after.items()) / 1e9


@contextmanager
def serving_upstream() -> Iterator[Server]:
    """The upstream, asked directly."""
    with _running([sys.executable, "-m", "bench.api_upstream"], child_environment()) as begun:
        yield _await_answer("direct", begun, begun.read_line, CANARY)


@contextmanager
def serving_relay(upstream: str, name: Literal["relay", "fresh"] = "relay") -> Iterator[Server]:
    """The bare relay; `fresh` opens a connection for each call."""
    with _running([sys.executable, "-m", "bench.api_relay", upstream, name], child_environment()) as begun:
        yield _await_answer(name, begun, lambda: f"{begun.read_line()}/v1", CANARY)


@contextmanager
def serving_chit(upstream: str, home: Path, token: str, *, settles: bool = False) -> Iterator[Server]:
    """`chit serve` of that home, in which `make_token` has made the token."""
    settings = child_environment(
        CHIT_HOME=str(home),
        CHIT_BASE_URL=upstream,
        CHIT_SETTLE="background" if settles else "manual",
        OPENROUTER_API_KEY=CANARY,
        PYTHON_KEYRING_BACKEND="keyring.backends.null.Keyring",
    )

    def find() -> str:
        line = begun.read_line()
        return f"{next(word for word in line.split() if word.startswith('http'))}/v1"

    with _running([script("chit"), "serve", "--no-browser", "--port", "0"], settings) as begun:
        yield _await_answer("chit", begun, find, token)


@contextmanager
def serving_litellm(upstream: str, folder: Path) -> Iterator[Server]:
    """LiteLLM's proxy as a person would run it here: one worker, one model, a master key, no database."""
    if not PEER.exists():
        raise BenchmarkBroken(f"{PEER} is missing: run `make bench-api`, which installs it")
    token, port = f"sk-{secrets.token_hex(16)}", _find_port()
    config = folder / "litellm.yaml"
    model = {"model": "openai/bench/steady", "api_base": upstream, "api_key": CANARY}
    settings = {
        "model_list": [{"model_name": "bench/steady", "litellm_params": model}],
        "litellm_settings": {"telemetry": False, "num_retries": 0, "request_timeout": 600},
        "general_settings": {"master_key": token},
    }
    config.write_text(json.dumps(settings), encoding="utf-8")  # JSON is YAML
    environment = child_environment(
        LITELLM_LOCAL_MODEL_COST_MAP="True",
        LITELLM_TELEMETRY="False",
        LITELLM_LOG="ERROR",
        DO_NOT_TRACK="1",
        HOME=str(folder),
        HTTP_PROXY=_NOWHERE,
        HTTPS_PROXY=_NOWHERE,
        NO_PROXY="127.0.0.1,localhost",
    )
    command = [str(PEER), "--config", str(config), "--host", "127.0.0.1", "--port", str(port), "--num_workers", "1"]
    with (folder / "litellm.log").open("w") as log, _running(command, environment, log) as begun:
        yield _await_answer("litellm", begun, lambda: f"http://127.0.0.1:{port}/v1", token)


def make_token(home: Path) -> str:
    """A local token without limits, in a home that is made where there is none."""
    from chit.core.local_token import LocalToken, hash_token, write_token
    from chit.store.sqlite import open_store

    token = write_token(secrets.token_bytes(32))

    async def record() -> None:
        store = open_store(home)
        try:
            await store.record_token(LocalToken(hash=hash_token(token), name="bench", created_at=time.time()))
        finally:
            await store.close()

    asyncio.run(record())
    return token


@dataclass(frozen=True, slots=True)
class _Begun:
    process: subprocess.Popen[str]
    at: float

    def read_line(self) -> str:
        """The next one that it prints."""
        line = self.process.stdout.readline().strip() if self.process.stdout else ""
        if not line:
            raise BenchmarkBroken("the server did not start")
        return line


@contextmanager
def _running(command: Sequence[str], environment: dict[str, str], log: IO[str] | None = None) -> Iterator[_Begun]:
    """What it prints goes into `log`, else it can be read."""
    at = time.monotonic()
    process = subprocess.Popen(  # noqa: S603 - our own commands
        command,
        stdin=subprocess.DEVNULL,
        stdout=log or subprocess.PIPE,
        stderr=log,
        env=environment,
        cwd=ROOT,
        text=True,
    )
    try:
        yield _Begun(process, at)
    finally:
        process.terminate()
        with suppress(subprocess.TimeoutExpired):
            process.wait(10)
        process.kill()
        process.communicate()


def _await_answer(name: str, begun: "_Begun", find: Callable[[], str], token: str) -> Server:
    """Ask until there is an answer; from here on nothing of its output is wanted."""
    address = find()
    last: Exception | None = None
    while begun.process.poll() is None and time.monotonic() - begun.at < _PATIENCE:
        try:
            asyncio.run(run_load(address, token, callers=1, calls=1, events=0, first=0))
        except (OSError, BenchmarkBroken) as error:
            last = error
            time.sleep(0.02)
            continue
        seconds = time.monotonic() - begun.at
        return Server(name=name, pid=begun.process.pid, address=address, token=token, started_in=seconds)
    raise BenchmarkBroken(f"{NAMES[name]} did not begin to answer: {last}")


def _find_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
